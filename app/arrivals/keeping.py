"""Keeping raw bodies: compressed, once for each content, with a row for each parcel's part."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any, NamedTuple
from uuid import UUID

import zstandard
from sqlalchemy import Row, Select, bindparam, delete, func, select

from app.arrivals.tables import arrivals, bodies
from app.bulk import Fetch, Insert, Update, names_of
from app.database import Session, new_id
from carriers.event import Parcel

MAX_BODY = 4 * 1024 * 1024
_PACK = zstandard.ZstdCompressor(level=3)


class ArrivalSource(StrEnum):
    """The way a body came."""

    POLL = "poll"
    HOOK = "hook"
    SHOP = "shop"
    IMPORT = "import"


class ArrivalState(StrEnum):
    """What became of it."""

    TAKEN = "taken"
    UNCLAIMED = "unclaimed"  # for a number that nobody has posted yet
    QUARANTINED = "quarantined"  # unreadable: `nove replay` after the adapter is mended
    FAILED = "failed"  # readable, yet it could not be taken in: tried again by a worker


@dataclass(frozen=True, slots=True)
class Arrived:
    """One parcel's part of a body, or a body that could not be read (`parcel` none, with the `reason`).

    `shipment_id` is set when the asker knows it; otherwise the shipments with the parcel's number are meant.
    """

    company_id: UUID
    carrier: str
    source: ArrivalSource
    body: bytes
    received_at: datetime
    account_id: UUID | None = None
    parcel: Parcel | None = None
    shipment_id: UUID | None = None
    author: str = ""
    override: bool = False
    reason: str = ""


def kept(
    row: Row[Any],
    body: bytes,
    parcels: Iterable[Parcel],
    *,
    shipment_id: UUID | None = None,
    received_at: datetime | None = None,
) -> list[Arrived]:
    """What the body of a kept row tells, parcel by parcel, as it came; of this shipment, at this time if given."""
    return [
        Arrived(
            row.company_id,
            row.carrier,
            ArrivalSource(row.source),
            body,
            received_at or row.received_at,
            account_id=row.account_id,
            parcel=parcel,
            shipment_id=shipment_id or row.shipment_id,
        )
        for parcel in parcels
    ]


def body_hash(body: bytes) -> str:
    """What tells two bodies apart; 32 hexadecimal digits."""
    return blake2b(body, digest_size=16).hexdigest()


def part_hash(parcel: Parcel) -> str:
    """What tells two answers about one parcel apart, whatever else the bodies say."""
    return blake2b(repr(parcel).encode("utf-8", "replace"), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Part:
    """A row to be: what arrived, what became of it, and whose it is. `next_try_at` is when a worker tries it again."""

    arrived: Arrived
    state: ArrivalState
    number: str = ""
    shipment_id: UUID | None = None
    reason: str = ""
    next_try_at: datetime | None = None
    id: UUID = field(default_factory=new_id)


async def keep(db: Session, arrived: Arrived, state: ArrivalState, **rest: Any) -> UUID:
    """Store one part and its body; the row's id."""
    part = Part(arrived, state, **rest)
    await keep_all(db, [part])
    return part.id


async def keep_all(db: Session, parts: Sequence[Part]) -> None:
    """Store the bodies, unless the same are there, and a row for each part."""
    if not parts:
        return
    # A body that tells of thousands of parcels is looked at once.
    digests = {body: body_hash(body) for body in {part.arrived.body for part in parts}}
    contents = {(part.arrived.company_id, digests[part.arrived.body]): part.arrived.body for part in parts}
    await _INSERT_BODIES(
        db,
        [
            (company_id, digest, _PACK.compress(body), db.now)
            for (company_id, digest), body in sorted(contents.items(), key=lambda item: item[0])
        ],
    )
    await _INSERT(db, [_row(part, digests[part.arrived.body]) for part in parts])


_INSERT_BODIES = Insert(bodies, conflict="DO NOTHING")
_INSERT = Insert(
    arrivals,
    (
        *("company_id", "id", "account_id", "carrier", "source", "tracking_number", "shipment_id", "body_hash"),
        *("part_hash", "received_at", "seen_at", "state", "reason", "next_try_at"),
    ),
)


def _row(part: Part, digest: str) -> tuple[Any, ...]:
    arrived = part.arrived
    return (
        arrived.company_id,
        part.id,
        arrived.account_id,
        arrived.carrier,
        arrived.source.value,
        part.number,
        part.shipment_id,
        digest,
        part_hash(arrived.parcel) if arrived.parcel and arrived.source is ArrivalSource.POLL else None,
        arrived.received_at,
        arrived.received_at,
        part.state.value,
        part.reason[:500],
        part.next_try_at,
    )


class Latest(NamedTuple):
    """The latest poll's part of a shipment."""

    shipment_id: UUID
    id: UUID
    body_hash: str
    part_hash: str | None


async def latest(db: Session, company_id: UUID, shipment_ids: Sequence[UUID]) -> dict[UUID, Latest]:
    """The latest poll's part of each shipment that has one."""
    values = {"company": company_id, "wanted": list(shipment_ids)}
    return {each.shipment_id: each for each in await _LATEST(db, list(values.values()), values)}


def _newest() -> Select[Any]:
    mine = (arrivals.c.company_id == bindparam("company"), arrivals.c.source == ArrivalSource.POLL.value)
    nth = func.row_number().over(partition_by=arrivals.c.shipment_id, order_by=arrivals.c.id.desc()).label("nth")
    wanted = arrivals.c.shipment_id.in_(bindparam("wanted", expanding=True))
    counted = select(*_PARTS, nth).where(*mine, wanted).subquery()
    return select(*(counted.c[column.name] for column in _PARTS)).where(counted.c.nth == 1)


_PARTS = tuple(arrivals.c[name] for name in Latest._fields)
_LATEST = Fetch(
    _PARTS,
    Latest,
    f"""
    SELECT {names_of(_PARTS, "newest.")} FROM unnest($2::uuid[]) AS wanted(shipment)
    CROSS JOIN LATERAL (
        SELECT {names_of(_PARTS)} FROM arrivals
        WHERE company_id = $1 AND shipment_id = wanted.shipment AND source = '{ArrivalSource.POLL.value}'
        ORDER BY id DESC LIMIT 1
    ) AS newest
    """,  # noqa: S608  (of our own names)
    _newest(),
)


async def seen_again(db: Session, names: Sequence[tuple[UUID, UUID]]) -> None:
    """The same answers, by company and id of their parts, came again: only their last-seen time moves."""
    await _SEEN_AGAIN(db, [(*name, db.now) for name in sorted(names)])


_SEEN_AGAIN = Update(arrivals, ("company_id", "id"), ("seen_at",))


async def read_body(db: Session, company_id: UUID, digest: str) -> bytes | None:
    """A raw body as it came; none once it has been forgotten."""
    packed = await db.value(select(bodies.c.content).where(bodies.c.company_id == company_id, bodies.c.hash == digest))
    return None if packed is None else zstandard.ZstdDecompressor().decompress(packed, max_output_size=MAX_BODY)


async def forget_bodies(db: Session, company_id: UUID, digests: Sequence[str]) -> None:
    """Erase raw bodies, also where another parcel's part points at them: its events stay."""
    await db.run(delete(bodies).where(bodies.c.company_id == company_id, bodies.c.hash.in_(digests)))
