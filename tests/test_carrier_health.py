"""How a carrier does: its calls are counted by account and hour."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
from httpx import AsyncClient
from sqlalchemy import func, select

from app import carrier_health
from app.carrier_calls import carrier_calls, write_down
from app.cli.health import lines
from app.demo.stand_ins.base import Fault
from app.health_commands import ShowHealth
from app.retention import forget_old
from app.subscriptions import handshakes, keep_handshakes
from carriers.vocabulary import Status
from tests.building import event
from tests.calling import calling
from tests.polled import Polled, told


@pytest.fixture
async def client(desk: Polled) -> AsyncIterator[AsyncClient]:
    """A client with a reading key of the world's shop."""
    async with calling(desk.world) as client:
        yield client


async def health(client: AsyncClient, **query: Any) -> dict[str, Any]:
    """What is told of the sandbox's one account."""
    said = (await client.get("/v1/carriers/sandbox/health", params=query)).raise_for_status().json()
    [account] = said["accounts"]
    assert (said["carrier"], said["name"]) == ("sandbox", "Sandbox")
    return dict(account)


async def test_calls_are_counted_by_what_came_of_them(desk: Polled, client: AsyncClient) -> None:
    """Answered, throttled, refused, failed, parcels not known; it is told the same before it is written down."""
    known, unknown = await desk.ship("SANDBOX-STALE-1"), await desk.ship("SANDBOX-STALE-2")
    now = desk.world.now
    desk.sandbox.says = {
        known.number: told(known.number, ("collected", now)),
        unknown.number: told(unknown.number, found=False),
    }
    for fault in (None, Fault(status=429), Fault(status=403), Fault(status=500), None):
        desk.sandbox.faults.extend([fault] if fault else [])
        await desk.poll(hours=7)
    unwritten = await health(client, hours=48)
    written = [await write_down(desk.world.installation) for _ in range(2)]

    said = (await health(client, hours=48))["calls"]
    assert unwritten["calls"] == said
    assert written == [5, 0]
    assert {name: said[name] for name in said if not name.endswith("_seconds")} == {
        "calls": 5,
        "success": 0.4,
        "throttled": 1,
        "credentials_refused": 1,
        "failed": 1,
        "parcels": 4,
        "not_found": 0.5,
    }
    assert 0 < said["mean_seconds"] <= said["slowest_seconds"]
    metrics = desk.world.installation.metrics.text().decode()
    assert 'nove_numbers_asked_total{carrier="sandbox",outcome="not_found"} 2.0' in metrics


async def test_the_command_tells_the_same(desk: Polled, client: AsyncClient) -> None:
    """Of an account that fails: everything that the API says, and whose it is."""
    await desk.ship()
    desk.sandbox.faults.extend([Fault(status=500)] * 3)
    for _ in range(3):
        await desk.poll(hours=7)
    await write_down(desk.world.installation)
    told = orjson.loads(orjson.dumps(await ShowHealth(carrier="sandbox", hours=48).run(desk.world.installation)))
    [account] = told["accounts"]
    whose = account.pop("company_id")
    said = orjson.dumps(await health(client, hours=48)).replace(b'Z"', b'+00:00"')

    assert (whose, account["state"], account["calls"]["failed"]) == (str(desk.world.shop.company_id), "resting", 3)
    assert account == orjson.loads(said)
    again = account["open_until"][:16]
    assert [line.plain for line in lines(told)][-1] == (
        f"  it has not answered yet (asked again after {again} UTC): the carrier failed (500)"
    )


async def test_what_two_processes_counted_in_an_hour_is_one_row(desk: Polled, client: AsyncClient) -> None:
    """Each adds its own; the slowest is the slower one's. The window leaves out what is older."""
    await desk.ship()
    tally, shop = desk.world.installation.tally, desk.world.shop
    account, now = await desk.account(), desk.world.database.now()
    for ago, seconds in ((0, 1.0), (0, 3.0), (0, 2.0), (30, 9.0)):
        tally.called(shop.company_id, account.id, now - timedelta(hours=ago), "answered", seconds)
        await write_down(desk.world.installation)

    said = [(await health(client, hours=hours))["calls"] for hours in (24, 48)]
    assert [(each["calls"], each["mean_seconds"], each["slowest_seconds"]) for each in said] == [
        (3, 2.0, 3.0),
        (4, 3.75, 9.0),
    ]


