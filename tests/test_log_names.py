"""Lines of the log name the account and the shipment that they are about, whoever writes them."""

import structlog
from structlog.testing import capture_logs

from app.database import Database
from tests.polled import polled


async def test_a_poll_that_fails(database: Database) -> None:
    """Which account, and which shipment if it is about one alone; the next poll's lines name its own."""
    structlog.contextvars.clear_contextvars()
    async with polled(database, call_seconds=0.2) as here:
        shipment = await here.ship()
        here.sandbox.gate.clear()
        with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
            await here.poll(minutes=1)
        account = await here.account()

    assert [(line["event"], line["account_id"], line["shipment"]) for line in lines if "shipment" in line] == [
        ("a carrier fails", str(account.id), str(shipment.id))
    ]
    assert structlog.contextvars.get_contextvars() == {}
