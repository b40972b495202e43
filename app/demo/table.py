"""The shipments as they move: a live table on a terminal, a line for each change elsewhere."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

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

HEAD_LINES = 8
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
                console.out(line(row, began), highlight=False)
        if ending:
            return
        await _pause(stop)


async def _pause(stop: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stop.wait(), LOOK_EVERY)
    except TimeoutError:
        return


async def _look(database: Database, company_id: UUID) -> tuple[Sequence[Row[Any]], dict[UUID, int]]:
    """The shipments in the order in which they were posted, and how many messages to people were sent about each."""
    async with database.reading() as db:
        rows = await db.all(select(shipments).where(shipments.c.company_id == company_id).order_by(shipments.c.id))
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
    """How many shipments are where, and the shipments: those that moved last if the screen has not room for all."""
    counts = Text(f"{(now - began).total_seconds():5.1f} s   ")
    for status in Status:
        counts.append(f"{status.value} ", "dim")
        counts.append(f"{sum(row.status is status for row in rows)}   ", COLOURS[status])
    room = max(5, height - HEAD_LINES)
    table = Table("carrier", "number", "order", "status", "sub-status", "version", "mails", "moved", pad_edge=False)
    newest = sorted(rows, key=lambda row: row.status_since, reverse=True)[:room]
    kept = {row.id for row in newest}
    for row in rows if len(rows) <= room else newest:
        if row.id in kept:
            table.add_row(
                row.carrier,
                row.tracking_number,
                row.order_reference,
                Text(row.status.value, COLOURS[row.status]),
                (row.sub_status.value if row.sub_status else "") + (" · stale" if row.stale else ""),
                str(row.version),
                str(told.get(row.id, "")),
                f"{max(0.0, (now - row.status_since).total_seconds()):.0f} s ago" if row.version else "",
            )
    if len(rows) > room:
        table.caption = f"the {room} of {len(rows)} that moved last"
    return Group(counts, table)


def _words(status: Status, sub_status: Any) -> str:
    return status.value + (f"/{sub_status.value}" if sub_status else "")
