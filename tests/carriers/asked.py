"""Every carrier that is asked: its stand-in, and what the tests of them all need to know."""

from dataclasses import dataclass

from app.demo.stand_ins.aftership import AfterShipStandIn
from app.demo.stand_ins.amazon_shipping import AmazonShippingStandIn
from app.demo.stand_ins.aramex import AramexStandIn
from app.demo.stand_ins.australia_post import AustraliaPostStandIn
from app.demo.stand_ins.base import StandIn
from app.demo.stand_ins.bpost import BpostStandIn
from app.demo.stand_ins.bring import BringStandIn
from app.demo.stand_ins.brt import BrtStandIn
from app.demo.stand_ins.canada_post import CanadaPostStandIn
from app.demo.stand_ins.chronopost import ChronopostStandIn
from app.demo.stand_ins.correos_express import CorreosExpressStandIn
from app.demo.stand_ins.ctt_express import CttExpressStandIn
from app.demo.stand_ins.dhl_express import DhlExpressStandIn
from app.demo.stand_ins.dhl_parcel_de import DhlParcelDeStandIn
from app.demo.stand_ins.dhl_parcel_iberia import DhlParcelIberiaStandIn
from app.demo.stand_ins.dhl_unified import DhlUnified
from app.demo.stand_ins.dpd import DpdStandIn
from app.demo.stand_ins.dpd_poland import DpdPolandStandIn
from app.demo.stand_ins.easypost import EasyPostStandIn
from app.demo.stand_ins.fedex import FedexStandIn
from app.demo.stand_ins.gls_group import GlsGroupStandIn
from app.demo.stand_ins.gls_it import GlsItalyStandIn
from app.demo.stand_ins.gls_spain import GlsSpainStandIn
from app.demo.stand_ins.hermes_de import HermesStandIn
from app.demo.stand_ins.inpost import InPostStandIn
from app.demo.stand_ins.la_poste_colissimo import LaPosteStandIn
from app.demo.stand_ins.mondial_relay import MondialRelayStandIn
from app.demo.stand_ins.mrw import MrwStandIn
from app.demo.stand_ins.nacex import NacexStandIn
from app.demo.stand_ins.ontrac import OnTracStandIn
from app.demo.stand_ins.packeta import PacketaStandIn
from app.demo.stand_ins.poste_italiane import PosteItaliane
from app.demo.stand_ins.postnl import PostNlStandIn
from app.demo.stand_ins.postnord import PostNordStandIn
from app.demo.stand_ins.purolator import PurolatorStandIn
from app.demo.stand_ins.royal_mail import RoyalMailStandIn
from app.demo.stand_ins.seur import SeurStandIn
from app.demo.stand_ins.seventeen_track import SeventeenTrackStandIn
from app.demo.stand_ins.sf_express import SfExpressStandIn
from app.demo.stand_ins.ship24 import Ship24StandIn
from app.demo.stand_ins.spring_gds import SpringStandIn
from app.demo.stand_ins.tnt import TntStandIn
from app.demo.stand_ins.ups import UpsStandIn
from app.demo.stand_ins.usps import UspsStandIn


@dataclass(frozen=True, slots=True)
class Asked:
    """A carrier's stand-in, a number of its form, and the credential that it refuses when wrong, if there is one."""

    kind: type[StandIn]
    number: str
    secret: str


ASKED = [
    Asked(BrtStandIn, "084010123456789", "password"),
    Asked(DhlUnified, "JJD000390007882823", "api_key"),
    Asked(FedexStandIn, "449044304137821", "secret_key"),
    Asked(GlsItalyStandIn, "M1620873111", "contract"),
    Asked(PosteItaliane, "1UW1KGM430573", "secret_id"),
    Asked(UpsStandIn, "1Z999AA10123456784", "client_secret"),
    Asked(DhlExpressStandIn, "1234567891", "api_secret"),
    Asked(LaPosteStandIn, "6A00000000001", "okapi_key"),
    Asked(ChronopostStandIn, "XX000000001FR", ""),
    Asked(InPostStandIn, "620000000000001234567890", "client_secret"),
    Asked(DhlParcelDeStandIn, "00340434161094000001", "password"),
    Asked(TntStandIn, "GE123456782IT", "password"),
    Asked(DpdStandIn, "01234567890123", "password"),
    Asked(AmazonShippingStandIn, "A1000000017", "client_secret"),
    Asked(GlsGroupStandIn, "500000000012", "client_secret"),
    Asked(UspsStandIn, "9400109104250532908587", "client_secret"),
    Asked(MondialRelayStandIn, "31230001", "private_key"),
    Asked(CanadaPostStandIn, "7023210039414604", "password"),
    Asked(PacketaStandIn, "Z1234567890", "api_password"),
    Asked(PostNlStandIn, "3SABCD000000001", "api_key"),
    Asked(RoyalMailStandIn, "FQ087430672GB", "client_secret"),
    Asked(PostNordStandIn, "00370000000000000017", "api_key"),
    Asked(BpostStandIn, "323200000000000000000001", "passphrase"),
    Asked(PurolatorStandIn, "320595463938", "password"),
    Asked(GlsSpainStandIn, "61000000000001", ""),
    Asked(AustraliaPostStandIn, "RR123456785AU", "password"),
    Asked(SeurStandIn, "F1000001", "client_secret"),
    Asked(BringStandIn, "370000000000000000", "api_key"),
    Asked(AramexStandIn, "30000000001", "password"),
    Asked(HermesStandIn, "H0000000000000000001", "password"),
    Asked(SpringStandIn, "LX000000017NL", "api_key"),
    Asked(SfExpressStandIn, "SF1000000000001", "check_word"),
    Asked(CttExpressStandIn, "0000020000000000000001", "password"),
    Asked(DpdPolandStandIn, "0000000000001U", "password"),
    Asked(DhlParcelIberiaStandIn, "0870000001", "password"),
    Asked(CorreosExpressStandIn, "9930000000000001", "password"),
    Asked(MrwStandIn, "020000000001", "password"),
    Asked(OnTracStandIn, "D10010000000011", "password"),
    Asked(NacexStandIn, "2800/00000001", "password"),
    Asked(AfterShipStandIn, "1Z999AA10123456784", "api_key"),
    Asked(EasyPostStandIn, "EZ4000000004", "api_key"),
    Asked(SeventeenTrackStandIn, "RB123456785GB", "api_key"),
    Asked(Ship24StandIn, "S24DEMO456393", "api_key"),
]
