"""Answers of carriers that come at the same time are taken in together, each by its own leases, for itself."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from app.arrivals.keeping import ArrivalState
from app.demo.stand_ins.sandbox import answer
from app.polling import notes
from app.polling.answers import read_answers
from app.polling.claiming import Batch, claim, due_accounts
from app.polling.taking import MOST, Answered, Answers
from carriers.base import Answer
from carriers.vocabulary import Status
from tests.polled import Polled, told

S = Status


async def claimed(desk: Polled) -> list[Batch]:
    """What is due now, each shipment in a batch of its own, in the order of their numbers."""
    async with desk.world.database.reading() as db:
        [place] = await due_accounts(db)
    async with desk.world.database.transaction() as db:
        batches = await claim(db, *place, 16)
    alone = [Batch(each.account, (one,), each.at, each.probe) for each in batches for one in each.shipments]
    return sorted(alone, key=lambda batch: batch.shipments[0].number)


def said(desk: Polled, batch: Batch, code: str = "delivered") -> Answered:
    """An answer that tells one step of the batch's shipment."""
    now, [shipment] = desk.world.database.now(), batch.shipments
    body = answer([told(shipment.number, (code, now - timedelta(minutes=5)))])
    return Answered(batch, read_answers(batch, [Answer(body, (shipment.number,))], {}, now), now)


def groups(desk: Polled) -> tuple[float, float]:
    """How many groups of answers were committed, and of how many answers."""
    text = desk.world.installation.metrics.text().decode()
    number, total = (
        next(
            line.split()[-1] for line in text.splitlines() if line.startswith(f'nove_group_size_{name}{{kind="answers"')
        )
        for name in ("count", "sum")
    )
    return float(number), float(total)


async def test_answers_of_the_same_moment_are_one_transaction(desk: Polled) -> None:
    """Their events, when they are asked about again and the account's health; beyond twenty begins another group."""
    parcels = [await desk.ship(f"SANDBOX-DELIVERED-{number}") for number in range(MOST + 3)]
    batches, answers = await claimed(desk), Answers(desk.world.installation)

    await asyncio.gather(*(answers.take(said(desk, batch)) for batch in batches))

    after = [await desk.world.look(each) for each in parcels]
    assert groups(desk) == (2, MOST + 3)
    assert {(each.status, each.lease_until, each.poll_note) for each in after} == {(S.DELIVERED, None, "")}
    assert {each.last_polled_at is not None and each.next_poll_at is not None for each in after} == {True}
    assert (await desk.account()).last_success_at is not None


async def test_who_has_lost_a_lease_writes_nothing_and_its_neighbours_all(desk: Polled) -> None:
    """One of three was claimed by another worker while its carrier answered."""
    parcels = [await desk.ship(f"SANDBOX-DELIVERED-{number}") for number in range(3)]
    batches, answers = await claimed(desk), Answers(desk.world.installation)
    await desk.set(parcels[1], lease_number=2)
    theirs = await desk.world.look(parcels[1])

    await asyncio.gather(*(answers.take(said(desk, batch)) for batch in batches))

    after = [await desk.world.look(each) for each in parcels]
    assert [each.status for each in after] == [S.DELIVERED, S.PENDING, S.DELIVERED]
    assert (after[1], await desk.polls_kept(parcels[1])) == (theirs, [])


async def test_of_two_claims_of_one_worker_the_later_counts(desk: Polled) -> None:
    """It claimed the shipment again after its first lease had run out, and both answers come at once."""
    shipment = await desk.ship()
    [early] = await claimed(desk)
    desk.world.pass_time(seconds=31)
    [late] = await claimed(desk)
    answers = Answers(desk.world.installation)

    await asyncio.gather(answers.take(said(desk, early)), answers.take(said(desk, late, "departed")))

    assert ((await desk.world.look(shipment)).status, len(await desk.polls_kept(shipment))) == (S.IN_TRANSIT, 1)


async def test_an_answer_that_breaks_us_does_not_fail_its_neighbours(desk: Polled) -> None:
    """It is kept for a worker to try again, and its shipment asked about at its pace; the others are taken in."""
    parcels = [await desk.ship(f"SANDBOX-DELIVERED-{number}") for number in range(3)]
    batches, answers = await claimed(desk), Answers(desk.world.installation)
    given = [said(desk, batch) for batch in batches]
    [part] = given[1].brought.new
    assert part.parcel is not None
    given[1].brought.new[:] = [replace(part, parcel=part.parcel._replace(eta="tomorrow"))]  # type: ignore[arg-type]

    await asyncio.gather(*(answers.take(each) for each in given))

    after = [await desk.world.look(each) for each in parcels]
    assert [each.status for each in after] == [S.DELIVERED, S.PENDING, S.DELIVERED]
    assert [each.poll_note for each in after] == ["", notes.TRIED_AGAIN, ""]
    assert [(each.lease_until, each.next_poll_at is not None) for each in after] == [(None, True)] * 3
    assert await desk.polls_kept(parcels[1]) == [(ArrivalState.FAILED, "it could not be taken in: AttributeError")]


async def test_accounts_of_several_carriers_are_marked_together(desk: Polled) -> None:
    """One group holds answers of two contracts: each account's success is written, and its failures end."""
    await desk.ups_account()
    mine = await desk.ship()
    other = await desk.world.ship("1Z999AA10123456784", "ups")
    async with desk.world.database.reading() as db:
        places = await due_accounts(db)
    batches = []
    for place in places:
        async with desk.world.database.transaction() as db:
            batches += await claim(db, *place, 1)
    answers, now = Answers(desk.world.installation), desk.world.database.now()
    ups = next(batch for batch in batches if batch.account.carrier == "ups")
    sandbox = next(batch for batch in batches if batch.account.carrier == "sandbox")
    unread = Answered(ups, read_answers(ups, [Answer(b"<", (other.number,))], {}, now), now)

    await asyncio.gather(answers.take(unread), answers.take(said(desk, sandbox)))

    healthy = [(await desk.account(name)).last_success_at is not None for name in ("sandbox", "ups")]
    assert (groups(desk), healthy) == ((1, 2), [True, True])
    assert ((await desk.world.look(mine)).status, (await desk.world.look(other)).poll_note) == (
        S.DELIVERED,
        notes.UNREADABLE,
    )
    assert [state for state, _ in await desk.polls_kept(other)] == [ArrivalState.QUARANTINED]
