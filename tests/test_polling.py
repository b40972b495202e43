"""Carriers are asked about what is due, and what they answer moves the shipment; one that is quiet costs nothing."""

from sqlalchemy import func, select

from app.arrivals.tables import arrivals
from app.demo.stand_ins.sandbox import tell
from app.outbox.tables import messages
from app.pace import STOPPED_FINAL, STOPPED_SILENT
from app.polling import notes
from app.shipments.shipment import Shipment
from app.shipments.tables import events, transitions
from carriers.vocabulary import Status, SubStatus
from tests.polled import Polled, hours, told

S, U = Status, SubStatus


async def lived_through(desk: Polled, shipment: Shipment) -> list[str]:
    """The statuses of a shipment's transitions, in order."""
    async with desk.world.database.reading() as db:
        rows = await db.all(
            select(transitions.c.status).where(transitions.c.shipment_id == shipment.id).order_by(transitions.c.version)
        )
    found: list[str] = []
    for row in rows:
        if found[-1:] != [row.status]:
            found.append(row.status)
    return found


async def test_a_sandbox_parcel_is_followed_to_its_end_and_then_left_alone(desk: Polled) -> None:
    """Asked about on its way, once a day after its delivery, once a week after it, and never again."""
    shipment = await desk.ship()

    for _ in range(36):
        await desk.poll(hours=1)
    delivered = await desk.world.look(shipment)
    await desk.poll(hours=24)
    await desk.poll(hours=24 * 7)
    stopped = await desk.world.look(shipment)

    assert await lived_through(desk, shipment) == [S.AWAITING_PICKUP, S.IN_TRANSIT, S.OUT_FOR_DELIVERY, S.DELIVERED]
    assert (delivered.status, delivered.sub_status, delivered.poll_note) == (S.DELIVERED, U.TO_RECIPIENT, "")
    assert delivered.next_poll_at is not None
    assert delivered.next_poll_at - delivered.status_since >= hours(24)
    assert (stopped.next_poll_at, stopped.poll_note) == (None, STOPPED_FINAL)
    asked = len(desk.sandbox.requests)
    await desk.poll(hours=24 * 30)
    assert len(desk.sandbox.requests) == asked
    assert [row[:2] for row in await desk.world.ledger(shipment)] == [
        ("on_its_way", "due"),
        ("out_for_delivery", "due"),
        ("delivered", "due"),
    ]


async def test_a_ups_parcel_is_followed_with_one_token(desk: Polled) -> None:
    """A carrier that wants a token: got once, kept, and every answer taken in."""
    await desk.ups_account()
    shipment = await desk.world.ship("1Z999AA10123456784", "ups")

    for _ in range(36):
        await desk.poll(hours=1)

    assert await lived_through(desk, shipment) == [S.AWAITING_PICKUP, S.IN_TRANSIT, S.OUT_FOR_DELIVERY, S.DELIVERED]
    assert desk.ups.granted == 1
    assert (await desk.account("ups")).last_success_at is not None


async def test_an_expired_token_is_renewed_within_the_same_poll(desk: Polled) -> None:
    """The carrier forgets our token: the shipment does not notice."""
    await desk.ups_account()
    shipment = await desk.world.ship("1Z999AA10123456784", "ups")
    await desk.poll(hours=6)
    desk.ups.tokens.clear()

    await desk.poll(hours=6)

    after = await desk.world.look(shipment)
    assert (after.status, after.sub_status, desk.ups.granted) == (S.IN_TRANSIT, U.DEPARTED, 2)


async def test_an_unchanged_answer_stores_nothing_but_its_time(desk: Polled) -> None:
    """No arrival, no event, no revision: the poll is seen by its time alone."""
    shipment = await desk.ship("SANDBOX-STALE-1")
    await desk.poll(hours=10)
    before, kept = await desk.world.look(shipment), await desk.kept()

    await desk.poll(hours=2)
    not_due = await desk.world.look(shipment)
    await desk.poll(hours=2)

    after = await desk.world.look(shipment)
    assert (before.status, not_due, await desk.kept()) == (S.IN_TRANSIT, before, kept)
    assert after.last_polled_at is not None
    assert before.last_polled_at is not None
    assert after.last_polled_at - before.last_polled_at >= hours(4)
    assert after == before._replace(
        last_polled_at=after.last_polled_at,
        next_poll_at=after.next_poll_at,
        lease_number=before.lease_number + 1,
    )
    async with desk.world.database.reading() as db:
        seen = await db.value(select(func.max(arrivals.c.seen_at)))
    assert abs(seen - after.last_polled_at) < hours(1 / 60)


async def test_the_same_part_of_another_body_is_not_stored_again(desk: Polled) -> None:
    """Two parcels in one answer: what is new about one is not new about the other."""
    now = desk.world.now
    first, second = await desk.ship("SANDBOX-LOST-1"), await desk.ship("SANDBOX-LOST-2")
    desk.sandbox.says = {
        "SANDBOX-LOST-1": told("SANDBOX-LOST-1", ("collected", now)),
        "SANDBOX-LOST-2": told("SANDBOX-LOST-2", ("collected", now)),
    }
    await desk.poll()
    desk.sandbox.says["SANDBOX-LOST-2"] = told("SANDBOX-LOST-2", ("collected", now), ("lost", now))

    await desk.poll(hours=4)

    assert [len(desk.sandbox.requests), len(await desk.polls_kept(first)), len(await desk.polls_kept(second))] == [
        2,
        1,
        2,
    ]
    assert [(await desk.world.look(each)).status for each in (first, second)] == [S.IN_TRANSIT, S.EXCEPTION]


