"""What is handed to a channel for a claimed letter, or why it does not leave after all."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.channels.base import Outgoing
from app.database import Session
from app.installation import Installation
from app.outbox import digests, rules
from app.outbox.leasing import Claimed
from app.outbox.reasons import NotDelivered
from app.shipments.tables import shipments
from app.shops import get as get_shop
from app.triggers import still_holds


@dataclass(frozen=True, slots=True)
class Aside:
    """A claimed message that does not leave: its state and reason, or when it is due again."""

    state: str
    reason: str = ""
    due_at: datetime | None = None


async def letter(here: Installation, db: Session, row: Claimed, *, mail: bool) -> Outgoing | Aside:
    """A letter is checked once more before it leaves: it may no longer be true, or wanted. `mail`: a server is set."""
    if row.rule_id is None:
        return await _notice(here, db, row, mail=mail)
    present = await db.first(
        select(shipments.c.status, shipments.c.sub_status, shipments.c.decided_at).where(
            shipments.c.company_id == row.company_id, shipments.c.id == row.shipment_id
        )
    )
    mine = {rule.id: rule for rule in await rules.of_shop(db, row.company_id, row.shop_id)}
    rule = mine.get(str(row.rule_id))
    if present is None or rule is None or not rule.enabled:
        return Aside("cancelled", NotDelivered.RULE_OFF)
    why_not = still_holds(rule, present.status, present.sub_status, present.decided_at, db.now)
    if why_not is not None:
        return Aside("cancelled", why_not)
    if not mail:
        return Aside("skipped", NotDelivered.NO_MAIL_SERVER)
    return Outgoing(row.id, row.payload["to"], row.payload, (), row.payload["sender"], row.attempts + 1)


async def _notice(here: Installation, db: Session, row: Claimed, *, mail: bool) -> Outgoing | Aside:
    """A notice goes to the shop as it is; a digest is written now."""
    if not mail:
        return Aside("skipped", NotDelivered.NO_MAIL_SERVER)
    facts = await digests.contents(here, db, row) if row.type == "import_digest" else {}
    if facts is None:
        return Aside("due", due_at=db.now + digests.WAIT)
    shop = await get_shop(db, row.company_id, row.shop_id)
    sender = shop.mail_from or here.settings.mail_from
    return Outgoing(row.id, row.payload["to"], {**row.payload, **facts}, (), sender, row.attempts + 1)
