"""A carrier that fails is asked less, by account; the shipment keeps what it has and says what is the matter."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import update

from app.accounts import carrier_accounts
from app.arrivals.keeping import ArrivalState
from app.database import Database
from app.demo.stand_ins.base import Fault
from app.polling import notes
from app.polling.health import BACK_OFF, LONGEST
from carriers.base import Account, Answer
from carriers.event import Parcel
from carriers.sandbox import Sandbox
from carriers.vocabulary import Status
from tests.polled import Polled, hours, polled

S = Status


async def health(desk: Polled) -> tuple[int, timedelta | None, str]:
    """Failures in a row, for how long the account is shut, and the last error."""
    row = await desk.account()
    return row.failures, row.open_until and row.open_until - desk.world.database.now(), row.last_error


def about(span: timedelta | None, seconds: float) -> bool:
    """Whether a span is this long, but for a few seconds and a tenth of jitter."""
    return span is not None and seconds - 10 <= span.total_seconds() <= seconds * 1.1 + 1


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault(status=500), "the carrier failed (500)"),
        (Fault(status=200, body=b'{"carrier":"sand', half=True), "no answer"),
        (Fault(status=302, headers={"location": "http://127.0.0.1:1/"}), "the carrier redirects (302)"),
    ],
    ids=["5xx", "half an answer", "redirect"],
)
async def test_a_carrier_that_does_not_answer_is_left_alone_for_half_a_minute(
    desk: Polled, fault: Fault, says: str
) -> None:
    """Nothing is stored; the shipment says why, and is asked about when the circuit is half open."""
    shipment = await desk.ship()
    desk.sandbox.faults.append(fault)

    await desk.poll(hours=1)
    await desk.poll(seconds=5)

    failures, shut, error = await health(desk)
    after = await desk.world.look(shipment)
    assert (failures, len(desk.sandbox.requests), await desk.kept()) == (1, 1, 0)
    assert about(shut, 30)
    assert error.startswith(says)
    assert after.poll_note.startswith(says)
    assert (after.status, after.lease_until, after.last_polled_at) == (S.PENDING, None, None)
    assert after.next_poll_at == (await desk.account()).open_until


async def test_a_call_ends_after_its_time_whatever_the_carrier_does(database: Database) -> None:
    """The hard limit is a failure like another."""
    async with polled(database, call_seconds=0.3) as desk:
        shipment = await desk.ship()
        desk.sandbox.gate.clear()

        await desk.poll(hours=1)

        after = await desk.world.look(shipment)
        assert (await health(desk))[0::2] == (1, "no complete answer within 0.3 s")
        assert (after.status, after.lease_until) == (S.PENDING, None)


async def test_the_wait_doubles_up_to_an_hour_and_one_success_ends_it(desk: Polled) -> None:
    """30 s, 1 min, 2 min, … each after a single probe; then the carrier is well and everything is asked again."""
    parcels = [await desk.ship(f"SANDBOX-DELIVERED-{number}") for number in range(3)]
    desk.sandbox.faults.extend([Fault(status=503)] * 9)
    waits = []
    for _ in range(9):
        await desk.poll(hours=1.2)
        _, shut, _ = await health(desk)
        assert shut is not None
        waits.append(shut)

    expected = [min(BACK_OFF * 2**n, LONGEST).total_seconds() for n in range(9)]
    assert [about(wait, seconds) for wait, seconds in zip(waits, expected, strict=True)] == [True] * 9
    assert (len(desk.sandbox.requests), (await health(desk))[0]) == (9, 9)

    await desk.poll(hours=1.2)
    assert (await health(desk))[:2] == (0, None)
    assert {(await desk.world.look(each)).status for each in parcels} == {S.IN_TRANSIT}


async def test_calls_that_fail_together_count_once(desk: Polled) -> None:
    """Three under way when the carrier went away: one failure, one wait."""
    for number in range(45):
        await desk.ship(f"SANDBOX-DELIVERED-{number}")
    desk.sandbox.faults.extend([Fault(status=503)] * 3)

    await desk.poll(hours=1)

    failures, shut, _ = await health(desk)
    assert (failures, about(shut, 30)) == (1, True)


async def test_while_half_open_one_call_goes_out(desk: Polled) -> None:
    """Of many due shipments one batch is the probe; the others wait for its answer."""
    for number in range(45):
        await desk.ship(f"SANDBOX-DELIVERED-{number}")
    async with desk.world.database.transaction() as db:
        await db.run(update(carrier_accounts).values(failures=3, open_until=db.now))
    desk.world.pass_time(hours=1)
    desk.sandbox.gate.clear()

    tick = asyncio.create_task(desk.poller.tick())
    await desk.sandbox.asked.wait()
    await tick
    during = len(desk.sandbox.requests), (await health(desk))[1]
    desk.sandbox.gate.set()
    await desk.poller.idle()
    await desk.poll()

    assert during[0] == 1
    assert about(during[1], 30)
    assert (len(desk.sandbox.requests), (await health(desk))[:2]) == (3, (0, None))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"retry-after": "120"}, 120), ({}, 60), ({"retry-after": "86400"}, 3600)],
    ids=["as long as it says", "a minute if it does not say", "an hour at most"],
)
async def test_a_carrier_that_limits_us_is_waited_for(desk: Polled, headers: Mapping[str, str], seconds: float) -> None:
    """429: no failure, a wait."""
    shipment = await desk.ship()
    desk.sandbox.faults.append(Fault(status=429, headers=headers))

    await desk.poll(hours=1)
    failures, shut, error = await health(desk)
    await desk.poll(seconds=seconds + 1)

    assert (failures, error) == (0, "the carrier limits our calls (429)")
    assert about(shut, seconds)
    assert (await desk.world.look(shipment)).status is S.AWAITING_PICKUP
    assert (await health(desk))[:2] == (0, None)


async def test_refused_credentials_are_tried_again_after_a_minute(desk: Polled) -> None:
    """The account says what to do: the carrier may be mistaken, once."""
    shipment = await desk.ship()
    desk.sandbox.faults.append(Fault(status=403))

    await desk.poll(hours=1)

    failures, shut, error = await health(desk)
    assert (failures, about(shut, 60)) == (1, True)
    assert "enter them again (PATCH /v1/accounts/" in error
    assert "enter them again" in (await desk.world.look(shipment)).poll_note


async def test_credentials_that_cannot_be_opened_are_the_accounts_fault(desk: Polled) -> None:
    """Sealed under another key: the account says so, and nothing is asked."""
    await desk.ship()
    async with desk.world.database.transaction() as db:
        await db.run(update(carrier_accounts).values(credentials=b"not sealed by us"))

    await desk.poll(hours=1)

    failures, shut, error = await health(desk)
    assert (failures, about(shut, 60), desk.sandbox.requests) == (1, True, [])
    assert error.startswith("the stored credentials cannot be used: ")


async def test_a_number_that_spoils_the_question_is_asked_about_alone(desk: Polled) -> None:
    """A batch is refused: each number is asked about by itself at once, and the bad one ever after."""
    good, bad = await desk.ship("SANDBOX-DELIVERED-1"), await desk.ship("SANDBOX-DELIVERED-2")
    desk.sandbox.faults.extend([Fault(status=400), Fault(status=400)])

    await desk.poll(hours=1)
    await desk.poll(seconds=1)

    first = [await desk.world.look(each) for each in (good, bad)]
    refused = next(each for each in first if each.poll_note)
    assert len(desk.sandbox.requests) == 3
    assert sorted(each.status for each in first) == [S.AWAITING_PICKUP, S.PENDING]
    assert refused.poll_note == notes.refused("the carrier refuses the request (400)")
    assert refused.next_poll_at is not None
    assert refused.next_poll_at - desk.world.now > hours(0.9)
    assert (await health(desk))[:2] == (0, None)

    await desk.poll(hours=7)
    assert len(desk.sandbox.requests) == 5
    assert {(await desk.world.look(each)).poll_note for each in (good, bad)} == {""}


async def test_an_unreadable_answer_is_kept_once_and_asked_for_again_at_its_pace(desk: Polled) -> None:
    """Quarantined with the reason; the same page an hour later is the same page."""
    shipment = await desk.ship()
    desk.sandbox.raw = b"<html>We are closed for maintenance</html>"
    await desk.poll()
    await desk.poll(hours=1.2)
    after, kept = await desk.world.look(shipment), await desk.polls_kept(shipment)
    desk.sandbox.raw = None

    await desk.poll(hours=1.2)

    assert (after.poll_note, after.status) == (notes.UNREADABLE, S.PENDING)
    assert [state for state, _ in kept] == [ArrivalState.QUARANTINED]
    assert kept[0][1]
    assert len(desk.sandbox.requests) == 3
    mended = await desk.world.look(shipment)
    assert (mended.status, mended.poll_note) == (S.AWAITING_PICKUP, "")


async def test_an_adapter_that_breaks_on_an_answer_loses_nothing(desk: Polled, monkeypatch: pytest.MonkeyPatch) -> None:
    """The body is kept as failed, for a worker to try again; the shipment is asked about at its pace."""
    shipment = await desk.ship()

    def broken(self: Sandbox, body: bytes) -> list[Parcel]:
        raise KeyError("surprise")

    with monkeypatch.context() as patch:
        patch.setattr(Sandbox, "parse", broken)
        await desk.poll(hours=1)

    after = await desk.world.look(shipment)
    assert await desk.polls_kept(shipment) == [(ArrivalState.FAILED, "the adapter broke: KeyError")]
    assert (after.poll_note, after.status) == (notes.TRIED_AGAIN, S.PENDING)
    assert after.next_poll_at is not None
    assert after.next_poll_at > desk.world.now


async def test_an_adapter_that_breaks_while_asking_holds_up_nobody(
    desk: Polled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shipment says that it is our fault, and is asked about at its pace."""
    shipment = await desk.ship()

    async def broken(self: Sandbox, http: AsyncClient, account: Account, numbers: Any) -> list[Answer]:
        raise KeyError("surprise")

    with monkeypatch.context() as patch:
        patch.setattr(Sandbox, "fetch", broken)
        await desk.poll(hours=1)

    after = await desk.world.look(shipment)
    assert (after.poll_note, after.lease_until, (await health(desk))[:2]) == (notes.INTERNAL, None, (0, None))
    assert after.next_poll_at is not None
    assert after.next_poll_at > desk.world.now


async def test_a_number_the_carrier_fails_on_does_not_hold_up_the_others(desk: Polled) -> None:
    """It answered others a moment ago: after the failure they go first, and the number waits its ten minutes."""
    await desk.ups_account()
    good = await desk.world.ship("1Z999AA10123456784", "ups")
    await desk.poll(hours=1)
    bad = await desk.world.ship("1Z999AA10123456785", "ups")
    desk.ups.faults.append(Fault(status=500))
    await desk.poll(minutes=1)

    after = await desk.world.look(bad)
    assert after.next_poll_at is not None
    assert hours(9 / 60) <= after.next_poll_at - desk.world.now <= hours(10.1 / 60)
    assert (await desk.world.look(good)).status is S.AWAITING_PICKUP