async def test_a_number_the_carrier_does_not_know_is_asked_for_hourly(desk: Polled) -> None:
    """Not found is said, kept once, and forgotten when the carrier learns of it."""
    shipment = await desk.ship()
    desk.sandbox.says[shipment.number] = tell("SANDBOX-NOWHERE-1", desk.world.now, 1, desk.world.now) | {
        "number": shipment.number
    }
    await desk.poll()
    await desk.poll(hours=2)
    unknown = await desk.world.look(shipment)
    kept = await desk.polls_kept(shipment)
    desk.sandbox.says[shipment.number] = told(shipment.number, ("collected", desk.world.now))

    await desk.poll(hours=2)

    found = await desk.world.look(shipment)
    assert (unknown.status, unknown.not_found, kept) == (S.PENDING, True, [("taken", "")])
    assert unknown.next_poll_at is not None
    assert unknown.last_polled_at is not None
    assert hours(1) <= unknown.next_poll_at - unknown.last_polled_at <= hours(1.1)
    assert (found.status, found.not_found) == (S.IN_TRANSIT, False)


async def test_a_batch_is_one_call(desk: Polled) -> None:
    """Twenty-five parcels of a carrier that takes twenty at once: two calls, every parcel answered."""
    parcels = [await desk.ship(f"SANDBOX-DELIVERED-{number}") for number in range(25)]

    await desk.poll(hours=1)

    statuses = [(await desk.world.look(each)).status for each in parcels]
    assert (len(desk.sandbox.requests), set(statuses)) == (2, {S.AWAITING_PICKUP})


async def test_what_an_answer_leaves_out_for_an_hour_is_withdrawn_and_the_delivery_corrected(desk: Polled) -> None:
    """Two complete answers without the delivery, the second unchanged: it never was, and machines hear so."""
    await desk.world.listen()
    shipment, start = await desk.ship("SANDBOX-LOST-1"), desk.world.now
    moving = ("collected", start)
    desk.sandbox.says[shipment.number] = told(shipment.number, moving, ("delivered", start))
    await desk.poll(minutes=1)
    assert (await desk.world.look(shipment)).status is S.DELIVERED
    desk.sandbox.says[shipment.number] = told(shipment.number, moving)
    await desk.poll(hours=27)
    still = await desk.world.look(shipment)
    await desk.set(shipment, next_poll_at=desk.world.now)

    await desk.poll(hours=2)

    after = await desk.world.look(shipment)
    async with desk.world.database.reading() as db:
        types = [
            row.type
            for row in await db.all(
                select(messages.c.type).where(messages.c.channel == "webhook").order_by(messages.c.id)
            )
        ]
        gone = await db.all(select(events.c.code, events.c.absent_to).where(events.c.code == "delivered"))
    assert (still.status, after.status, after.version) == (S.DELIVERED, S.IN_TRANSIT, 2)
    assert types[-2:] == ["shipment.status_changed", "shipment.corrected"]
    assert [row.absent_to is not None for row in gone] == [True]
    assert after.next_poll_at is not None


async def test_after_sixty_days_without_news_the_carrier_is_left_alone(desk: Polled) -> None:
    """And the shipment says so."""
    shipment = await desk.ship("SANDBOX-STALE-1")
    await desk.poll(hours=24)

    await desk.poll(days=61)

    after = await desk.world.look(shipment)
    assert (after.next_poll_at, after.poll_note, after.status) == (None, STOPPED_SILENT, S.IN_TRANSIT)


async def test_a_quiet_carrier_is_asked_as_often_as_before(desk: Polled) -> None:
    """Thirty answers without news do not stretch the interval."""
    shipment = await desk.ship("SANDBOX-STALE-1")
    await desk.poll(hours=24)

    for _ in range(30):
        await desk.poll(hours=3.4)

    after = await desk.world.look(shipment)
    assert after.next_poll_at is not None
    assert after.last_polled_at is not None
    assert hours(3) <= after.next_poll_at - after.last_polled_at <= hours(3.3)
    assert len(desk.sandbox.requests) == 31


async def test_several_shipments_of_one_number_are_each_asked_about(desk: Polled) -> None:
    """An outbound parcel and its return under the same number: two calls, for each has its own beginning."""
    there = await desk.ship("SANDBOX-DELIVERED-1")
    back = await desk.ship("SANDBOX-DELIVERED-1", direction="return")

    await desk.poll(hours=31)

    assert len(desk.sandbox.requests) == 2
    assert [(await desk.world.look(each)).status for each in (there, back)] == [S.DELIVERED, S.RETURNED]


async def test_an_answer_that_says_nothing_of_a_number_leaves_a_note(desk: Polled) -> None:
    """The carrier answers, but about something else: its part is nobody's, and the poll is repeated at its pace."""
    shipment = await desk.ship()
    desk.sandbox.raw = b'{"carrier":"sandbox","parcels":[{"number":"SANDBOX-OTHER-1","found":true,"events":[]}]}'

    await desk.poll(hours=1)

    after = await desk.world.look(shipment)
    assert (after.poll_note, after.status, await desk.polls_kept(shipment)) == (notes.NOT_MENTIONED, S.PENDING, [])
    assert after.next_poll_at is not None
    assert after.next_poll_at > desk.world.now


async def test_a_part_without_number_is_that_of_the_only_number_asked_for(desk: Polled) -> None:
    """Some carriers do not repeat what they were asked."""
    shipment, now = await desk.ship(), desk.world.now
    desk.sandbox.says[shipment.number] = {**told(shipment.number, ("collected", now)), "number": ""}

    await desk.poll()

    assert (await desk.world.look(shipment)).status is S.IN_TRANSIT
