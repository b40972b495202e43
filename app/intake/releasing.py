"""Letting bodies out of quarantine: what can be read now is taken in like any other arrival.

A parcel whose number is unusable stays there, and with it its row; the others of its body are taken in once, so that
doing it again changes nothing. A dry run does it all in transactions that are rolled back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, Row, delete, select, tuple_

from app.arrivals.keeping import ArrivalState, Arrived, kept, read_body
from app.arrivals.tables import arrivals
from app.database import Session
from app.errors import NoveError
from app.installation import Installation
from app.intake.concerning import numbers_of
from app.intake.stepping import AT_ONCE, Choice, Cursor, Step, Undone, following, parcels_of
from app.intake.taking import take_in

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Released:
    """A quarantined body that can be read now, and what becomes of each parcel in it: (number, state)."""

    arrival_id: UUID
    carrier: str
    parcels: tuple[tuple[str, str], ...]


async def release(installation: Installation, choice: Choice, after: Cursor | None, *, apply: bool) -> Step[Released]:
    """Try the next quarantined bodies again, each in a transaction; without `apply` it is rolled back."""
    place = (arrivals.c.company_id, arrivals.c.id)
    wanted: list[ColumnElement[bool]] = [
        arrivals.c.state.in_((ArrivalState.QUARANTINED.value, ArrivalState.FAILED.value)),
        arrivals.c.next_try_at.is_(None),  # a worker still tries the others by itself
    ]
    if after:
        wanted.append(tuple_(*place) > tuple_(*after))
    if choice.carrier:
        wanted.append(arrivals.c.carrier == choice.carrier)
    if choice.since:
        wanted.append(arrivals.c.received_at >= choice.since)
    async with installation.database.reading(patient=True) as db:
        rows = await db.all(select(*place).where(*wanted).order_by(*place).limit(AT_ONCE))
    changes = [await _release_one(installation, row.company_id, row.id, apply=apply) for row in rows]
    return Step(len(rows), tuple(change for change in changes if change), following(rows))


async def _release_one(
    installation: Installation, company_id: UUID, arrival_id: UUID, *, apply: bool
) -> Released | None:
    this = arrivals.c.company_id == company_id, arrivals.c.id == arrival_id
    released: Released | None = None
    try:
        async with installation.database.transaction() as db:
            row = await db.first(select(arrivals).where(*this).with_for_update())
            parcels = await parcels_of(db, row) if row is not None else None
            if row is None or not parcels:
                return None
            body = await read_body(db, company_id, row.body_hash) or b""
            mine = kept(row, body, parcels)
            usable = [each for each in mine if each.shipment_id is not None or numbers_of(each)]
            whole = len(usable) == len(mine)
            fresh = usable if whole else await _not_kept(db, row, usable)
            taken = await take_in(installation, db, fresh)
            if all(each.state is None for each in taken) and not whole:
                raise Undone
            if whole:
                await db.run(delete(arrivals).where(*this))
            numbers = [each.parcel.number if each.parcel else "" for each in fresh]
            states = [str(each.state or "forgotten") for each in taken]
            released = Released(arrival_id, row.carrier, tuple(zip(numbers, states, strict=True)))
            if not apply:
                raise Undone
    except Undone:
        pass
    except NoveError:
        raise
    except Exception:  # it was set aside for this: the others are tried
        log.exception("still not to be taken in", arrival=str(arrival_id))
        return None
    return released


async def _not_kept(db: Session, row: Row[Any], arrived: Sequence[Arrived]) -> list[Arrived]:
    """Those whose part of the same body has not been taken in."""
    rows = await db.all(
        select(arrivals.c.tracking_number).where(
            arrivals.c.company_id == row.company_id,
            arrivals.c.carrier == row.carrier,
            arrivals.c.body_hash == row.body_hash,
            arrivals.c.state.in_((ArrivalState.TAKEN.value, ArrivalState.UNCLAIMED.value)),
        )
    )
    taken = {each.tracking_number for each in rows}
    return [each for each in arrived if not taken & {*numbers_of(each), *([each.parcel.number] if each.parcel else ())}]