async def test_counts_that_could_not_be_written_are_written_later(desk: Polled) -> None:
    """The database was away: nothing is lost, and nothing counted twice."""
    await desk.ship()
    tally, account, now = desk.world.installation.tally, await desk.account(), desk.world.database.now()
    tally.called(account.company_id, account.id, now, "answered", 1.0)
    taken = tally.take()
    tally.called(account.company_id, account.id, now, "throttled", 3.0)
    tally.give_back(taken)

    [counted] = tally.take().values()
    assert (counted.calls, counted.answered, counted.throttled, counted.seconds, counted.slowest) == (2, 1, 1, 4.0, 3.0)


async def test_delay_and_unmapped_codes_are_those_of_stored_events(desk: Polled, client: AsyncClient) -> None:
    """From the carrier's time of the newest event in an answer; an event that is understood counts, too."""
    shipment, now = await desk.ship("SANDBOX-STALE-1"), desk.world.now
    desk.sandbox.says[shipment.number] = told(
        shipment.number, ("collected", now), ("no such code", now + timedelta(minutes=50))
    )
    await desk.poll(hours=1)
    await desk.world.say(shipment, event(Status.IN_TRANSIT, at=desk.world.now))  # by nobody's account

    news = (await health(client))["news"]
    assert (news["arrivals"], news["events"], news["unmapped"]) == (1, 2, 0.5)
    assert 590 <= news["median_delay_seconds"] == news["long_delay_seconds"] <= 620


async def test_news_of_a_quiet_account_is_seen_among_many_arrivals_of_others(
    desk: Polled, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other accounts' pushes have filled all the newest arrivals that are looked through."""
    monkeypatch.setattr(carrier_health, "LOOKED_AT", 2)
    shipment, now = await desk.ship("SANDBOX-STALE-1"), desk.world.now
    desk.sandbox.says[shipment.number] = told(shipment.number, ("collected", now))
    await desk.poll(hours=1)
    for minutes in (1, 2, 3):
        await desk.world.say(shipment, event(Status.IN_TRANSIT, at=now + timedelta(minutes=minutes)))

    news = (await health(client))["news"]
    assert (news["arrivals"], news["events"], news["unmapped"]) == (1, 1, 0.0)


async def test_an_account_nobody_used_has_nothing_to_say(desk: Polled, client: AsyncClient) -> None:
    """Shares of nothing are null; a carrier without account has none, an unknown one is a 404."""
    await desk.ship()

    said = await health(client)
    none = (await client.get("/v1/carriers/brt/health")).json()
    unknown = await client.get("/v1/carriers/pigeon/health")
    assert (said["state"], said["since"], said["calls"]["success"], said["news"]["unmapped"]) == (
        *("well", None, None, None),
    )
    assert (none["accounts"], unknown.status_code) == ([], 404)


async def test_counts_are_forgotten_after_ninety_days(desk: Polled) -> None:
    """The worker's hourly job deletes them, and within a day what a carrier asked and nobody answered."""
    await desk.ship()
    await desk.poll(hours=1)
    await write_down(desk.world.installation)
    account, left = await desk.account(), []
    for days in (85, 7):
        async with desk.world.database.transaction() as db:
            await keep_handshakes(db, [(account.company_id, account.id, f"sub-{days}", "s3cret")])
        desk.world.pass_time(days=days)
        await forget_old(desk.world.installation)
        async with desk.world.database.reading() as db:
            counts = [await db.value(select(func.count()).select_from(each)) for each in (carrier_calls, handshakes)]
        left.append(counts)

    assert left == [[1, 0], [0, 0]]
