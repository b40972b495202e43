"""What has been erased is remembered by digests alone, so that nothing brings it back: no late event, no re-import.

The digests are keyed with the secret key: who has the database alone can try no numbers on them. A shipment that the
shop deleted may be posted anew; one that was erased at a person's request may not, unless what is posted was shipped
or ordered after the erasure.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Column, Table, delete, func, select, tuple_

from app.database import HexKey, Id, Instant, Session, metadata
from app.errors import Gone
from app.sealing import Sealer

AT_ONCE = 1_000

tombstones = Table(
    "tombstones",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("hash", HexKey, primary_key=True),
    Column("created_at", Instant, nullable=False),
    # Whether it was a person's wish, which a shop cannot undo by posting the parcel anew.
    Column("person", Boolean, nullable=False, server_default="0"),
)

Name = tuple[UUID, str, str]
"""Of a parcel: company, carrier, number."""


def number_mark(carrier: str, number: str) -> str:
    """What stands for a parcel's number."""
    return f"number\x1f{carrier}\x1f{number}"


def body_name(digest: str) -> str:
    """What a body that tells of no parcel goes by, in the place of a number."""
    return f"body {digest}"


def reference_mark(carrier: str, reference: str) -> str:
    """What stands for a parcel by the sender's reference."""
    return f"reference\x1f{carrier}\x1f{reference}"


def order_mark(shop_id: UUID, reference: str) -> str:
    """What stands for an order."""
    return f"order\x1f{shop_id}\x1f{reference}"


async def mark(db: Session, sealer: Sealer, company_id: UUID, texts: Iterable[str], *, person: bool) -> None:
    """Remember what these texts stand for as erased."""
    rows = [
        {"company_id": company_id, "hash": digest, "created_at": db.now, "person": person}
        for digest in sorted({sealer.marks(text)[0] for text in texts})
    ]
    if not rows:
        return
    insert = db.insert(tombstones)
    # A person's wish stays one.
    changed = {"created_at": insert.excluded.created_at, **({"person": True} if person else {})}
    await db.run(insert.on_conflict_do_update(index_elements=["company_id", "hash"], set_=changed), rows)


async def erased(db: Session, sealer: Sealer, named: Iterable[Name]) -> set[Name]:
    """Those of these parcels that have been erased."""
    marks = {(each[0], digest): each for each in named for digest in sealer.marks(number_mark(each[1], each[2]))}
    found: set[Name] = set()
    for start in range(0, len(marks), AT_ONCE):
        some = list(marks)[start : start + AT_ONCE]
        identity = tuple_(tombstones.c.company_id, tombstones.c.hash)
        rows = await db.all(select(tombstones.c.company_id, tombstones.c.hash).where(identity.in_(some)))
        found |= {marks[row.company_id, row.hash] for row in rows}
    return found


async def lacking(db: Session, sealer: Sealer, company_id: UUID, texts: Iterable[str]) -> set[tuple[object, ...]]:
    """The names of those that are not erased, by which neither `revive` nor `refuse_erased` asks again."""
    digests = sorted({digest for text in texts for digest in sealer.marks(text)})
    found: set[str] = set()
    for start in range(0, len(digests), AT_ONCE):
        these = tombstones.c.company_id == company_id, tombstones.c.hash.in_(digests[start : start + AT_ONCE])
        found |= {row.hash for row in await db.all(select(tombstones.c.hash).where(*these))}
    return {(tombstones, company_id, digest) for digest in digests if digest not in found}


def _not_lacking(db: Session, company_id: UUID, digests: Iterable[str]) -> list[str]:
    return [digest for digest in digests if not db.beforehand.lacks(tombstones, company_id, digest)]


async def revive(db: Session, sealer: Sealer, company_id: UUID, carrier: str, number: str) -> None:
    """The shop has posted the number anew: its events are wanted again."""
    digests = _not_lacking(db, company_id, sealer.marks(number_mark(carrier, number)))
    if not digests:
        return
    await db.run(delete(tombstones).where(tombstones.c.company_id == company_id, tombstones.c.hash.in_(digests)))


async def refuse_erased(
    db: Session, sealer: Sealer, company_id: UUID, texts: Sequence[str], moments: Sequence[datetime | None]
) -> None:
    """Gone if a person had one of these erased, unless one of the moments (shipped, ordered) is later than that."""
    digests = _not_lacking(db, company_id, (digest for text in texts for digest in sealer.marks(text)))
    if not digests:
        return
    theirs = tombstones.c.company_id == company_id, tombstones.c.hash.in_(digests), tombstones.c.person
    at = await db.value(select(func.max(tombstones.c.created_at, type_=Instant())).where(*theirs))
    if at is None:
        return
    if not any(moment is not None and moment > at for moment in moments):
        raise Gone(
            "This was erased at a person's request and is not taken again. If it is another parcel under a number that "
            "is used again, or another order, say so by a `shipped_at` or `placed_at` after the erasure "
            f"({at:%Y-%m-%d %H:%M} UTC).",
            code="erased",
        )
    await db.run(delete(tombstones).where(*theirs))
