"""Claims, lists and look-ups read by the indexes that were made for them, and sort no more than a handful of rows."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from app import accounts
from app.arrivals.keeping import ArrivalSource, ArrivalState, Arrived, keep
from app.arrivals.tables import arrivals, pushes
from app.backlog import look
from app.database import Database, Session
from app.idempotency import idempotency_keys
from app.intake.answering import look_up
from app.intake.forgetting import forget_old
from app.intake.retrying import retry_failed
from app.intake.timed import settle_due
from app.outbox.claiming import Room
from app.outbox.claiming import claim as claim_messages
from app.outbox.tables import messages
from app.polling.claiming import claim as claim_polls
from app.polling.claiming import due_accounts
from app.shipments import names
from app.shipments.finding import Sought
from app.shipments.listing import Filters, listed
from app.shipments.tables import shipments
from carriers.vocabulary import Status
from tests.building import World, build, event
from tests.conftest import Copies
from tests.planning import AGO, ROWS, SHIPMENTS, Plan, fill, plans

HANDFUL = 200
FOUND = "md5('s' || n)::uuid"


@pytest.fixture(scope="module")
async def world(postgres_server: str, postgres_copies: Copies) -> AsyncIterator[World]:
    """One shop with thousands of shipments that are due, messages, and arrivals to be tried again."""
    name = await postgres_copies.take()
    database = Database(postgres_server.format(name))
    world = await build(database)
    shipment = await world.ship(order={"reference": "R0"})
    await world.say(shipment, event(Status.IN_TRANSIT, at=world.now))
    async with database.transaction() as db:
        here = shipment.company_id, shipment.shop_id
        added = await accounts.add(db, world.installation.sealer, here[0], "sandbox", public_url="https://nove.example")
        await db.run(update(shipments).values(account_id=added.account.id))
        await keep(
            db, Arrived(here[0], "own", ArrivalSource.HOOK, b"{", db.now), ArrivalState.FAILED, next_try_at=db.now
        )
        await db.run(messages.delete().where(messages.c.channel != "email"))
        await db.run(update(messages).values(state="due", due_at=db.now, reason=""))
        await db.run(pushes.insert().values(company_id=here[0], account_id=here[1], message_id="0", received_at=db.now))
        key = {"scope": "00", "fingerprint": "00", "status": 200, "content_type": "", "body": b"", "created_at": db.now}
        await db.run(idempotency_keys.insert().values(company_id=here[0], **key))
        await names.put(db, names.former(shipment, []))
    due = {
        "id": "md5('m' || n || id)::uuid",
        "shipment_id": FOUND,
        "state": "CASE WHEN n % 12 = 0 THEN 'due' ELSE 'sent' END",
        "due_at": "now() - n * interval '1 second'",
    }
    await fill(world, {messages: due}, 5 * ROWS)
    await fill(
        world,
        {
            **SHIPMENTS,
            shipments: {**SHIPMENTS[shipments], "tags": """CASE WHEN n % 40 = 0 THEN '["vip"]' ELSE tags END"""},
            arrivals: {
                "id": "md5('a' || n || id)::uuid",
                "state": "CASE WHEN n % 20 = 0 THEN 'failed' ELSE 'taken' END",
                "next_try_at": AGO,
            },
            pushes: {"message_id": "'p' || n"},
            names.names: {"id": "md5('n' || n)::uuid", "shipment_id": FOUND, "tracking_number": "'FORMER' || n"},
            idempotency_keys: {"scope": "decode(md5('i' || n), 'hex')"},
        },
    )
    yield world
    await database.close()
    await postgres_copies.give_back(name)


Job = Callable[[World, Session], Awaitable[object]]


async def claims_polls(world: World, db: Session) -> None:
    """What the poller asks."""
    for account in await due_accounts(db):
        await claim_polls(db, *account, 16)


async def claims_messages(_world: World, db: Session) -> None:
    """What the sender asks."""
    await claim_messages(db, Room(64, 64))


JOBS: dict[str, tuple[Job, set[str]]] = {
    "polls": (claims_polls, {"ix_shipments_poll"}),
    "messages": (claims_messages, {"ix_messages_due"}),
    "backlog": (lambda _, db: look(db), {"ix_messages_due", "ix_arrivals_retry", "ix_shipments_stale"}),
}


@pytest.mark.parametrize("name", JOBS)
async def test_a_claim_reads_what_is_due_in_its_order(name: str, world: World) -> None:
    """By the index of the job: nothing is read through, and no queue is sorted to find its oldest."""
    job, indexes = JOBS[name]

    async def run() -> None:
        async with world.database.transaction() as db:
            await job(world, db)

    found = await plans(world.database, run)

    assert read_through(found) == []
    assert indexes <= {index for each in found for index in each.indexes}
    assert [each.statement for each in found if each.sorted_rows > HANDFUL] == []


@pytest.mark.parametrize(
    ("job", "indexes"),
    [
        (retry_failed, {"ix_arrivals_retry"}),
        (settle_due, {"ix_shipments_refold", "ix_shipments_late", "ix_shipments_stale"}),
        (forget_old, {"ix_pushes_received", "ix_idempotency_keys_created"}),
    ],
)
async def test_a_job_reads_what_is_due_in_its_order(job: Any, indexes: set[str], world: World) -> None:
    """Retries, what time alone brings, and what is old."""
    found = await plans(world.database, lambda: job(world.installation))

    assert read_through(found) == []
    assert indexes <= {index for each in found for index in each.indexes}
    assert [each.statement for each in found if each.sorted_rows > HANDFUL] == []


LISTS: dict[str, tuple[dict[str, Any], str]] = {
    "all": ({}, "ix_shipments_list"),
    "one status": ({"status": ["delivered"]}, "ix_shipments_status"),
    "problems": ({"problem": True}, "ix_shipments_problem"),
    "stale": ({"stale": True}, "ix_shipments_problem"),
    "late": ({"late": True}, "ix_shipments_problem"),
    "tag": ({"tag": "vip"}, "ix_shipments_tagged"),
    "without number": ({"numbered": False}, "ix_shipments_unnumbered"),
    "unsettled": ({"carrier_settled": False}, "ix_shipments_unsettled"),
    "recycled": ({"recycled": True}, "ix_shipments_recycled"),
    "a tag of none": ({"tag": "none"}, "ix_shipments_tagged"),
    "order": ({"order_reference": "R77"}, "ix_shipments_order_reference"),
    "number": ({"tracking_number": "NUMBER77"}, "ix_shipments_any_number"),
    "former number": ({"tracking_number": "FORMER77"}, "ix_shipments_any_number"),
    # What most shipments share, or a shop asks for seldom: newest first, until the page is full.
    "statuses": ({"status": ["delivered", "in_transit"]}, ""),
    "carrier": ({"carrier": ["own"]}, "ix_shipments_list"),
    "country": ({"country": "IT"}, "ix_shipments_list"),
    "direction": ({"direction": "outbound"}, "ix_shipments_list"),
    "created": ({"created_from": "2020-01-01T00:00:00Z"}, "ix_shipments_list"),
    "updated": ({"updated_from": "2020-01-01T00:00:00Z"}, "ix_shipments_list"),
}


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_is_read_in_its_order(name: str, world: World) -> None:
    """Newest first by an index, or after a sort of the few that the filter leaves."""
    given, index = LISTS[name]

    async def run() -> None:
        async with world.database.reading() as db:
            await listed(db, world.shop.company_id, [world.shop.id], Filters.model_validate(given), limit=50)

    [*beside, found] = await plans(world.database, run)

    assert read_through([*beside, found]) == []
    assert [each.indexes for each in beside] == [{"ix_names_any_number"} for _ in beside]
    assert not index or index in found.indexes
    assert found.sorted_rows <= HANDFUL
    assert len(beside) == ("tracking_number" in given)


LOOKUPS: dict[str, tuple[Sought, str]] = {
    "order": (Sought(order_reference="#R77"), "ix_shipments_order_reference"),
    "number": (Sought(tracking_number="NUMBER77"), "ix_shipments_any_number"),
    "former number": (Sought(tracking_number="FORMER77"), "ix_shipments_any_number"),
    "text, a former number": (Sought(text="FORMER77"), "ix_shipments_any_number"),
    "e-mail": (Sought(email="E77@example.com"), "ix_shipments_email"),
    "phone": (Sought(phone="+39 333 77"), "ix_shipments_phone"),
    "name": (Sought(name="Prova Anna", postcode="00077"), "ix_shipments_name"),
    "text, an order": (Sought(text="R77"), "ix_shipments_order_reference"),
    "text, an address": (Sought(text="e77@example.com"), "ix_shipments_email"),
    "text, a number to call": (Sought(text="+39 333 1234567"), "ix_shipments_phone"),
    "text, a name": (Sought(text="Anna Prova, 00077"), "ix_shipments_name"),
}


@pytest.mark.parametrize("name", LOOKUPS)
async def test_a_look_up_reads_a_few_rows(name: str, world: World) -> None:
    """By the index of what is known, whatever else the text could mean."""
    sought, index = LOOKUPS[name]

    async def run() -> None:
        async with world.database.reading() as db:
            await look_up(world.installation, db, world.shop.company_id, [world.shop.id], sought)

    found = await plans(world.database, run)

    assert read_through(found) == []
    beside = [each.indexes for each in found if "FROM names" in each.statement]
    assert index in next(each.indexes for each in found if "FROM shipments" in each.statement)
    assert all("ix_names_any_number" in each or "ix_names_shipment" in each for each in beside)
    assert [each.statement for each in found if each.sorted_rows > HANDFUL] == []


def read_through(found: list[Plan]) -> list[tuple[str, frozenset[str]]]:
    """The statements that read a big table through, and which."""
    return [(each.statement, each.read_through) for each in found if each.read_through]


async def test_a_query_without_index_would_be_told(world: World) -> None:
    """What no index serves reads its table through, and the plan says so."""

    async def run() -> None:
        async with world.database.reading() as db:
            await db.all(
                select(shipments.c.id).where(shipments.c.carrier_service == "x").order_by(shipments.c.created_at)
            )

    assert [each.read_through for each in await plans(world.database, run)] == [{"shipments"}]
