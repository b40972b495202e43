"""Asking DHL Paket over real HTTP, of a stand-in that speaks Parcel DE Tracking."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import etree

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.dhl_parcel_de import DhlParcelDeStandIn
from carriers.base import CarrierError, CarrierUnavailable, CredentialsRefused, RequestRefused, TrackingNumber
from carriers.dhl_parcel_de import DhlParcelDe
from tests.carriers.line import Line, line

NUMBER = "00340434161094000001"


@pytest.fixture
async def dhl() -> AsyncIterator[Line]:
    async with line(DhlParcelDe(), DhlParcelDeStandIn) as made:
        yield made


async def test_what_is_asked(dhl: Line) -> None:
    """Several numbers in one element, since a week before the first of them was shipped."""
    numbers = [TrackingNumber(f"{NUMBER[:-1]}{nth}", shipped_at=datetime(2026, 3, nth, tzinfo=UTC)) for nth in (9, 8)]
    await dhl.ask(*numbers)

    [request] = dhl.stand_in.requests
    asked = etree.fromstring(parse_qs(urlsplit(request.removeprefix("GET ")).query)["xml"][0])
    assert dict(asked.attrib) == {
        "appname": "zt00001",
        "password": "stand-in-password",
        "request": "d-get-piece-detail",
        "language-code": "en",
        "piece-code": "00340434161094000009;00340434161094000008",
        "from-date": "2026-03-01",
    }


async def test_numbers_of_which_there_is_no_data_are_each_not_found(dhl: Line) -> None:
    """One answer for each, for the list names none."""
    dhl.journey = ""
    answers = await dhl.ask(NUMBER, "123456789012")

    assert [answer.numbers for answer in answers] == [(NUMBER,), ("123456789012",)]
    assert [parcel.not_found for answer in answers for parcel in dhl.carrier.parse(answer.body)] == [True, True]


async def test_the_customers_login_is_refused_by_a_code(dhl: Line) -> None:
    """Inside HTTP 200: too many of these lock the user."""
    with pytest.raises(CredentialsRefused, match="5: Login failed"):
        await dhl.ask(NUMBER, password="wrong")


@pytest.mark.parametrize(
    ("code", "error"),
    [("6", CredentialsRefused), ("41", RequestRefused), ("62", CredentialsRefused), ("99", CarrierUnavailable)],
)
async def test_what_a_code_says_has_its_name(dhl: Line, code: str, error: type[CarrierError]) -> None:
    """Whatever is not documented is DHL's trouble."""
    assert (
        type(await dhl.refusal(NUMBER, Fault(body=f'<data name="piece-shipment-list" code="{code}"/>'.encode())))
        is error
    )
