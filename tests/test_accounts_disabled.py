"""Credentials that a carrier refuses three times in a row disable the account; its owner is told."""

import pytest
from sqlalchemy import select, update

from app import accounts, shops
from app.account_state import state_of
from app.accounts import carrier_accounts
from app.channels.notices import notice_for
from app.demo.stand_ins.base import Fault
from app.outbox.tables import messages
from tests.polled import Polled

REFUSED = Fault(status=401)


async def notices(desk: Polled) -> list[tuple[str, str, str]]:
    """To whom notices of a disabled account go, in which state, and what their letter's subject is."""
    async with desk.world.database.reading() as db:
        rows = await db.all(select(messages).where(messages.c.type == "account_disabled").order_by(messages.c.id))
    return [(row.payload["to"], row.state, notice_for(row.payload)[0]) for row in rows]


async def disabled(desk: Polled) -> None:
    """Let the sandbox refuse three times."""
    desk.sandbox.faults.extend([REFUSED] * 3)
    for _ in range(3):
        await desk.poll(minutes=20)


async def test_three_refusals_in_a_row_disable_the_account_and_tell_its_owner_once(desk: Polled) -> None:
    """After a minute, after ten; then nothing is asked, and the account and its shipments say why."""
    shipment = await desk.ship()
    async with desk.world.database.transaction() as db:
        other = await shops.create(db, desk.world.shop.company_id, "Seconda", staff_mail="second@example.com")
        await shops.create(db, other.company_id, "Terza")  # with nobody to tell
    desk.sandbox.faults.extend([REFUSED] * 3)
    states = []
    for minutes in (0, 2, 11):
        await desk.poll(minutes=minutes)
        account = await desk.account()
        states.append((state_of(account, desk.world.database.now()), account.refusals))
    await desk.poll(hours=24)

    account, after = await desk.account(), await desk.world.look(shipment)
    assert states == [("resting", 1), ("resting", 2), ("disabled", 3)]
    assert len(desk.sandbox.requests) == 3
    assert account.disabled_reason.startswith("3 times in a row the carrier refuses our credentials (401): check")
    assert after.poll_note.startswith("the account is disabled: the carrier refuses our credentials (401)")
    assert (after.lease_until, after.next_poll_at is not None) == (None, True)
    assert sorted(await notices(desk)) == [
        ("second@example.com", "due", "Sandbox rifiuta le credenziali del contratto"),
        ("staff@example.com", "due", "Sandbox rifiuta le credenziali del contratto"),
    ]


async def test_refusals_amid_successes_disable_nothing(desk: Polled) -> None:
    """Each answer begins the count anew."""
    await desk.ship("SANDBOX-STALE-1")
    for _ in range(4):
        desk.sandbox.faults.extend([REFUSED, REFUSED])
        for _ in range(3):
            await desk.poll(hours=7)

    account = await desk.account()
    assert (account.refusals, account.failures, account.disabled_at, await notices(desk)) == (0, 0, None, [])
    assert len(desk.sandbox.requests) == 12


async def test_failures_of_another_kind_neither_count_nor_end_the_count(desk: Polled) -> None:
    """A carrier that was away in between has not taken the credentials."""
    await desk.ship()
    desk.sandbox.faults.extend([REFUSED, Fault(status=503), REFUSED, Fault(status=500), REFUSED])
    for _ in range(5):
        await desk.poll(hours=1)

    account = await desk.account()
    assert (account.refusals, account.disabled_at is not None) == (3, True)


@pytest.mark.parametrize("given", [{"credentials": {}}, {"enabled": True}], ids=["new credentials", "a word"])
async def test_an_account_is_enabled_by_new_credentials_or_by_a_word(desk: Polled, given: dict[str, object]) -> None:
    """What was due is asked about at once."""
    shipment = await desk.ship()
    await disabled(desk)
    async with desk.world.database.transaction() as db:
        [account] = await accounts.of_company(db, desk.world.shop.company_id, "sandbox")
        await accounts.change(db, desk.world.installation.sealer, account, **given)  # type: ignore[arg-type]
    await desk.poll()

    account_row = await desk.account()
    assert (account_row.refusals, account_row.failures, account_row.disabled_at) == (0, 0, None)
    assert (account_row.disabled_reason, account_row.last_error) == ("", "")
    assert ((await desk.world.look(shipment)).poll_note, len(desk.sandbox.requests)) == ("", 4)


async def test_a_new_shipment_goes_by_an_account_that_is_not_disabled(desk: Polled) -> None:
    """The older one, if it works; a disabled one if there is no other."""
    old = await desk.ups_account()
    async with desk.world.database.transaction() as db:
        await db.run(update(carrier_accounts).values(disabled_at=db.now))
    alone = await desk.world.ship("1Z999AA10123456784", "ups")
    new = await desk.ups_account()
    beside = await desk.world.ship("1Z999AA10123456785", "ups")

    assert (alone.account_id, beside.account_id) == (old, new)


async def test_without_anybody_to_tell_the_notice_stands_in_the_ledger(desk: Polled) -> None:
    """Once, under the oldest shop."""
    async with desk.world.database.transaction() as db:
        await shops.change(db, desk.world.shop, staff_mail="")
        await shops.create(db, desk.world.shop.company_id, "Seconda")
    await desk.ship()
    await disabled(desk)

    assert await notices(desk) == [("", "skipped", "Sandbox rifiuta le credenziali del contratto")]
