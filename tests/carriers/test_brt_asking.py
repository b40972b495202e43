"""Asking BRT over real HTTP, of a stand-in that speaks both its interfaces."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from httpx import AsyncClient, MockTransport, Request, Response

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.brt import WORDS, BrtStandIn
from carriers.base import (
    Account,
    CarrierError,
    CarrierUnavailable,
    CredentialsRefused,
    RequestRefused,
    TrackingNumber,
)
from carriers.brt import Brt, BrtCredentials
from carriers.event import Parcel
from tests.carriers.line import Line, line, misunderstood
from tests.recorded import recorded

PARCEL_ID, SHIPMENT_ID = "084010123456789", "084010123456"


@pytest.fixture
async def brt() -> AsyncIterator[Line]:
    async with line(Brt(), BrtStandIn) as made:
        yield made


async def test_every_journey_is_understood_by_soap_too(brt: Line) -> None:
    """As by REST, of which a parcel's number is asked."""
    assert await misunderstood(brt, SHIPMENT_ID, WORDS) == {}


async def test_a_parcel_id_is_asked_by_rest_and_a_shipment_id_by_soap(brt: Line) -> None:
    """Fifteen digits name a parcel, twelve a shipment, which both answer; odd characters stay inside the path."""
    numbers = (PARCEL_ID, SHIPMENT_ID, "A/B 1")
    answers = [await brt.ask(number) for number in numbers]

    assert [answer.numbers for [answer] in answers] == [(number,) for number in numbers]
    assert [parcel.number for [answer] in answers[:2] for parcel in Brt().parse(answer.body)] == [SHIPMENT_ID] * 2
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


async def test_an_unknown_number_is_an_answer(brt: Line) -> None:
    """Not found is no error, by either interface."""
    brt.journey = ""

    for number in (PARCEL_ID, SHIPMENT_ID):
        assert await brt.parcels(number) == [Parcel("", not_found=True)]


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
async def test_what_goes_wrong_has_its_name(brt: Line, fault: Fault, error: type[CarrierError]) -> None:
    """HTTP statuses of its own, and results below 0 inside HTTP 200."""
    assert type(await brt.refusal(PARCEL_ID, fault)) is error
