"""A refresh: a shipment asked about at once, at the wish of the shop."""

import pytest
from sqlalchemy import update

from app.accounts import carrier_accounts
from app.errors import Conflict
from app.polling import refresh
from tests.polled import Polled


async def test_a_refresh_is_done_at_once_and_at_most_once_a_minute(desk: Polled) -> None:
    """Asked twice before the poll it is one; within a minute after it, it is none."""

    async def asked() -> bool:
        async with desk.world.database.transaction() as db:
            return await refresh(db, desk.world.installation.sealer, await desk.world.look(shipment))

    shipment = await desk.ship()
    first = await asked()  # a new shipment is due anyhow
    await desk.poll()
    soon = await asked()
    desk.world.pass_time(minutes=2)
    later, again = await asked(), await asked()
    await desk.poll()

    assert (first, soon, later, again) == (True, False, True, True)
    assert len(desk.sandbox.requests) == 2


@pytest.mark.parametrize(
    ("number", "carrier", "posted", "code"),
    [
        ("SANDBOX-STALE-1", "sandbox", {}, "account_disabled"),
        ("ABC123456", "own", {}, "not_polled"),
        ("1Z999AA10123456784", "ups", {}, "no_account"),
        (None, "sandbox", {"sender_reference": "order-1"}, "no_number"),
    ],
)
async def test_a_refresh_that_cannot_be_is_refused_with_the_reason(
    desk: Polled, number: str | None, carrier: str, posted: dict[str, str], code: str
) -> None:
    """Not polled, no account, no number, an account that is disabled."""
    shipment = await desk.world.ship(number, carrier, **posted)  # type: ignore[arg-type]
    if code == "account_disabled":
        async with desk.world.database.transaction() as db:
            await db.run(update(carrier_accounts).values(disabled_at=db.now))

    async with desk.world.database.transaction() as db:
        with pytest.raises(Conflict) as refused:
            await refresh(db, desk.world.installation.sealer, shipment)

    assert refused.value.given_code == code
