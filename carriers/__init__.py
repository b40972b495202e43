"""What parcel carriers say, in nine statuses. Usable as a library: `from carriers import parse`.

Built-in carriers are written out here by hand; others are found by the entry-point group `nove.carriers`.
"""

from difflib import get_close_matches
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import NamedTuple

from carriers.aftership import AfterShip
from carriers.amazon_shipping import AmazonShipping
from carriers.aramex import Aramex
from carriers.australia_post import AustraliaPost
from carriers.austrian_post import AustrianPost
from carriers.base import Carrier, CarrierError, UnreadablePayload
from carriers.bpost import Bpost
from carriers.bring import Bring
from carriers.brt import Brt
from carriers.cainiao import Cainiao
from carriers.canada_post import CanadaPost
from carriers.check_digits import Likeness
from carriers.chronopost import Chronopost
from carriers.correos import Correos
from carriers.correos_express import CorreosExpress
from carriers.ctt_express import CttExpress
from carriers.dhl_express import DhlExpress
from carriers.dhl_parcel_de import DhlParcelDe
from carriers.dhl_parcel_iberia import DhlParcelIberia
from carriers.dhl_unified import DhlUnified
from carriers.dpd import Dpd
from carriers.dpd_poland import DpdPoland
from carriers.easypost import EasyPost
from carriers.edifact_iftsta import EdifactIftsta
from carriers.event import Eta, Parcel, Place, TrackingEvent
from carriers.evri import Evri
from carriers.fedex import Fedex
from carriers.fourpx import FourPx
from carriers.gls_group import GlsGroup
from carriers.gls_it import GlsItaly
from carriers.gls_spain import GlsSpain
from carriers.gs1_epcis import Gs1Epcis
from carriers.hermes_de import HermesGermany
from carriers.inpost import InPost
from carriers.japan_post_s10 import JapanPost
from carriers.la_poste_colissimo import LaPosteColissimo
from carriers.lasership import LaserShip
from carriers.mondial_relay import MondialRelay
from carriers.mrw import Mrw
from carriers.nacex import Nacex
from carriers.ontrac import OnTrac
from carriers.own import Own
from carriers.paack import Paack
from carriers.packeta import Packeta
from carriers.poste_italiane import PosteItaliane
from carriers.postnl import PostNl
from carriers.postnord import PostNord
from carriers.purolator import Purolator
from carriers.royal_mail import RoyalMail
from carriers.sandbox import Sandbox
from carriers.seur import Seur
from carriers.seventeen_track import SeventeenTrack
from carriers.sf_express import SfExpress
from carriers.ship24 import Ship24
from carriers.spring_gds import SpringGds
from carriers.swiss_post import SwissPost
from carriers.tnt import Tnt
from carriers.ups import Ups
from carriers.upu_emsevt import UpuEmsevt
from carriers.usps import Usps
from carriers.vocabulary import Status, SubStatus
from carriers.x12_214 import X12Status
from carriers.yodel import Yodel
from carriers.yunexpress import YunExpress

BUILT_IN: tuple[type[Carrier], ...] = (
    Sandbox,
    Ups,
    PosteItaliane,
    GlsItaly,
    DhlUnified,
    DhlExpress,
    InPost,
    AmazonShipping,
    Fedex,
    Tnt,
    Brt,
    LaPosteColissimo,
    Chronopost,
    DhlParcelDe,
    Dpd,
    GlsGroup,
    Usps,
    MondialRelay,
    CanadaPost,
    Correos,
    Packeta,
    UpuEmsevt,
    JapanPost,
    PostNl,
    RoyalMail,
    PostNord,
    Bpost,
    Purolator,
    Gs1Epcis,
    GlsSpain,
    AustraliaPost,
    Seur,
    Bring,
    Aramex,
    HermesGermany,
    EdifactIftsta,
    Evri,
    X12Status,
    SpringGds,
    SfExpress,
    CttExpress,
    DpdPoland,
    AustrianPost,
    DhlParcelIberia,
    Yodel,
    SwissPost,
    Paack,
    CorreosExpress,
    FourPx,
    Mrw,
    OnTrac,
    Cainiao,
    Nacex,
    YunExpress,
    AfterShip,
    EasyPost,
    SeventeenTrack,
    Ship24,
    LaserShip,
    Own,
)
"""In the order in which `candidates` names those that are alike: whose numbers tell most come first."""


class UnknownCarrier(LookupError):
    """No carrier has this slug."""


@cache
def carriers() -> MappingProxyType[str, Carrier]:
    """Every carrier by slug: the built-in ones, then those of installed packages; a slug is taken once."""
    known: dict[str, Carrier] = {kind.slug: kind() for kind in BUILT_IN}
    for entry in entry_points(group="nove.carriers"):
        plugged = entry.load()()
        if not isinstance(plugged, Carrier):
            raise TypeError(f"entry point {entry.name} = {entry.value} of nove.carriers is no subclass of Carrier")
        if (taken := known.get(plugged.slug)) is not None:
            raise TypeError(
                f"entry point {entry.name} = {entry.value} of nove.carriers: "
                f"the slug {plugged.slug!r} is taken by {type(taken).__module__}.{type(taken).__qualname__}"
            )
        known[plugged.slug] = plugged
    return MappingProxyType(known)


def carrier(slug: str) -> Carrier:
    """The carrier of a slug; UnknownCarrier names those that are called nearly so."""
    try:
        return carriers()[slug]
    except KeyError:
        near = ", ".join(get_close_matches(slug[:40], carriers()))
        perhaps = f", perhaps {near}" if near else ""
        raise UnknownCarrier(f"no carrier {slug[:40]!r}{perhaps}: `nove carriers` lists them") from None


@cache
def aggregators() -> frozenset[str]:
    """The slugs of those that tell of other carriers' parcels."""
    return frozenset(slug for slug, each in carriers().items() if each.couriers)


def told_by(slug: str, within: str) -> str:
    """The slug of whoever told an event of a carrier's parcel: an aggregator, whose lists begin with its own, or it."""
    teller = within.partition(" ")[0]
    return teller if teller in aggregators() else slug


def parse(slug: str, body: bytes) -> list[Parcel]:
    """The parcels in a carrier's raw answer or push, each with its events; raises UnreadablePayload, UnknownCarrier."""
    return carrier(slug).parse(body)


class Candidate(NamedTuple):
    """A carrier whose number it may be, and why."""

    carrier: Carrier
    likeness: Likeness

    @property
    def possible(self) -> bool:
        """Whether it may be the carrier's number: not if the check digit speaks against it."""
        return self.likeness.check_digit is not False


def candidates(number: str) -> list[Candidate]:
    """The carriers whose numbers look like this one: those whose check digit fits first, those where it does not last.

    A number alone does not tell its carrier for certain: different carriers print the same forms.
    """
    found = [Candidate(each, likeness) for each in carriers().values() if (likeness := each.likeness(number))]
    return sorted(found, key=lambda candidate: _ORDER[candidate.likeness.check_digit])


_ORDER = {True: 0, None: 1, False: 2}


def detect(number: str) -> list[Carrier]:
    """The carriers of `candidates`, the likeliest first."""
    return [candidate.carrier for candidate in candidates(number)]


__all__ = [
    "BUILT_IN",
    "Candidate",
    "Carrier",
    "CarrierError",
    "Eta",
    "Likeness",
    "Parcel",
    "Place",
    "Status",
    "SubStatus",
    "TrackingEvent",
    "UnknownCarrier",
    "UnreadablePayload",
    "aggregators",
    "candidates",
    "carrier",
    "carriers",
    "detect",
    "parse",
    "told_by",
]
