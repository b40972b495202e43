"""The number of a sender's reference, asked of BRT and GLS Italy over real HTTP: found, unknown, several, refused."""

import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from httpx import AsyncClient, MockTransport, Request, Response

from app.demo.journeys import Happened, Step
from app.demo.serving import serving
from app.demo.stand_ins.base import Fault, StandIn
from app.demo.stand_ins.brt import BrtStandIn
from app.demo.stand_ins.gls_it import GlsItalyStandIn
from carriers import carriers
from carriers.asking import TokenKeeper, resolve
from carriers.base import (
    Account,
    AmbiguousReference,
    CarrierError,
    CarrierUnavailable,
    CredentialsRefused,
    RateLimited,
    RequestRefused,
    TrackingNumber,
    UnreadablePayload,
)

SHIPPED = datetime(2026, 3, 2, 9, tzinfo=UTC)
RMA, RMN = (f"/web/GetIdSpedizioneBy{kind}Service/GetIdSpedizioneBy{kind}" for kind in ("RMA", "RMN"))
SCRIPT = "/XML/get_xml_track.php"
ONE, TWO = "084010123456", "084010123457"


@dataclass
class Desk:
    """A carrier on loopback, and the way to ask it for a number."""

    stand_in: StandIn
    base_url: str
    http: AsyncClient

    async def resolve(self, reference: str, **credentials: str) -> str:
        """The number of a reference, asked with these credentials in place of the stand-in's."""
        carrier = carriers()[self.stand_in.slug]
        given = carrier.credentials(**{**self.stand_in.credentials, **credentials})
        account = Account(given, base_url=self.base_url)
        return await resolve(carrier, self.http, account, reference, tokens=TokenKeeper())


@asynccontextmanager
async def desk_of(stand_in: StandIn) -> AsyncIterator[Desk]:
    """A desk at a stand-in."""
    async with serving(stand_in.app()) as base_url, AsyncClient(verify=False, trust_env=False, timeout=5) as http:
        yield Desk(stand_in, base_url, http)


@pytest.fixture
async def brt() -> AsyncIterator[Desk]:
    """BRT."""
    async with desk_of(BrtStandIn(lambda _number: None)) as desk:
        yield desk


@pytest.fixture
async def gls() -> AsyncIterator[Desk]:
    """GLS Italy; its parcels left on the second of March."""
    async with desk_of(GlsItalyStandIn(lambda _number: [Happened(Step.REGISTERED, SHIPPED, "Milano")])) as desk:
        yield desk


def test_only_these_carriers_find_numbers() -> None:
    """The others have no documented way."""
    assert [slug for slug, each in carriers().items() if each.resolves] == ["gls_it", "brt", "postnl"]


async def test_a_carrier_without_a_way_says_so() -> None:
    """Whoever asks all the same is told."""
    async with AsyncClient(verify=False) as http:
        own = carriers()["own"]
        with pytest.raises(RequestRefused, match="Own carrier finds no parcel by the sender's reference"):
            await own.resolve(http, Account(own.credentials()), "A-1")


@pytest.mark.parametrize(("reference", "asked"), [("20260017", [RMA, RMN]), ("ORD<17>&", [RMA]), ("000", [RMA])])
async def test_brt_is_asked_for_digits_by_both_references_and_for_others_by_the_alphabetic(
    brt: Desk, reference: str, asked: Sequence[str]
) -> None:
    """Both lists are searched where the reference can stand in both; what is not known has no number."""
    unknown = await brt.resolve(reference)
    brt.stand_in.references[reference] = (ONE,)
    found = await brt.resolve(reference)

    assert (unknown, found) == ("", "" if reference == "000" else ONE)
    assert brt.stand_in.requests == [f"POST {path}" for path in asked] * 2


