"""Asking at once: a person wants to know, and does not want to wait for the next poll."""

from datetime import timedelta

from sqlalchemy import or_, select, update

from app.accounts import carrier_accounts
from app.database import Session
from app.errors import Conflict
from app.sealing import Sealer
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments
from app.standing_in import standing_in
from carriers import carriers

AT_MOST_EVERY = timedelta(seconds=60)


async def refresh(db: Session, sealer: Sealer, shipment: Shipment) -> bool:
    """Let the shipment be polled at once, unless it was within the last minute; whether a poll is due now.

    Conflict if it cannot be polled at all. Several requests before the poll are one.
    """
    carrier = carriers().get(shipment.carrier)
    if carrier is None or not (carrier.polls or shipment.next_poll_at):  # else an aggregator is asked
        name = carrier.name if carrier else shipment.carrier
        raise Conflict(f"{name} cannot be asked: it pushes its events, or the shop posts them.", code="not_polled")
    if shipment.account_id is None:
        raise Conflict(
            f"There is no account with {carrier.name} to ask by: add one with POST /v1/accounts.", code="no_account"
        )
    mine = carrier_accounts.c.company_id == shipment.company_id, carrier_accounts.c.id == shipment.account_id
    disabled = await db.value(select(carrier_accounts.c.disabled_at).where(*mine)) is not None
    place = shipment.account_id, shipment.carrier
    if disabled and not (shipment.tracking_number and place in await standing_in(db, sealer, *mine)):
        raise Conflict(
            f"The account that {carrier.name} is asked by is disabled: enter its credentials anew, or enable it "
            f"(PATCH /v1/accounts/{shipment.account_id}).",
            code="account_disabled",
        )
    if not shipment.tracking_number and not carrier.resolves:
        raise Conflict(
            f"The shipment has no tracking number yet, and {carrier.name} cannot be asked for it: send it with "
            f"PATCH /v1/shipments/{shipment.id}.",
            code="no_number",
        )
    if shipment.next_poll_at is not None and shipment.next_poll_at <= db.now:
        return True
    recently = db.now - AT_MOST_EVERY / shipment.speed
    changed = await db.run(
        update(shipments)
        .where(
            shipments.c.company_id == shipment.company_id,
            shipments.c.id == shipment.id,
            or_(shipments.c.last_polled_at.is_(None), shipments.c.last_polled_at <= recently),
        )
        .values(next_poll_at=db.now)
    )
    return bool(changed)
