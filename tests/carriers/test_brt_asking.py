"""Asking BRT over real HTTP, of a stand-in that speaks both its interfaces."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from httpx import AsyncClient, MockTransport, Request, Response

from app.demo.journeys import JOURNEYS, Happened, Step, so_far
from app.demo.serving import serving
from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.brt import WORDS, BrtStandIn
from carriers.asking import TokenKeeper, ask
from carriers.base import (
    Account,
    Answer,
    CarrierError,
    CarrierUnavailable,
    CredentialsRefused,
    RequestRefused,
    TrackingNumber,
)
from carriers.brt import Brt, BrtCredentials
from carriers.event import Parcel
from tests.recorded import recorded


@dataclass
class Line:
    """A BRT on loopback, and the way to ask it."""

    base: str
    stand_in: BrtStandIn
    http: AsyncClient

    async def ask(self, number: str, **credentials: str) -> list[Answer]:
        account = Account(BrtCredentials(**{**BrtStandIn.credentials, **credentials}), base_url=self.base)
        return await ask(Brt(), self.http, account, [number], tokens=TokenKeeper())


@asynccontextmanager
async def line(happened: Sequence[Happened] | None) -> AsyncIterator[Line]:
    stand_in = BrtStandIn(lambda number: happened)
    async with serving(stand_in.app()) as base, AsyncClient(verify=False, trust_env=False, timeout=5) as http:
        yield Line(base, stand_in, http)


PARCEL_ID, SHIPMENT_ID = "084010123456789", "084010123456"
STEPS = [Happened(Step.COLLECTED, datetime(2026, 3, 2, 8, tzinfo=UTC), "Milano")]


@pytest.mark.parametrize("journey", JOURNEYS)
@pytest.mark.parametrize("number", [PARCEL_ID, SHIPMENT_ID])
async def test_every_journey_of_the_stand_in_is_understood(journey: str, number: str) -> None:
    """Whatever the stand-in tells, by either interface, has a status."""
    start = datetime(2026, 3, 2, 8, tzinfo=UTC)
    happened = so_far(JOURNEYS[journey], start, 1, start + timedelta(days=30))
    async with line(happened) as brt:
        [answer] = await brt.ask(number)

    [told] = Brt().parse(answer.body)
    assert (told.number, answer.numbers) == (SHIPMENT_ID, (number,))
    assert len(told.events) == len([each for each in happened if each.step in WORDS])
    assert all(event.status for event in told.events)


async def test_a_parcel_id_is_asked_by_rest_and_a_shipment_id_by_soap() -> None:
    """Fifteen digits name a parcel, twelve a shipment; odd characters stay inside the path."""
    async with line(STEPS) as brt:
        for number in (PARCEL_ID, SHIPMENT_ID, "A/B 1"):
            await brt.ask(number)

    assert brt.stand_in.requests == [
        "GET /rest/v1/tracking/parcelID/084010123456789",
        "POST /web/BRT_TrackingByBRTshipmentIDService/BRT_TrackingByBRTshipmentID",
        "GET /rest/v1/tracking/parcelID/A/B 1",
    ]


@pytest.mark.parametrize(
    ("shipped_at", "year"),
    [
        (None, "0"),
        (datetime(2025, 12, 31, 22, tzinfo=UTC), "2025"),
        (datetime(2025, 12, 31, 23, 30, tzinfo=UTC), "2026"),
    ],
)
async def test_a_shipment_id_is_asked_with_its_year(shipped_at: datetime | None, year: str) -> None:
    """Ids recur every year: the year is that of the shipment in Italy, 0 where nobody knows it."""
    sent = []

    def answer(request: Request) -> Response:
        sent.append(re.findall(r"<SPEDIZIONE_(?:ANNO|BRT_ID)>(.*?)<", request.content.decode()))
        return Response(200, content=recorded("brt", "soap_delivered"))

    async with AsyncClient(transport=MockTransport(answer)) as http:
        account = Account(BrtCredentials(**BrtStandIn.credentials))
        await Brt().fetch(http, account, [TrackingNumber(SHIPMENT_ID, shipped_at=shipped_at)])

    assert sent == [[year, SHIPMENT_ID]]


async def test_an_unknown_number_is_an_answer() -> None:
    """Not found is no error, by either interface."""
    async with line(None) as brt:
        bodies = [(await brt.ask(number))[0].body for number in (PARCEL_ID, SHIPMENT_ID)]

    assert [Brt().parse(body) for body in bodies] == [[Parcel("", not_found=True)]] * 2


ERROR = b'{"ttParcelIdResponse": {"esito": %d}}'


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(401), CredentialsRefused),
        (Fault(404, body=b"<html>Not Found</html>"), RequestRefused),
        (Fault(400), RequestRefused),
        (Fault(body=ERROR % -1), CarrierUnavailable),
        (Fault(body=ERROR % -3), CarrierUnavailable),
        (Fault(body=ERROR % -4), CredentialsRefused),
        (Fault(body=ERROR % -5), RequestRefused),
        (Fault(body=ERROR % -30), RequestRefused),
        (Fault(body=b'{"executionMessage": {"severity": "ERROR"}}'), CarrierUnavailable),
    ],
    ids=str,
)
async def test_what_goes_wrong_has_its_name(fault: Fault, error: type[CarrierError]) -> None:
    """HTTP statuses of its own, and results below 0 inside HTTP 200."""
    async with line(STEPS) as brt:
        brt.stand_in.faults.append(fault)
        with pytest.raises(CarrierError) as raised:
            await brt.ask(PARCEL_ID)

    assert type(raised.value) is error