async def test_what_brt_is_sent_is_what_its_description_names() -> None:
    """The customer and the reference in one `arg0`; a number without leading zeros."""
    sent = []

    def answer(request: Request) -> Response:
        sent.append(re.findall(r"<(?!/)(?:brt:)?(\w+)(?: xmlns[^>]*)?>([^<\s]+)<", request.content.decode()))
        return Response(200, content=b"<return><ESITO>-11</ESITO></return>")

    brt = carriers()["brt"]
    async with AsyncClient(transport=MockTransport(answer)) as http:
        account = Account(brt.credentials(**BrtStandIn.credentials))
        assert await brt.resolve(http, account, "0017") == ""

    assert sent == [
        [("CLIENTE_ID", "0123456"), ("RIFERIMENTO_MITTENTE_ALFABETICO", "0017")],
        [("CLIENTE_ID", "0123456"), ("RIFERIMENTO_MITTENTE_NUMERICO", "17")],
    ]


def replying(*inner: str) -> Callable[[Request], Response]:
    """BRT, answering the questions one after the other."""
    said = iter(inner)
    return lambda _request: Response(200, content=f"<return>{next(said)}</return>".encode())


def found(number: str, year: str = "") -> str:
    """BRT's answer with a shipment."""
    return f"<ESITO>0</ESITO><SPEDIZIONE_ID>{number}</SPEDIZIONE_ID><SPEDIZIONE_ANNO>{year}</SPEDIZIONE_ANNO>"


NONE = "<ESITO>-11</ESITO>"


@pytest.mark.parametrize(
    ("answers", "number"),
    [
        ((NONE, found(ONE)), ONE),
        ((found(ONE), NONE), ONE),
        ((found(ONE), found(ONE)), ONE),
        ((found("84010123456"), NONE), ONE),
        ((found("0"), found("")), ""),
        ((found(ONE, "2026"), NONE), ONE),
        ((found(ONE, "0"), NONE), ONE),
        ((found(ONE), found(TWO)), AmbiguousReference),
        ((NONE, "<ESITO>-22</ESITO>"), AmbiguousReference),
        ((found(ONE, "2025"), NONE), RequestRefused),
        (("<ESITO>-1</ESITO>",), CarrierUnavailable),
        (("<ESITO>-3</ESITO>",), CarrierUnavailable),
        (("<ESITO>-4</ESITO>",), RequestRefused),
        (("<ESITO>-21</ESITO>",), RequestRefused),
        (("<other/>",), UnreadablePayload),
    ],
    ids=str,
)
async def test_what_brt_answers_about_a_reference(answers: Sequence[str], number: str | type[CarrierError]) -> None:
    """One shipment of the right year is it; several, or one of another year, are not."""
    brt = carriers()["brt"]
    account = Account(brt.credentials(**BrtStandIn.credentials))
    async with AsyncClient(transport=MockTransport(replying(*answers))) as http:
        asked = brt.resolve(http, account, TrackingNumber("17", shipped_at=SHIPPED))
        if isinstance(number, str):
            assert await asked == number
        else:
            with pytest.raises(CarrierError) as raised:
                await asked
            assert type(raised.value) is number


@pytest.mark.parametrize(
    ("reference", "credentials", "reason"),
    [
        ("17", {"customer_id": ""}, "names no `customer_id`"),
        ("1234567890123456", {}, "at most 15 characters"),
        ("17", {"customer_id": "7654321"}, "ESITO -21"),
    ],
)
async def test_brt_is_not_asked_in_vain(brt: Desk, reference: str, credentials: dict[str, str], reason: str) -> None:
    """Without customer, with too long a reference, and as an unknown customer: our question is wrong."""
    with pytest.raises(RequestRefused, match=reason):
        await brt.resolve(reference, **credentials)


async def test_gls_is_asked_at_the_contracts_sede_and_beyond(gls: Desk) -> None:
    """A parcel leaves from the contract's sede, or from another: both are asked, and one is the number."""
    gls.stand_in.references |= {"A1017": ("M1620873111",), "A1018": ("R2620873112",)}

    assert [await gls.resolve(each) for each in ("A1017", "A1018", "A1019")] == ["M1620873111", "R2620873112", ""]
    assert gls.stand_in.requests[:2] == [
        f"GET {SCRIPT}?locpartenza=M1&bda=A1017&CodCli=4665",
        f"GET {SCRIPT}?sedecon=M1&bda=A1017&CodCli=4665",
    ]


