"""A replay goes step by step, each a transaction: what to look at, how far it came, and the bodies that it reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import structlog
from sqlalchemy import Row

from app.arrivals.keeping import read_body
from app.database import Session
from carriers import Carrier, carriers
from carriers.event import Parcel

Cursor = tuple[UUID, UUID]
"""Where to go on: the company and the row that were last looked at."""

Change = TypeVar("Change")

AT_ONCE = 50
"""Rows in a step."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Choice:
    """What to read again: of one carrier, one shipment, what has changed or come since a time; none for all."""

    carrier: str | None = None
    shipment: UUID | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step(Generic[Change]):
    """One step of a replay: how many rows were looked at, what changes, and where to go on (none at the end)."""

    looked_at: int
    changes: tuple[Change, ...]
    next: Cursor | None


class Undone(Exception):
    """Ends a transaction that is to leave nothing, as that of a dry run."""


def following(rows: Sequence[Any]) -> Cursor | None:
    """Where to go on after these rows."""
    return (rows[-1].company_id, rows[-1].id) if len(rows) == AT_ONCE else None


async def parcels_of(db: Session, row: Row[Any]) -> list[Parcel] | None:
    """The parcels in an arrival's part of its body; none if the body is gone, or still cannot be read."""
    carrier, body = carriers().get(row.carrier), await read_body(db, row.company_id, row.body_hash)
    return None if carrier is None or body is None else read_part(carrier, row, body)


def read_part(carrier: Carrier, row: Row[Any], body: bytes) -> list[Parcel] | None:
    """The parcels that an arrival is about, as this adapter reads its body; none if it cannot."""
    parcels = read_whole(carrier, row.id, body)
    if parcels is None:
        return None
    return [each for each in parcels if not row.tracking_number or each.number == row.tracking_number]


def read_whole(carrier: Carrier, arrival_id: UUID, body: bytes) -> list[Parcel] | None:
    """Every parcel in a body, as this adapter reads it; none if it cannot."""
    try:
        return carrier.parse(body)
    except Exception as error:  # whatever an adapter trips over, the other bodies are read
        log.info("still unreadable", carrier=carrier.slug, arrival=str(arrival_id), error=type(error).__name__)
        return None
