"""Due shipments are claimed by one worker each, within their carrier's rate, and taken over when a worker dies."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise, repeat
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from app import leases
from app.accounts import carrier_accounts
from app.database import Database
from app.polling.claiming import Batch, claim, due_accounts, due_shipments
from app.polling.slots import HORIZON, book
from app.shipments.tables import shipments
from carriers.base import RateLimit
from tests.polled import Polled

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


async def claimed(database: Database, most: int = 16, lease: timedelta = leases.LEASE) -> list[Batch]:
    """What a worker claims in one go, of every account."""
    async with database.reading() as db:
        found = await due_accounts(db)
    batches = []
    for company_id, account_id in found:
        async with database.transaction() as db:
            batches.extend(await claim(db, company_id, account_id, most, lease))
    return batches


def ids(batches: Sequence[Batch]) -> list[UUID]:
    """The shipments in them."""
    return [shipment.id for batch in batches for shipment in batch.shipments]


async def test_two_workers_never_claim_the_same_shipment(desk: Polled, database_kind: str, database_url: str) -> None:
    """Both claim at once until nothing is left: together everything, never anything twice."""
    posted = [(await desk.ship(f"SANDBOX-DELIVERED-{number}")).id for number in range(60)]
    other = Database(database_url) if database_kind == "postgresql" else desk.world.database

    async def work(database: Database) -> list[UUID]:
        mine: list[UUID] = []
        for _ in range(12):
            mine += ids(await claimed(database, most=1))
            await asyncio.sleep(0)
        return mine

    first, second = await asyncio.gather(work(desk.world.database), work(other))
    if other is not desk.world.database:
        await other.close()

    assert sorted(first + second) == sorted(posted)


async def test_a_claimed_shipment_is_free_again_only_when_its_lease_has_run_out(desk: Polled) -> None:
    """Its worker is gone: the next takes it over, under a new number."""
    shipment = await desk.ship()

    [first] = await claimed(desk.world.database)
    meanwhile = await claimed(desk.world.database)
    desk.world.pass_time(seconds=31)
    [second] = await claimed(desk.world.database)

    assert (meanwhile, ids([first]), ids([second])) == ([], [shipment.id], [shipment.id])
    assert [batch.shipments[0].lease_number for batch in (first, second)] == [1, 2]


async def test_a_lease_is_renewed_for_as_long_as_its_worker_lives(desk: Polled) -> None:
    """Work that takes longer than the lease keeps it; work that ends lets it run out."""
    await desk.ship()
    lease = timedelta(seconds=0.6)
    [batch] = await claimed(desk.world.database, lease=lease)

    async with leases.renewed(desk.world.database, shipments, batch.shipments, lease):
        await asyncio.sleep(1.5)
        during = await claimed(desk.world.database)
    await asyncio.sleep(0.7)
    afterwards = await claimed(desk.world.database)

    assert (during, ids(afterwards)) == ([], ids([batch]))


async def test_who_has_lost_a_lease_neither_renews_nor_releases_it(desk: Polled) -> None:
    """The number is another: the row is not touched."""
    shipment = await desk.ship()
    [batch] = await claimed(desk.world.database)
    await desk.set(shipment, lease_number=7)
    before = await desk.world.look(shipment)

    async with leases.renewed(desk.world.database, shipments, batch.shipments, timedelta(seconds=0.03)):
        await asyncio.sleep(0.1)
    async with desk.world.database.transaction() as db:
        await leases.release(db, shipments, batch.shipments)

    assert await desk.world.look(shipment) == before


async def test_a_lease_that_was_given_back_is_not_renewed(desk: Polled) -> None:
    """The result is written before the block ends: the shipment stays free."""
    shipment = await desk.ship()
    [batch] = await claimed(desk.world.database)

    async with leases.renewed(desk.world.database, shipments, batch.shipments, timedelta(seconds=0.03)):
        async with desk.world.database.transaction() as db:
            await leases.release(db, shipments, batch.shipments)
        await asyncio.sleep(0.1)

    assert (await desk.world.look(shipment)).lease_until is None


async def test_calls_are_booked_at_the_carriers_pace_across_workers(desk: Polled) -> None:
    """UPS, once a second: six calls within five seconds, no more for whoever comes next, then one a second."""
    await desk.ups_account()
    for number in range(9):
        await desk.world.ship(f"1Z999AA1012345678{number}", "ups")

    first = await claimed(desk.world.database)
    nobody = await claimed(desk.world.database)
    desk.world.pass_time(seconds=1)
    later = await claimed(desk.world.database)

    assert [round((b.at - a.at).total_seconds(), 3) for a, b in pairwise(first)] == [1.0] * 5
    assert (nobody, len(later)) == ([], 1)
    assert later[0].at - first[-1].at == SECOND
    assert all(len(batch.shipments) == 1 for batch in first + later)


async def test_the_longest_due_is_asked_about_first(desk: Polled) -> None:
    """Whatever the order in which they were posted."""
    parcels = [await desk.ship(f"SANDBOX-DELIVERED-{number}") for number in range(4)]
    for place, parcel in enumerate((parcels[2], parcels[0], parcels[3], parcels[1])):
        await desk.set(parcel, next_poll_at=desk.world.now - timedelta(hours=9 - place))

    [batch] = await claimed(desk.world.database)

    assert ids([batch]) == [parcels[place].id for place in (2, 0, 3, 1)]


async def test_an_open_circuit_is_not_claimed_from(desk: Polled) -> None:
    """Until its time has come; then as a probe, and nobody else meanwhile."""
    for number in range(50):
        await desk.ship(f"SANDBOX-DELIVERED-{number}")
    async with desk.world.database.transaction() as db:
        await db.run(update(carrier_accounts).values(failures=2, open_until=db.now + timedelta(minutes=1)))

    shut = await claimed(desk.world.database)
    desk.world.pass_time(seconds=61)
    probe = await claimed(desk.world.database)
    nobody = await claimed(desk.world.database)

    assert (shut, [(batch.probe, len(batch.shipments)) for batch in probe], nobody) == ([], [(True, 20)], [])


async def test_the_claim_reads_its_rows_in_the_order_of_an_index(desk: Polled, database_kind: str) -> None:
    """No sorting, however many are due."""
    await desk.ship()
    account = await desk.account()
    query = due_shipments(account.company_id, account.id, desk.world.database.now()).limit(20)
    dialect = postgresql.dialect() if database_kind == "postgresql" else sqlite.dialect()  # type: ignore[no-untyped-call]
    statement = query.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN" if database_kind == "postgresql" else "EXPLAIN QUERY PLAN"

    async with desk.world.database.transaction() as db:
        if database_kind == "postgresql":
            await db.run(text("SET LOCAL enable_seqscan = off"))
            await db.run(text("SET LOCAL enable_bitmapscan = off"))
            await db.run(text("SET LOCAL enable_sort = off"))  # which costs nothing for the rows that a test has
        plan = "\n".join(str(row[-1]) for row in await db.all(text(f"{explain} {statement}")))

    assert "ix_shipments_poll" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize(
    "rate",
    [RateLimit(1, 1.0), RateLimit(5, 1.0), RateLimit(50, 1.0), RateLimit(250, 86_400.0), RateLimit(20, 60.0)],
    ids=str,
)
def test_no_span_has_more_calls_than_the_carrier_allows(rate: RateLimit) -> None:
    """A worker that books whenever it can, for three times the span: any span of it keeps the limit."""
    now, booked, times = NOW, None, list[datetime]()
    while now < NOW + timedelta(seconds=rate.seconds * 3):
        found, booked = book(rate, booked, now, repeat(1, 1000))
        times += found
        now += timedelta(seconds=max(1.0, rate.seconds / 500))

    span = timedelta(seconds=rate.seconds)
    most = max(sum(start <= at < start + span for at in times) for start in times)
    assert rate.calls * 0.8 <= most <= rate.calls
    assert times == sorted(times)


def test_a_slow_rate_lets_a_tenth_of_its_calls_go_out_at_once() -> None:
    """250 a day: 25 now, then one every six minutes; and again 25 after a quiet day."""
    rate = RateLimit(250, 86_400.0)

    first, booked = book(rate, None, NOW, repeat(1, 1000))
    soon, booked = book(rate, booked, NOW + timedelta(minutes=7), repeat(1, 1000))
    rested, _ = book(rate, booked, NOW + timedelta(days=1), repeat(1, 1000))

    assert (len(first), set(first), len(soon), len(rested)) == (25, {NOW}, 1, 25)


def test_no_more_is_booked_than_the_horizon_and_the_work_ask_for() -> None:
    """Two calls wanted: two booked; many wanted: those of the next five seconds."""
    two, until_two = book(RateLimit(1, 1.0), None, NOW, [1, 1])
    many, until_many = book(RateLimit(1, 1.0), None, NOW, repeat(1, 100))

    assert (two, until_two) == ([NOW, NOW + SECOND], NOW + 2 * SECOND)
    assert (many[-1], until_many) == (NOW + HORIZON, NOW + HORIZON + SECOND)


async def test_what_is_claimed_is_what_the_row_says(desk: Polled) -> None:
    """Lease and number of the row are those that the claim gives."""
    shipment = await desk.ship()

    [batch] = await claimed(desk.world.database)

    async with desk.world.database.reading() as db:
        row = await db.first(
            select(shipments.c.lease_number, shipments.c.lease_until).where(shipments.c.id == shipment.id)
        )
    assert row is not None
    assert row.lease_number == batch.shipments[0].lease_number == 1
    assert timedelta(seconds=25) < row.lease_until - desk.world.database.now() <= leases.LEASE