@pytest.mark.parametrize("numbers", [("M1620873111", "M1620873112"), ("M1620873111", "R2620873111")])
async def test_several_shipments_of_gls_are_none(gls: Desk, numbers: tuple[str, ...]) -> None:
    """In one answer or in both; which is meant nobody knows."""
    gls.stand_in.references["A1017"] = numbers

    with pytest.raises(AmbiguousReference, match=f"{numbers[0]}, {numbers[1]}"):
        await gls.resolve("A1017")


@pytest.mark.parametrize(("days", "number"), [(-3, "M1620873111"), (29, "M1620873111"), (31, "")])
async def test_a_document_number_used_again_does_not_lead_to_the_old_parcel(gls: Desk, days: int, number: str) -> None:
    """What left more than thirty days before the parcel meant is another one."""
    gls.stand_in.references["A1017"] = ("M1620873111",)

    assert await gls.resolve(TrackingNumber("A1017", shipped_at=SHIPPED + timedelta(days=days))) == number


SHIPMENT = "<SPEDIZIONE><NumSped>%s</NumSped><SedePartenza>%s</SedePartenza><Bda>%s</Bda></SPEDIZIONE>"


@pytest.mark.parametrize(
    ("answers", "number"),
    [
        ((SHIPMENT % ("620873111", "M1", " a1017 "), ""), "M1620873111"),
        ((SHIPMENT % ("620873111", "", ""), ""), "M1620873111"),
        (("", SHIPMENT % ("620873111", "", "")), ""),
        ((SHIPMENT % ("620873111", "M1", "B2"), ""), ""),
        ((SHIPMENT % ("nine", "M1", "A1017"), ""), ""),
        (("", "<TESTOERRORE>Contratto non abilitato</TESTOERRORE>"), ""),
        (("<TESTOERRORE>Contratto non trovato</TESTOERRORE>",), CredentialsRefused),
    ],
    ids=str,
)
async def test_what_gls_answers_about_a_document(answers: Sequence[str], number: str | type[CarrierError]) -> None:
    """A shipment counts by its own BDA and its printed number; a refusal beyond the sede refuses nothing here."""
    said = iter(answers)
    gls = carriers()["gls_it"]
    account = Account(gls.credentials(**GlsItalyStandIn.credentials))

    def answer(_request: Request) -> Response:
        return Response(200, content=f"<ELENCO>{next(said)}</ELENCO>".encode())

    async with AsyncClient(transport=MockTransport(answer)) as http:
        if isinstance(number, str):
            assert await gls.resolve(http, account, "A1017") == number
        else:
            with pytest.raises(number):
                await gls.resolve(http, account, "A1017")


async def test_gls_needs_the_contracts_sede(gls: Desk) -> None:
    """A BDA is looked for at a sede."""
    with pytest.raises(RequestRefused, match="names no `sede`"):
        await gls.resolve("A1017", sede="")


@pytest.mark.parametrize("slug", ["brt", "gls_it"])
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(429, {"Retry-After": "17"}), RateLimited),
        (Fault(500), CarrierUnavailable),
        (Fault(hang=0.3), CarrierUnavailable),
        (Fault(body=b"<ELENCO>", half=True), CarrierUnavailable),
        (Fault(403), CredentialsRefused),
        (Fault(400), RequestRefused),
        (Fault(body=b"<html>maintenance</html>"), UnreadablePayload),
    ],
    ids=str,
)
async def test_what_goes_wrong_has_its_name(
    brt: Desk, gls: Desk, slug: str, fault: Fault, error: type[CarrierError]
) -> None:
    """As with any question."""
    desk = {"brt": brt, "gls_it": gls}[slug]
    desk.http.timeout = 0.1
    desk.stand_in.faults.append(fault)

    with pytest.raises(CarrierError) as raised:
        await desk.resolve("A1017")

    assert type(raised.value) is error
