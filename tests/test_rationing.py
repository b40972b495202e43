"""A quota of calls a day is rationed: what there is goes where news is the most overdue, and health shows it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from app import backlog, carrier_health
from app.accounts import carrier_accounts
from app.api.carrier_health import QuotaOut
from app.arrivals.keeping import ArrivalSource
from app.intake.scheduling import BACKSTOP
from app.ration import Ration
from app.shipments.shipment import Shipment
from carriers import carrier
from carriers.sandbox import Sandbox
from carriers.vocabulary import Status
from tests.building import event
from tests.polled import Polled, hours

DAY = datetime(2026, 3, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox takes a number a call."""
    monkeypatch.setattr(Sandbox, "batch_size", 1)


async def allowed(desk: Polled, quota: int) -> None:
    """Give the account so many calls a day."""
    async with desk.world.database.transaction() as db:
        await db.run(update(carrier_accounts).values(daily_quota=quota, rationed_until=None))


async def parcels(desk: Polled, number: int) -> list[Shipment]:
    """So many parcels."""
    return [await desk.ship(f"SANDBOX-STALE-{index}") for index in range(number)]


def asked(desk: Polled) -> list[str]:
    """The numbers that the carrier was asked about."""
    return [found for request in desk.sandbox.requests for found in re.findall("number=([^&]*)", request)]


async def quota(desk: Polled) -> dict[str, Any]:
    """What is told of the account's quota."""
    async with desk.world.database.reading() as db:
        [account] = await carrier_health.of_carrier(
            db, desk.world.installation.tally, desk.world.shop.company_id, "sandbox", db.now
        )
    return QuotaOut.model_validate(account.quota).model_dump() if account.quota else {}


@pytest.mark.parametrize(
    ("hour", "used", "left", "next_hour"),
    [(0, 0, 25, 0), (0, 25, 0, 1 / 9), (12, 0, 137, 0), (12, 137, 0, 12 + 0.5 / 9 * 0.96), (23.999, 250, 0, 24)],
)
def test_a_tenth_at_once_and_the_rest_as_the_day_goes_on(hour: float, used: int, left: int, next_hour: float) -> None:
    """Of 250; what is not used is kept; the quota is never more than it is."""
    ration = Ration(250, used, DAY)

    assert ration.left(DAY + hours(hour)) == left
    at = ration.next_at()
    assert ration.left(at) >= 1 or used == 250
    assert abs(at - DAY - hours(next_hour)) < timedelta(minutes=10)


async def test_no_more_calls_go_out_than_the_ration_allows(desk: Polled) -> None:
    """At nine, 44 % of a quota of 20 may be spent; the others wait, and the day's calls are within the quota."""
    await parcels(desk, 30)
    await allowed(desk, 20)
    await desk.poll()
    at_nine, told = len(asked(desk)), await quota(desk)
    for _ in range(28):
        await desk.poll(minutes=31)
    by_midnight = len(asked(desk))
    await desk.poll(minutes=60)

    assert (at_nine, by_midnight, len(asked(desk))) == (8, 19, 21)
    assert told["next_at"] is not None
    assert {name: told[name] for name in ("limit", "own", "used", "now", "due", "short")} == {
        "limit": 20,
        "own": True,
        "used": 8,
        "now": 0,
        "due": 22,
        "short": True,
    }
    assert told["resets_at"].hour == 0
    async with desk.world.database.reading() as db:
        assert (await backlog.look(db)).quotas == {"sandbox": 0.1}


async def test_the_most_overdue_news_is_asked_for_first(desk: Polled) -> None:
    """A parcel never asked about, then one out for delivery for an hour, then one in transit for four hours."""
    waiting, moving, coming, new = await parcels(desk, 4)
    await allowed(desk, 6)
    now = desk.world.database.now()
    for shipment, status, ago in (
        (waiting, Status.AVAILABLE_FOR_PICKUP, 13),
        (moving, Status.IN_TRANSIT, 4),
        (coming, Status.OUT_FOR_DELIVERY, 1),
    ):
        since = now - hours(ago)
        await desk.set(shipment, status=status.value, last_polled_at=since, next_poll_at=since + hours(0.1))
    await desk.poll()

    assert sorted(asked(desk)) == sorted([new.number, coming.number])


async def test_an_account_without_quota_or_with_enough_asks_the_oldest_due(desk: Polled) -> None:
    """Nothing is counted, nothing ranked."""
    await parcels(desk, 3)
    await desk.poll()
    before, row = len(asked(desk)), await desk.account()
    await allowed(desk, 100_000)
    await desk.poll(hours=7)

    after = await desk.account()
    assert (before, await quota(desk) != {}, row.spent, row.rationed_until) == (3, True, 0, None)
    assert (len(asked(desk)), after.spent, after.rationed_until) == (6, 3, None)


def test_the_quotas_that_carriers_give_to_begin_with() -> None:
    """As their sheets say."""
    assert [carrier(slug).daily_quota for slug in ("dhl_unified", "gls_group", "fedex", "ups")] == [
        *(250, 500, 100_000, None)
    ]


async def test_a_parcel_whose_news_is_pushed_is_asked_about_as_a_backstop(desk: Polled) -> None:
    """Every twelve hours while pushes come; as any other when none has for three days."""
    await desk.ups_account()
    shipment = await desk.world.ship("1Z999AA10123456784", "ups")
    await desk.poll()
    polled_only = await desk.world.look(shipment)
    await desk.world.say(shipment, event(Status.IN_TRANSIT, at=desk.world.now), source=ArrivalSource.HOOK)
    await desk.poll(hours=7)
    pushed = await desk.world.look(shipment)
    later = await desk.world.say(shipment, event(Status.IN_TRANSIT, at=desk.world.now, code="next"))
    await desk.set(shipment, next_poll_at=desk.world.now + hours(73))
    await desk.poll(hours=73)
    quiet = await desk.world.look(shipment)

    notes = [each.poll_note for each in (polled_only, pushed, later, quiet)]
    assert notes == ["", BACKSTOP, BACKSTOP, ""]
    assert pushed.next_poll_at is not None
    assert pushed.last_polled_at is not None
    assert pushed.next_poll_at >= pushed.last_polled_at + hours(12)
