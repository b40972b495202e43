"""Arrivals that could not be taken in: read and taken in again, three times, then left for a person."""

from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Row, delete, select, update

from app.arrivals.keeping import ArrivalState, Arrived, kept, read_body
from app.arrivals.tables import arrivals
from app.database import Session
from app.errors import NoveError
from app.installation import Installation
from app.intake.concerning import numbers_of
from app.intake.taking import take_in
from carriers import UnreadablePayload, carriers, parse

BATCH = 20
WAITS = (timedelta(minutes=1), timedelta(minutes=10), timedelta(minutes=10))
"""After each try until the next; after the last, until its worker is taken for dead."""

log = structlog.get_logger()


async def retry_failed(installation: Installation) -> int:
    """Try arrivals in state `failed` that are due again, each in a transaction of its own; how many."""
    async with installation.database.transaction() as db:
        rows = await _claim(db)
    for row in rows:
        try:
            async with installation.database.transaction() as db:
                await _again(installation, db, row)
        except NoveError:
            raise
        except Exception as error:
            log.exception("an arrival could not be taken in", arrival_id=str(row.id), attempt=row.attempts + 1)
            reason = f"it could not be taken in: {type(error).__name__}"
            async with installation.database.transaction() as db:
                last = row.attempts + 1 >= len(WAITS)
                await _mark(db, row, ArrivalState.QUARANTINED if last else ArrivalState.FAILED, reason)
    return len(rows)


async def _claim(db: Session) -> list[Row[Any]]:
    """Due arrivals. The try is counted here, so that one which kills its worker counts too."""
    rows = await db.all(
        select(arrivals)
        .where(arrivals.c.next_try_at <= db.now, arrivals.c.state == ArrivalState.FAILED.value)
        .order_by(arrivals.c.next_try_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    claimed = []
    for row in rows:
        if row.attempts >= len(WAITS):
            await _mark(db, row, ArrivalState.QUARANTINED, "its worker died while taking it in", counted=False)
            continue
        await db.run(
            update(arrivals)
            .where(*_this(row))
            .values(attempts=row.attempts + 1, next_try_at=db.now + WAITS[row.attempts])
        )
        claimed.append(row)
    return claimed


async def _again(installation: Installation, db: Session, row: Row[Any]) -> None:
    body = await read_body(db, row.company_id, row.body_hash)
    if body is None:
        await _mark(db, row, ArrivalState.QUARANTINED, "the raw body has been forgotten")
        return
    try:
        found = _parts(row, body, row.received_at)
    except UnreadablePayload as error:
        await _mark(db, row, ArrivalState.QUARANTINED, str(error))
        return
    # The same row cannot be taken in twice: whoever deletes it does.
    if await db.run(delete(arrivals).where(*_this(row), arrivals.c.attempts == row.attempts + 1)):
        await take_in(installation, db, found)


def _parts(row: Row[Any], body: bytes, received_at: datetime) -> list[Arrived]:
    """The parcels that the arrival is about: those of its number, or all of a body that no number was known of."""
    parcels = parse(row.carrier, body)
    made = kept(row, body, parcels, received_at=received_at)
    if not row.tracking_number:
        return made
    alone = len(made) == 1 and (carriers()[row.carrier].renames or not parcels[0].number)
    mine = [each for each in made if alone or row.tracking_number in numbers_of(each)]
    if not mine:
        raise UnreadablePayload(f"the body says nothing of {row.tracking_number}")
    return mine


async def _mark(db: Session, row: Row[Any], state: ArrivalState, reason: str, *, counted: bool = True) -> None:
    values: dict[str, Any] = {"state": state.value, "reason": reason[:500]}
    if state is not ArrivalState.FAILED:
        values["next_try_at"] = None
    mine = *_this(row), arrivals.c.attempts == row.attempts + counted
    await db.run(update(arrivals).where(*mine).values(values))


def _this(row: Row[Any]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return arrivals.c.company_id == row.company_id, arrivals.c.id == row.id
