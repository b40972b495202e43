"""Opening kept bodies for a replay: each once for all shipments of a lot, and before any of these is locked.

A body may tell of thousands of parcels, and takes as long to parse as all of them: it is done beside the event loop,
and only what it says of the lot's shipments is held on to.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, tuple_

from app.arrivals.keeping import ArrivalSource, ArrivalState, read_body
from app.arrivals.tables import arrivals
from app.database import Session
from app.intake.concerning import batched
from app.intake.stepping import read_whole
from app.shipments import names
from app.shipments.shipment import Shipment
from carriers import carriers
from carriers.event import Parcel

HEAVY = 4 * 1024 * 1024
"""Bytes of bodies after which a lot ends; those of one shipment are opened together, whatever they weigh."""
AT_ONCE = 2_000
"""Shipments in one statement: databases bound the values that it may have."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The parcels of each arrival (none if its body is gone, or cannot be read), and what all of it weighs in bytes.

    `whole`: of the shipments given, for so many from the first every body was opened.
    """

    parcels: Mapping[UUID, list[Parcel] | None]
    weight: int
    whole: int


async def told_of(db: Session, shipments: Sequence[Shipment]) -> dict[UUID, list[Row[Any]]]:
    """By the shipment, the arrivals of its carrier that were taken in, oldest first; their bodies are not read."""
    found: dict[UUID, list[Row[Any]]] = defaultdict(list)
    place = arrivals.c.company_id, arrivals.c.shipment_id
    taken = arrivals.c.state == ArrivalState.TAKEN.value, arrivals.c.source != ArrivalSource.SHOP.value
    for some in batched([(each.company_id, each.id) for each in shipments], AT_ONCE):
        for row in await db.all(select(*_COLUMNS).where(tuple_(*place).in_(some), *taken).order_by(arrivals.c.id)):
            found[row.shipment_id].append(row)
    return found


_COLUMNS = [
    arrivals.c[name]
    for name in ("company_id", "id", "carrier", "tracking_number", "shipment_id", "body_hash", "received_at")
]


async def open_bodies(db: Session, shipments: Sequence[Shipment]) -> Opened:
    """What the bodies say of these shipments and of what is kept under their other names."""
    under: defaultdict[UUID, list[Shipment]] = defaultdict(list)
    for name, bearer in await names.bearers(db, shipments):
        under[name.shipment_id].append(bearer)
    told = await told_of(db, [*shipments, *(bearer for its in under.values() for bearer in its)])
    sharing: defaultdict[tuple[UUID, str, str], list[Row[Any]]] = defaultdict(list)
    for its in told.values():
        for row in its:
            sharing[row.company_id, row.carrier, row.body_hash].append(row)
    parcels: dict[UUID, list[Parcel] | None] = {}
    weight = whole = 0
    for shipment in shipments:
        if weight >= HEAVY:
            break
        for row in (row for each in (shipment, *under[shipment.id]) for row in told.get(each.id, ())):
            if row.id not in parcels:
                body = await read_body(db, row.company_id, row.body_hash)
                weight += len(body or b"")
                parcels |= await _opened(body, sharing[row.company_id, row.carrier, row.body_hash])
        whole += 1
    return Opened(parcels, weight, whole)


async def _opened(body: bytes | None, rows: Sequence[Row[Any]]) -> dict[UUID, list[Parcel] | None]:
    """What one body says of each of these arrivals, which are its own."""
    carrier = carriers().get(rows[0].carrier)
    read = None if carrier is None or body is None else await asyncio.to_thread(read_whole, carrier, rows[0].id, body)
    if read is None:
        return {row.id: None for row in rows}
    by_number: defaultdict[str, list[Parcel]] = defaultdict(list)
    for parcel in read:
        by_number[parcel.number].append(parcel)
    return {row.id: by_number.get(row.tracking_number, []) if row.tracking_number else read for row in rows}
