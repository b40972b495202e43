"""What is wrong with this installation: each check is a line, with what to do where something is to be done."""

import sqlite3
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, Table, func, or_, select, text

from app import accounts
from app.accounts import carrier_accounts
from app.arrivals import unmapped
from app.arrivals.keeping import ArrivalState
from app.arrivals.tables import arrivals
from app.backlog import look
from app.database import Session
from app.disk import room
from app.errors import NoveError
from app.finding import Finding, Level
from app.installation import Installation
from app.migrating import current
from app.outbox.endpoints import secrets_of
from app.outbox.tables import endpoints
from app.probing import probe
from app.resealing import under_former
from app.settings import Settings
from app.shops import shops

CLOCK = timedelta(seconds=5)
WORK = {
    "polls": ("polls", timedelta(minutes=15)),
    "messages": ("messages", timedelta(minutes=5)),
    "retries": ("arrivals", timedelta(minutes=5)),
    "timed": ("timed", timedelta(minutes=5)),
}
"""Topics, the queues they are about, and how long what is due there may wait."""
SAFE_SQLITE = (3, 51, 3)


def look_from_outside(settings: Settings) -> list[Finding]:
    """What can be told without opening the database."""
    path = settings.sqlite_path
    if path is None:
        missing = settings.secret_key is None
        key = Finding(Level.PROBLEM, "key", "Set NOVE_SECRET_KEY: PostgreSQL's processes share one.")
        return [key] if missing else []
    return [_disk(path)]


async def examine(here: Installation) -> list[Finding]:
    """Everything there is to tell of an opened installation."""
    found: list[Finding] = []
    async with here.database.transaction() as db:  # on SQLite only the writing connection knows how it writes
        found.append(Finding(Level.OK, "schema", f"At step {await current(here.database)}, the newest."))
        found += [each async for each in (_postgres(db) if db.postgres else _sqlite(db))]
    await here.database.compare_clocks()
    found.append(_clock(here.database.clock_offset))
    async with here.database.reading() as db:
        for check in (_shops, _secrets, _carriers, _endpoints, _arrivals, _work):
            found += [each async for each in check(here, db)]
    found += await probe(here)
    return found


def _disk(path: Path) -> Finding:
    enough, words = room(path)
    return Finding(Level.OK if enough else Level.PROBLEM, "disk", words)


async def _sqlite(db: Session) -> AsyncIterator[Finding]:
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < SAFE_SQLITE:
        yield Finding(
            Level.INFORMATION,
            "SQLite",
            f"{version}: before 3.51.3 two connections that write can damage a file. Nove writes with one and keeps "
            "other Nove processes off; open the file with no other program while it runs.",
        )
    else:
        yield Finding(Level.OK, "SQLite", f"{version}.")
    mode, durable = await db.value(text("PRAGMA journal_mode")), await db.value(text("PRAGMA synchronous"))
    if (mode, durable) == ("wal", 2):
        yield Finding(Level.OK, "durability", "WAL, synchronous FULL: what is acknowledged survives a power cut.")
    else:
        yield Finding(Level.PROBLEM, "durability", f"journal_mode {mode}, synchronous {durable}: should be wal and 2.")


async def _postgres(db: Session) -> AsyncIterator[Finding]:
    version = int(await db.value(text("SHOW server_version_num")))
    old = version < 140_000
    yield Finding(
        Level.PROBLEM if old else Level.OK,
        "PostgreSQL",
        f"{version // 10_000}.{version % 10_000}" + (": use 14 or later." if old else "."),
    )
    if (commit := await db.value(text("SHOW synchronous_commit"))) == "off":
        yield Finding(Level.PROBLEM, "durability", "synchronous_commit is off: a crash loses the last commits. Set on.")
    else:
        yield Finding(Level.OK, "durability", f"synchronous_commit is {commit}.")


def _clock(offset: timedelta) -> Finding:
    seconds = abs(offset.total_seconds())
    if abs(offset) > CLOCK:
        return Finding(Level.WARNING, "clock", f"{seconds:.0f} s off the database's: set up NTP on both machines.")
    return Finding(Level.OK, "clock", f"{seconds:.1f} s off the database's.")


async def _shops(_here: Installation, db: Session) -> AsyncIterator[Finding]:
    total = await _count(db, shops)
    live = await _count(db, shops, shops.c.live)
    if not total:
        yield Finding(Level.INFORMATION, "shops", "None yet: make one with `nove shop create NAME`.")
    elif live < total:
        yield Finding(
            Level.INFORMATION,
            "shops",
            f"{total}, {live} of them live: recipients of the others get nothing until `nove shop live ID`.",
        )
    else:
        yield Finding(Level.OK, "shops", f"{total}, all live.")


