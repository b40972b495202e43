"""Codes that stand in no table, as they are met: counted, with the shipments of which they were said."""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.arrivals.tables import sightings, unmapped
from app.bulk import Insert
from app.database import Session
from app.mappings.known import code_of
from app.shipments.history import StoredEvent
from app.shipments.shipment import Shipment

HIDDEN = "…"
LEAST = 3
"""A shorter word of a name or a street is no name by itself."""

_TELLING = re.compile(r"[^\s@<>]+@[^\s@<>]+|(?<!\w)\+?\d[\d ./-]{5,}\d(?!\w)")
"""Addresses of mail, and numbers as long as a telephone's."""


async def count_unmapped(db: Session, strangers: Sequence[tuple[Shipment, Sequence[StoredEvent]]]) -> None:
    """Count codes that stand in no table, given with the shipments they were said of, for a person to look at."""
    counted: dict[tuple[UUID, str, str, str], dict[str, Any]] = {}
    seen: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for shipment, events in strangers:
        for event in events:
            code = code_of(event.code, event.text)
            if not code:  # there are no words to decide on, as of a parcel whose recipient has been forgotten
                continue
            key = shipment.company_id, shipment.carrier, event.list, code
            row = counted.setdefault(key, dict(zip(_CODE, key, strict=True)) | {"count": 0})
            text = anonymous(event.text, shipment)
            row |= {"count": row["count"] + 1, "text": text, "first_seen_at": db.now, "last_seen_at": db.now}
            sighting = *key, shipment.shop_id, shipment.id
            seen.setdefault(sighting, (*sighting, event.context, text, db.now))
    if not counted:
        return
    insert = db.insert(unmapped)
    await db.run(
        insert.on_conflict_do_update(
            index_elements=_CODE,
            set_={
                "count": unmapped.c.count + insert.excluded.count,
                "last_seen_at": insert.excluded.last_seen_at,
                "text": insert.excluded.text,
            },
        ),
        [counted[key] for key in sorted(counted)],
    )
    await _SEE(db, [seen[key] for key in sorted(seen)])


def anonymous(text: str, shipment: Shipment) -> str:
    """A carrier's words without what names anybody: what is known of recipient and buyer, mail, long numbers."""
    words: set[str] = set()
    for person in (shipment.recipient, shipment.buyer):
        for name in ("name", "company", "street", "email", "phone"):
            said = str((person or {}).get(name) or "")
            words |= {said, *said.split()}
    known = sorted((re.escape(word) for word in words if len(word) >= LEAST), key=len, reverse=True)
    if known:
        text = re.sub(rf"(?<!\w)(?:{'|'.join(known)})(?!\w)", HIDDEN, text, flags=re.IGNORECASE)
    return _TELLING.sub(HIDDEN, text)


_CODE = ("company_id", "carrier", "list", "code")
_SEE = Insert(sightings, conflict="DO NOTHING")
