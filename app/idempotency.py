"""Idempotency keys: the answer to a write, kept with its effect, given again when the write is repeated.

Row and effect are one transaction. Twins that come together queue at the row: the first does the work, the others
wait for it, at most a few seconds, and give its answer. What failed left nothing behind and may be tried again.
Of writes that are done in groups (`begin_all`), nobody waits for a twin in another process: its neighbours would, too.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Index,
    Integer,
    LargeBinary,
    Row,
    Table,
    Text,
    delete,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.exc import DBAPIError

from app.bulk import Insert
from app.database import HexKey, Id, Instant, Session, metadata
from app.errors import FieldError, InvalidInput, KeyReused, NoveError, StillRunning
from app.sealing import Sealer

MAX_LENGTH = 255
KEPT = timedelta(hours=72)
WAIT_MILLISECONDS = 3_000

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("scope", HexKey, primary_key=True),
    Column("fingerprint", HexKey, nullable=False),
    Column("status", Integer, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index("ix_idempotency_keys_created", "created_at"),
)


@dataclass(frozen=True, slots=True)
class Once:
    """A write that must happen once: whose, under which key (hashed with its route and shop), with what body."""

    company_id: UUID
    scope: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer that was given."""

    status: int
    content_type: str
    body: bytes


def once(company_id: UUID, shop_id: UUID | None, route: str, key: str, body: bytes) -> Once:
    """A write to a route (method and path) under an idempotency key; InvalidInput for a key that is none."""
    if not key or len(key) > MAX_LENGTH or not key.isprintable():
        message = f"Send 1 to {MAX_LENGTH} printable characters as `Idempotency-Key`."
        raise InvalidInput(message, [FieldError("Idempotency-Key", message)])
    parts = (str(company_id), str(shop_id), route, key)
    return Once(company_id, _digest("\0".join(parts).encode()), _digest(body))


async def begin(db: Session, sealer: Sealer, write: Once) -> Kept | None:
    """The answer that the write was given before, or none if it is to be done now, in this transaction.

    KeyReused if the key came with another body; StillRunning if the first is not done in time.
    """
    if db.postgres:
        await db.run(text(f"SELECT set_config('lock_timeout', '{WAIT_MILLISECONDS}ms', true)"))
    try:
        first = await db.run(
            db.insert(idempotency_keys)
            .values(
                company_id=write.company_id,
                scope=write.scope,
                fingerprint=write.fingerprint,
                status=0,
                content_type="",
                body=b"",
                created_at=db.now,
            )
            .on_conflict_do_nothing()
        )
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == "55P03":  # the lock was not to be had
            raise StillRunning("The first request with this idempotency key is being answered. Wait for it.") from error
        raise
    if first:
        return None
    row = await db.first(select(idempotency_keys).where(*_this(write)))
    if row is None:
        raise StillRunning("The first request with this idempotency key has just ended without effect. Send it again.")
    return _given(sealer, write, row)


async def begin_all(db: Session, sealer: Sealer, writes: Sequence[Once]) -> dict[str, Kept | NoveError]:
    """By scope, the answers that writes of different scopes were given before; for the others a KeyReused, or a
    StillRunning if they are being done in another process. Those left out are to be done now, in this transaction.
    """
    running = await _running(db, writes)
    found: dict[str, Kept | NoveError] = {
        scope: StillRunning("The first request with this idempotency key is being answered. Wait for it.")
        for scope in running
    }
    mine = {write.scope: write for write in writes if write.scope not in running}
    if mine:
        names = [(write.company_id, write.scope) for write in mine.values()]
        query = select(idempotency_keys).where(
            tuple_(idempotency_keys.c.company_id, idempotency_keys.c.scope).in_(names)
        )
        for row in await db.all(query):
            try:
                found[row.scope] = _given(sealer, mine[row.scope], row)
            except KeyReused as error:
                found[row.scope] = error
    return found


async def _running(db: Session, writes: Sequence[Once]) -> set[str]:
    """The scopes that another transaction has, which is not over; the others are ours until the end of this one.

    On SQLite there is one at a time.
    """
    if not db.postgres or not writes:
        return set()
    by_lock = {int.from_bytes(bytes.fromhex(write.scope)[:8], signed=True): write.scope for write in writes}
    rows = await db.driver.fetch(_TRY_LOCKS, sorted(by_lock))
    return {by_lock[lock] for lock, ours in rows if not ours}


_TRY_LOCKS = "SELECT lock, pg_try_advisory_xact_lock(lock) FROM unnest($1::bigint[]) AS lock"


def _given(sealer: Sealer, write: Once, row: Row[Any]) -> Kept:
    if row.fingerprint != write.fingerprint:
        raise KeyReused("This idempotency key came with another body before. Use a new key for a new request.")
    return Kept(row.status, row.content_type, sealer.open(row.body, _purpose(write)))


async def keep(db: Session, sealer: Sealer, write: Once, answer: Kept) -> None:
    """Keep the answer, sealed: it may hold what is shown once."""
    await db.run(
        update(idempotency_keys)
        .where(*_this(write))
        .values(
            status=answer.status,
            content_type=answer.content_type,
            body=sealer.seal(answer.body, _purpose(write)),
        )
    )


async def keep_all(db: Session, sealer: Sealer, answers: Sequence[tuple[Once, Kept]]) -> None:
    """Keep the answers to writes that `begin_all` has left to be done."""
    rows = [
        (
            write.company_id,
            write.scope,
            write.fingerprint,
            answer.status,
            answer.content_type,
            sealer.seal(answer.body, _purpose(write)),
            db.now,
        )
        for write, answer in answers
    ]
    await _INSERT(db, rows)


_INSERT = Insert(idempotency_keys)


async def forget_old(db: Session) -> int:
    """Forget what was kept long enough; how many."""
    return await db.run(delete(idempotency_keys).where(idempotency_keys.c.created_at < db.now - KEPT))


def _this(write: Once) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (idempotency_keys.c.company_id == write.company_id, idempotency_keys.c.scope == write.scope)


def _purpose(write: Once) -> str:
    return f"idempotency:{write.scope}"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