async def _secrets(here: Installation, db: Session) -> AsyncIterator[Finding]:
    """Whether the key opens what was sealed, row by row: a restored file may bring its own."""
    shut = []
    contracts = await db.all(select(carrier_accounts).where(carrier_accounts.c.removed_at.is_(None)))
    for row in contracts:
        try:
            accounts.opened(here.sealer, row)
            accounts.secrets_of(here.sealer, row)
        except (NoveError, ValueError, LookupError):
            shut.append(f"account {row.id} ({row.carrier})")
    signed = await db.all(select(endpoints))
    for row in signed:
        try:
            secrets_of(here.sealer, row, db.now)
        except (NoveError, ValueError):
            shut.append(f"endpoint {row.id}")
    if shut:
        yield Finding(
            Level.PROBLEM,
            "secrets",
            f"The key does not open those of {_some(shut)}: set NOVE_SECRET_KEY (or the .key file) to the key that "
            "sealed them, or enter them again.",
        )
    else:
        yield Finding(
            Level.OK, "secrets", f"The key opens those of {len(contracts)} accounts, {len(signed)} endpoints."
        )
    if shut:
        return
    if former := sum((await under_former(db, here.sealer)).values()):
        yield Finding(
            Level.WARNING, "secrets", f"{former} are sealed under a former key: `nove reseal --apply` seals them anew."
        )
    elif here.sealer.former:
        yield Finding(
            Level.INFORMATION, "secrets", "No secret needs a former key: take NOVE_SECRET_KEY_OLD out of the settings."
        )


async def _carriers(_here: Installation, db: Session) -> AsyncIterator[Finding]:
    rows = await db.all(
        select(carrier_accounts).where(
            carrier_accounts.c.removed_at.is_(None),
            or_(carrier_accounts.c.failures > 0, carrier_accounts.c.disabled_at.is_not(None)),
        )
    )
    for row in rows:
        rests = f"; calls rest until {_time(row.open_until)}" if row.open_until and row.open_until > db.now else ""
        if row.disabled_at:
            rests = f", and is disabled since {_time(row.disabled_at)} (PATCH /v1/accounts/… enables it)"
        yield Finding(
            Level.WARNING,
            "carriers",
            f"Account {row.id} ({row.carrier}) failed {_times(row.failures)} in a row{rests}. "
            f"It says: {row.last_error}",
        )
    if not rows:
        yield Finding(Level.OK, "carriers", "No account fails.")
    if codes := await unmapped.number(db):
        yield Finding(
            Level.INFORMATION, "carriers", f"{codes} codes stand in no table: GET /v1/carriers/unmapped lists them."
        )


async def _endpoints(_here: Installation, db: Session) -> AsyncIterator[Finding]:
    unwell = or_(endpoints.c.failures > 0, endpoints.c.open_until.is_not(None))
    for row in await db.all(select(endpoints).where(unwell)):
        fails = f"failed {_times(row.failures)} in a row" if row.failures else "fails most of the time"
        state = "is retried" if row.enabled else f"was disabled ({row.disabled_reason}): mend it, then enable it"
        yield Finding(Level.WARNING, "endpoints", f"Endpoint {row.id} {fails} and {state}.")


async def _arrivals(_here: Installation, db: Session) -> AsyncIterator[Finding]:
    rows = await db.all(
        select(arrivals.c.carrier, arrivals.c.state, func.count().label("number"))
        .add_columns(func.max(arrivals.c.reason).label("reason"))
        .where(arrivals.c.state.in_((ArrivalState.QUARANTINED.value, ArrivalState.FAILED.value)))
        .group_by(arrivals.c.carrier, arrivals.c.state)
        .order_by(arrivals.c.carrier, arrivals.c.state)
    )
    for row in rows:
        yield Finding(
            Level.WARNING,
            "arrivals",
            f"{row.number} of {row.carrier} {row.state}, as for: {row.reason or 'no reason given'}. "
            f"Once the adapter is mended: `nove replay --quarantined --carrier {row.carrier}`.",
        )
    if not rows:
        yield Finding(Level.OK, "arrivals", "None quarantined.")


async def _work(_here: Installation, db: Session) -> AsyncIterator[Finding]:
    backlog = await look(db)
    for topic, (name, patience) in WORK.items():
        queue = backlog.queues[name]
        if queue.oldest is not None and db.now - queue.oldest > patience:
            yield Finding(
                Level.WARNING,
                topic,
                f"{queue.due} overdue, the oldest since {_time(queue.oldest)}: see that a worker runs (`nove serve` or "
                "`nove worker`), and what its log says.",
            )
        else:
            yield Finding(Level.OK, topic, "None overdue.")
        if queue.expired:
            yield Finding(
                Level.WARNING,
                topic,
                f"{queue.expired} were left by a worker that is not heard of: one that runs takes them over within "
                "seconds; if this stays, none does.",
            )


async def _count(db: Session, table: Table, *conditions: ColumnElement[bool]) -> int:
    counted: int = await db.value(select(func.count()).select_from(table).where(*conditions))
    return counted


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")
