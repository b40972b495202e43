"""The sandbox pushes half of its numbers by real HTTP, signed, each step as it falls due."""

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from zlib import crc32

import pytest

from app import accounts
from app.accounts import CarrierAccount
from app.demo.stand_ins.sandbox import sandbox_push
from app.polling.sandbox_pushes import SandboxPushes
from carriers.sandbox import Sandbox
from tests.polled import Polled


@pytest.fixture
async def pushes(desk: Polled) -> AsyncIterator[SandboxPushes]:
    """What pushes."""
    pushes = SandboxPushes(desk.world.installation)
    yield pushes
    await pushes.close()


def number(*, even: bool) -> str:
    """A number that is pushed, or one that is not."""
    return next(name for n in range(100) if (crc32((name := f"SANDBOX-DELIVERED-{n}").encode()) % 2 == 0) == even)


async def test_each_step_is_pushed_once_to_the_accounts_hook_and_signed(desk: Polled, pushes: SandboxPushes) -> None:
    """What fell due since the last look, verified by the carrier's own rules; the other half is not pushed."""
    pushed, silent = number(even=True), number(even=False)
    await desk.ship(pushed)
    await desk.ship(silent)
    counts = []
    for hours in (0.2, 0.4, 0.1, 5, 20):
        desk.world.pass_time(hours=hours)
        counts.append(await pushes.tick())

    account = CarrierAccount(**(await desk.account())._mapping)
    sealer, settings = desk.world.installation.sealer, desk.world.installation.settings
    carrier, secrets = Sandbox(), accounts.secrets_of(sealer, account)
    said = [carrier.parse(body)[0] for _, _, body in desk.sandbox.pushed]
    verified = [carrier.verify(headers, body, secrets).message_id for _, headers, body in desk.sandbox.pushed]
    assert counts == [0, 1, 0, 1, 1]
    assert {url for url, _, _ in desk.sandbox.pushed} == {accounts.hook_url(sealer, account, settings.public_url)}
    assert [(parcel.number, parcel.events[0].code) for parcel in said] == [
        (pushed, "registered"),
        (pushed, "collected"),
        (pushed, "at_depot"),
    ]
    assert verified == [f"{pushed}.{nth}" for nth in (0, 1, 4)]


async def test_a_hook_that_is_away_or_refuses_stops_nothing(desk: Polled, pushes: SandboxPushes) -> None:
    """The push is lost, the next goes out: a poll tells the step in its time."""
    await desk.ship(number(even=True))
    desk.sandbox.hook_status = 500
    desk.world.pass_time(hours=1)
    await pushes.tick()
    desk.sandbox.hook_status = 200
    desk.world.pass_time(hours=5)

    await pushes.tick()

    assert len(desk.sandbox.pushed) == 2
    assert desk.sandbox.requests[0].startswith("POST /hooks/sandbox/")


async def test_a_journey_that_is_over_is_not_looked_at_any_more(desk: Polled, pushes: SandboxPushes) -> None:
    """Weeks later nothing is pushed."""
    await desk.ship(number(even=True))
    desk.world.pass_time(days=30)
    first = await pushes.tick()
    desk.world.pass_time(days=1)

    assert (first, await pushes.tick()) == (1, 0)


async def test_it_looks_as_often_as_is_worth_a_query(desk: Polled, pushes: SandboxPushes) -> None:
    """A step is pushed a minute late at most; one that fell due between two looks is pushed by the next."""
    await desk.ship(number(even=True))
    desk.world.pass_time(hours=0.495)
    counts = [await pushes.tick()]
    for seconds in (20, 20, 20):
        desk.world.pass_time(seconds=seconds)
        counts.append(await pushes.tick())

    assert counts == [0, 0, 0, 1]


async def test_a_step_told_late_is_pushed_when_it_is_told(desk: Polled, pushes: SandboxPushes) -> None:
    """The steps of a DISORDER journey are pushed as they come to light, whenever that is."""
    disorder = next(name for n in range(100) if crc32((name := f"SANDBOX-DISORDER-{n}").encode()) % 2 == 0)
    await desk.ship(disorder)
    due = []
    for _ in range(70):
        desk.world.pass_time(hours=1)
        due.append(await pushes.tick())

    now = desk.world.now
    start = now - timedelta(hours=70)
    told = [sandbox_push(disorder, start, 1, start + timedelta(hours=hours), "secret") for hours in range(71)]
    names = [each and each.headers["sandbox-id"] for each in told]
    assert due == [int(after != before) for before, after in pairwise(names)]
    assert sum(due) > 1


async def test_an_account_too_slow_for_the_calendar_holds_up_no_other(desk: Polled, pushes: SandboxPushes) -> None:
    """Its journeys never take a step; those of other accounts are pushed."""
    shipment = await desk.ship(number(even=True))
    async with desk.world.database.transaction() as db:
        await accounts.add(
            db,
            desk.world.installation.sealer,
            shipment.company_id,
            "sandbox",
            public_url="https://nove.example",
            credentials={"speed": 1e-300},
        )
    desk.world.pass_time(hours=1)

    assert await pushes.tick() == 1
