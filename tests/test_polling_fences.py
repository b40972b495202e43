"""What was claimed by another meanwhile is not written; a stop gives back what was not begun."""

from datetime import timedelta

from app.demo.stand_ins.base import Fault
from app.polling import Poller
from app.shipments.shipment import Shipment
from carriers.vocabulary import Status
from tests.polled import Polled

S = Status


async def health(desk: Polled) -> tuple[int, timedelta | None, str]:
    """Failures in a row, for how long the account is shut, and the last error."""
    row = await desk.account()
    return row.failures, row.open_until and row.open_until - desk.world.database.now(), row.last_error


async def takeover(desk: Polled, shipment: Shipment) -> Shipment:
    """Another worker claims the shipment: the lease gets another number."""
    now = await desk.world.look(shipment)
    await desk.set(shipment, lease_number=now.lease_number + 1)
    return await desk.world.look(shipment)


async def test_what_was_taken_over_while_asking_is_not_written(desk: Polled) -> None:
    """Two shipments of one answer; another worker has taken one: of that nothing is written, of the other all."""
    lost, ours = await desk.ship("SANDBOX-DELIVERED-1"), await desk.ship("SANDBOX-DELIVERED-2")
    desk.world.pass_time(hours=1)
    desk.sandbox.gate.clear()
    await desk.poller.tick()
    await desk.sandbox.asked.wait()
    theirs = await takeover(desk, lost)
    desk.sandbox.gate.set()
    await desk.poller.idle()

    assert await desk.world.look(lost) == theirs
    assert await desk.polls_kept(lost) == []
    assert (await desk.world.look(ours)).status is S.AWAITING_PICKUP


async def test_what_was_taken_over_while_the_carrier_failed_is_not_written(desk: Polled) -> None:
    """The account's health is written, the shipment is not ours any more."""
    shipment = await desk.ship()
    desk.sandbox.faults.append(Fault(status=500, hang=0.2))
    await desk.poller.tick()
    theirs = await takeover(desk, shipment)
    await desk.poller.idle()

    assert await desk.world.look(shipment) == theirs
    assert (await health(desk))[0] == 1


async def test_a_stop_gives_back_what_has_not_been_asked_about(desk: Polled) -> None:
    """A call under way is finished; one whose turn has not come is given back at once."""
    await desk.ups_account()
    first = await desk.world.ship("1Z999AA10123456784", "ups")
    second = await desk.world.ship("1Z999AA10123456785", "ups")
    poller = Poller(desk.world.installation)
    desk.world.pass_time(hours=1)

    await poller.tick()
    await desk.ups_asked()
    await poller.close()

    done, waiting = [await desk.world.look(each) for each in (first, second)]
    assert (done.status, waiting.status) == (S.AWAITING_PICKUP, S.PENDING)
    assert (done.lease_until, waiting.lease_until, waiting.lease_number) == (None, None, 1)
    assert waiting.next_poll_at == second.next_poll_at
    assert await poller.tick() == 0
