"""Notices: what a shop's staff is told of how the service itself does, as messages of the outbox.

No rule asks for them and no rule switches them off. Each has a cause, and for one cause there is one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from app.database import Session, new_id
from app.outbox.tables import messages
from app.shops import Shop
from app.triggers import Audience, NotSent

Kind = Literal["import_digest", "messages_held", "endpoint_failing", "endpoint_disabled", "account_disabled"]
"""What a notice is about; `app.channels.notices` has the facts of each."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice about a shipment, an endpoint or a run of imports; `cause` sets it apart from others about the same."""

    kind: Kind
    about: UUID
    cause: str
    facts: Mapping[str, Any]
    version: int = 0


async def put(db: Session, shop: Shop, notices: Sequence[Notice]) -> None:
    """Put notices, due at once; none that was put before."""
    if notices:
        await db.run(db.insert(messages).on_conflict_do_nothing(), [row_of(db, shop, each) for each in notices])


def row_of(db: Session, shop: Shop, notice: Notice) -> dict[str, Any]:
    """The row of a notice; without an address of the staff it only stands in the ledger."""
    return {
        "company_id": shop.company_id,
        "id": new_id(),
        "shop_id": shop.id,
        "shipment_id": notice.about,
        "target": f"notice:{notice.kind}",
        "cause": notice.cause,
        "channel": "email",
        "audience": Audience.STAFF.value,
        "type": notice.kind,
        "version": notice.version,
        "payload": {
            "notice": notice.kind,
            "to": shop.staff_mail,
            "locale": shop.locale,
            "timezone": shop.timezone,
            "shop_name": shop.name,
            **notice.facts,
        },
        "state": "due" if shop.staff_mail else "skipped",
        "reason": "" if shop.staff_mail else NotSent.NO_ADDRESS.value,
        "due_at": db.now if shop.staff_mail else None,
        "created_at": db.now,
    }
