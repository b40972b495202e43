"""The sandbox's interface, served by us and asked over real HTTP."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from operator import attrgetter

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.api.sandbox import router
from app.demo.journeys import JOURNEYS
from app.demo.serving import serving
from carriers import Parcel, Status, SubStatus, TrackingEvent
from carriers.base import Account, CarrierUnavailable, RequestRefused, TrackingNumber
from carriers.sandbox import Sandbox, SandboxCredentials

ENDS = {
    "DELIVERED": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "HELD": (Status.EXCEPTION, SubStatus.HELD),
    "FAILED": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "RETURNED": (Status.RETURNED, None),
    "LOST": (Status.EXCEPTION, SubStatus.LOST),
    "DELAYED": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "PICKUP": (Status.DELIVERED, SubStatus.COLLECTED),
    "DAMAGED": (Status.EXCEPTION, SubStatus.DAMAGED),
    "REFUSED": (Status.RETURNED, None),
    "CUSTOMS": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "STALE": (Status.IN_TRANSIT, SubStatus.DEPARTED),
    "DISORDER": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
}
START = datetime(2026, 3, 2, 7, tzinfo=UTC)

occurred = attrgetter("moment.occurred_at")


def newest(parcel: Parcel) -> TrackingEvent:
    return max(parcel.events, key=occurred)


@pytest.fixture
async def served() -> AsyncIterator[tuple[AsyncClient, str]]:
    app = FastAPI()
    app.include_router(router)
    assert not app.openapi()["paths"]
    async with serving(app) as address, AsyncClient(verify=False, trust_env=False, timeout=5) as http:
        yield http, address


async def fetched(
    served: tuple[AsyncClient, str], numbers: Sequence[str], hours: float, speed: float = 1
) -> list[Parcel]:
    """What the sandbox answers to journeys that began so many hours ago."""
    http, address = served
    start = datetime.now(UTC) - timedelta(hours=hours)
    asked = [TrackingNumber(number, shipped_at=start) for number in numbers]
    [got] = await Sandbox().fetch(http, Account(SandboxCredentials(speed=speed), base_url=address), asked)
    assert got.numbers == tuple(numbers)
    return Sandbox().parse(got.body)


async def test_every_journey_to_its_end(served: tuple[AsyncClient, str]) -> None:
    """All journeys in one call: each is told whole, each event has a status, and a delivery has its day."""
    numbers = [f"SANDBOX-{name}-7" for name in JOURNEYS]

    parcels = await fetched(served, numbers, hours=24 * 30)

    assert [parcel.number for parcel in parcels] == numbers
    assert {name: newest(parcel).meaning for name, parcel in zip(JOURNEYS, parcels, strict=True)} == ENDS
    assert [len(parcel.events) for parcel in parcels] == [len(legs) for legs in JOURNEYS.values()]
    assert all(event.status for parcel in parcels for event in parcel.events)
    delivering = [name for name, (status, _) in ENDS.items() if status is Status.DELIVERED]
    assert [name for name, parcel in zip(JOURNEYS, parcels, strict=True) if parcel.eta] == delivering


async def test_a_journey_under_way(served: tuple[AsyncClient, str]) -> None:
    """Nothing is told before its time; nothing at all is still a known number."""
    [under_way] = await fetched(served, ["SANDBOX-DELIVERED-1"], hours=25)
    [at_start] = await fetched(served, ["SANDBOX-DELIVERED-1"], hours=0)

    assert (len(under_way.events), newest(under_way).code) == (5, "at_depot")
    assert (at_start.events, at_start.not_found) == ((), False)


async def test_speed(served: tuple[AsyncClient, str]) -> None:
    """At speed 60 an hour of the journey is a minute."""
    [parcel] = await fetched(served, ["SANDBOX-DELIVERED-1"], hours=29 / 60, speed=60)

    assert newest(parcel).code == "out_for_delivery"
    times = sorted(map(occurred, parcel.events))
    assert times[-1] - times[0] == timedelta(minutes=25.5)


async def test_unknown_numbers(served: tuple[AsyncClient, str]) -> None:
    """A number that names no journey is not found, beside one that does."""
    numbers = ["SANDBOX-NOWHERE-1", "SANDBOX-LOST-1", "1Z999AA10123456784"]

    assert [parcel.not_found for parcel in await fetched(served, numbers, hours=1)] == [True, False, True]


@pytest.mark.parametrize(
    "query",
    [
        "number=SANDBOX-LOST-1",
        "number=SANDBOX-LOST-1&start=soon",
        "number=SANDBOX-LOST-1&start=2026-03-02T07:00:00",
        "number=SANDBOX-LOST-1&number=SANDBOX-LOST-2&start=2026-03-02T07:00:00Z",
        "number=SANDBOX-LOST-1&start=2026-03-02T07:00:00Z&speed=0",
        "number=SANDBOX-LOST-1&start=2026-03-02T07:00:00Z&speed=nan",
        "number=SANDBOX-LOST-1&start=2026-03-02T07:00:00Z&speed=1e-300",
        "number=SANDBOX-LOST-1&start=9999-12-31T07:00:00Z",
        f"number={'A' * 41}&start=2026-03-02T07:00:00Z",
        "&".join(["number=SANDBOX-LOST-1&start=2026-03-02T07:00:00Z"] * 21),
    ],
)
async def test_wrong_questions(served: tuple[AsyncClient, str], query: str) -> None:
    """A question without a sensible start or speed, or about too many, is a 422."""
    http, address = served

    assert (await http.get(f"{address}/sandbox/track?{query}")).status_code == 422


async def test_what_fetch_refuses(served: tuple[AsyncClient, str]) -> None:
    """A number without start, an account without address and a speed out of the calendar are our own mistakes."""
    http, address = served
    here = Account(SandboxCredentials(), base_url=address)
    started = TrackingNumber("SANDBOX-LOST-1", shipped_at=START)
    crawling = replace(here, credentials=SandboxCredentials(speed=1e-12))
    for account, number in ((here, "SANDBOX-LOST-1"), (replace(here, base_url=""), started), (crawling, started)):
        with pytest.raises(RequestRefused):
            await Sandbox().fetch(http, account, [number])


async def test_a_service_that_is_away(served: tuple[AsyncClient, str]) -> None:
    """Nobody at the address is an unavailable carrier, as with any other."""
    http, _ = served
    with pytest.raises(CarrierUnavailable):
        await Sandbox().fetch(
            http,
            Account(SandboxCredentials(), base_url="http://127.0.0.1:9"),
            [TrackingNumber("SANDBOX-LOST-1", shipped_at=START)],
        )
