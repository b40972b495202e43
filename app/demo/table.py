"""The shipments as they move: a live table on a terminal, a line for each change elsewhere."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text
from sqlalchemy import Row, func, select

from app.database import Database
from app.outbox.tables import messages
from app.shipments.tables import shipments, transitions
from carriers.vocabulary import Status

LOOK_EVERY = 0.5
LATEST = timedelta(seconds=1)
"""A change that looked older than this when it was committed is not shown as a line."""

AROUND = 7
"""Lines of the screen that are not rows of the table."""

COLOURS = {
    Status.PENDING: "dim",
    Status.AWAITING_PICKUP: "white",
    Status.IN_TRANSIT: "cyan",
    Status.OUT_FOR_DELIVERY: "blue",
    Status.FAILED_ATTEMPT: "yellow",
    Status.EXCEPTION: "red",
    Status.AVAILABLE_FOR_PICKUP: "magenta",
    Status.RETURNED: "yellow",
    Status.DELIVERED: "green",
}


def say(console: Console, line: str = "") -> None:
    """Print a line as it is, however long."""
    console.print(line, soft_wrap=True, markup=False, highlight=False)


async def follow(database: Database, company_id: UUID, console: Console, stop: asyncio.Event) -> None:
    """Show the company's shipments until told to stop."""
    if console.is_terminal:
        await _live(database, company_id, console, stop)
    else:
        await _lines(database, company_id, console, stop)


async def _live(database: Database, company_id: UUID, console: Console, stop: asyncio.Event) -> None:
    began = database.now()
    with Live(console=console, auto_refresh=False) as live:
        while True:
            ending = stop.is_set()
            rows, told = await _look(database, company_id)
            live.update(picture(rows, told, began, database.now(), console.size.height), refresh=True)
            if ending:
                return
            await _pause(stop)


async def _lines(database: Database, company_id: UUID, console: Console, stop: asyncio.Event) -> None:
    began = since = database.now()
    shown: set[tuple[UUID, int]] = set()
    while True:
        ending = stop.is_set()
        for row in await _changes(database, company_id, since - LATEST):
            if (row.shipment_id, row.version) not in shown:
                shown.add((row.shipment_id, row.version))
                since = max(since, row.created_at)
                say(console, line(row, began))
        if ending:
            return
        await _pause(stop)


async def _pause(stop: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stop.wait(), LOOK_EVERY)
    except TimeoutError:
        return


async def _look(database: Database, company_id: UUID) -> tuple[Sequence[Row[Any]], dict[UUID, int]]:
    """The shipments, those that moved last first, and how many messages to people were sent about each."""
    moved = (
        select(transitions.c.shipment_id, func.max(transitions.c.created_at).label("moved_at"))
        .where(transitions.c.company_id == company_id)
        .group_by(transitions.c.shipment_id)
        .subquery()
    )
    async with database.reading() as db:
        rows = await db.all(
            select(shipments, moved.c.moved_at)
            .outerjoin(moved, moved.c.shipment_id == shipments.c.id)
            .where(shipments.c.company_id == company_id)
            .order_by(moved.c.moved_at.desc(), shipments.c.id)
        )
        sent = await db.all(
            select(messages.c.shipment_id, func.count().label("number"))
            .where(messages.c.company_id == company_id, messages.c.channel == "email", messages.c.state == "sent")
            .group_by(messages.c.shipment_id)
        )
    return rows, {row.shipment_id: row.number for row in sent}


async def _changes(database: Database, company_id: UUID, since: datetime) -> Sequence[Row[Any]]:
    async with database.reading() as db:
        return await db.all(
            select(transitions, shipments.c.carrier, shipments.c.tracking_number)
            .join(
                shipments,
                (shipments.c.company_id == transitions.c.company_id) & (shipments.c.id == transitions.c.shipment_id),
            )
            .where(transitions.c.company_id == company_id, transitions.c.created_at >= since)
            .order_by(transitions.c.created_at, transitions.c.id)
        )


def line(row: Row[Any], began: datetime) -> str:
    """A change as a line: seconds since the beginning, carrier, number, from where to where."""
    seconds = (row.created_at - began).total_seconds()
    before = _words(row.from_status, row.from_sub_status)
    return (
        f"{seconds:7.1f} s  {row.carrier:<15}{row.tracking_number:<28}{before} -> {_words(row.status, row.sub_status)}"
    )


def picture(
    rows: Sequence[Row[Any]], told: dict[UUID, int], began: datetime, now: datetime, height: int
) -> RenderableType:
    """How many shipments are where, and as many of them as there is room for, those that moved last first."""
    counts = Text(f"{(now - began).total_seconds():.0f} s ")
    for status in Status:
        counts.append(f"  {status.value} ", "dim")
        counts.append(f"{sum(row.status is status for row in rows)}", COLOURS[status])
    table = Table("carrier", "number", "order", "status", "sub-status", "version", "mails", "moved", box=SIMPLE_HEAD)
    for row in rows[: max(5, height - AROUND)]:
        table.add_row(
            row.carrier,
            row.tracking_number,
            row.order_reference,
            Text(row.status.value, COLOURS[row.status]),
            ", ".join(filter(None, (row.sub_status and row.sub_status.value, "stale" if row.stale else None))),
            str(row.version),
            str(told.get(row.id, "")),
            f"{max(0.0, (now - row.moved_at).total_seconds()):.0f} s ago" if row.moved_at else "",
        )
    return Group(counts, table)


def _words(status: Status, sub_status: Any) -> str:
    return status.value + (f"/{sub_status.value}" if sub_status else "")
