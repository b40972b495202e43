"""Whose an arrival is: the shipments with the parcel's numbers, locked; and numbers that nobody has posted yet."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID
from zlib import crc32

from sqlalchemy import Column, bindparam, select, tuple_

from app.arrivals.keeping import Arrived
from app.bulk import Fetch, names_of
from app.database import Session
from app.shipments import names
from app.shipments.posting import normal_number
from app.shipments.shipment import NAMES, Shipment
from app.shipments.tables import shipments
from carriers.event import Parcel

AT_ONCE = 2_000
"""Values in one statement: databases bound them."""

_NAME = tuple_(shipments.c.company_id, shipments.c.carrier, shipments.c.tracking_number)


def _fetch(*key: Column[Any]) -> Fetch[Shipment]:
    """Shipments by their key, locked in one order.

    PostgreSQL takes each column of the keys by itself, so that a row which was waited for is looked at again by plain
    conditions; it may find more rows than were meant.
    """
    columns = [shipments.c[name] for name in NAMES]
    return Fetch(
        columns,
        Shipment,
        f"""
        SELECT {names_of(columns)} FROM shipments
        WHERE {" AND ".join(f'"{column.name}" = ANY(${n})' for n, column in enumerate(key, 1))}
        ORDER BY company_id, id FOR UPDATE
        """,  # noqa: S608  (of our own names)
        select(*columns)
        .where(tuple_(*key).in_(bindparam("wanted", expanding=True)))
        .order_by(shipments.c.company_id, shipments.c.id),
    )


_BY_ID = _fetch(shipments.c.company_id, shipments.c.id)
_BY_NAME = _fetch(shipments.c.company_id, shipments.c.carrier, shipments.c.tracking_number)


async def concerned(db: Session, arrivals: Sequence[Arrived]) -> list[list[Shipment]]:
    """The locked shipments of each arrival. Numbers that nobody has posted are held against being posted meanwhile."""
    found = await _locked(db, arrivals)
    strangers = [index for index, mine in enumerate(found) if not mine]
    if not strangers:
        return found
    unknown = {
        (arrivals[index].company_id, arrivals[index].carrier, number)
        for index in strangers
        if arrivals[index].shipment_id is None
        for number in numbers_of(arrivals[index])
    }
    for hold in sorted({_hold(*each) for each in unknown}):
        await db.lock(*hold)
    again = await _locked(db, [arrivals[index] for index in strangers])
    for index, mine in zip(strangers, again, strict=True):
        found[index] = mine
    return await _by_other_names(db, arrivals, found)


async def _by_other_names(
    db: Session, arrivals: Sequence[Arrived], found: list[list[Shipment]]
) -> list[list[Shipment]]:
    """The same, with those that go by a number beside that of their row, or are meant by the id of such a name."""
    open_ = [index for index, mine in enumerate(found) if not mine]
    sought = {
        (arrivals[n].company_id, arrivals[n].carrier, number) for n in open_ for number in numbers_of(arrivals[n])
    }
    ids = {(arrivals[n].company_id, id_) for n in open_ if (id_ := arrivals[n].shipment_id) is not None}
    known = await names.meant(db, sorted(sought), sorted(ids)) if len(sought) <= AT_ONCE else []
    if not known:
        return found
    theirs = await locked(db, [(each.company_id, each.shipment_id) for each in known])
    for n in open_:
        arrived, numbers = arrivals[n], numbers_of(arrivals[n])
        its = {
            name.shipment_id: theirs[name.company_id, name.shipment_id]
            for name in known
            if (name.company_id, name.shipment_id) in theirs and name.company_id == arrived.company_id
            if (
                name.id == arrived.shipment_id
                if arrived.shipment_id is not None
                else name.carrier == arrived.carrier and name.tracking_number in numbers
            )
        }
        found[n] = list(its.values())
    return found


async def locked(db: Session, names: Iterable[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], Shipment]:
    """Shipments by company and id, locked in one order, so that two groups never wait for each other."""
    rows: list[Shipment] = []
    for some in batched(sorted(set(names)), AT_ONCE):
        rows += await _BY_ID(db, list(zip(*some, strict=True)), {"wanted": some})
    return {(shipment.company_id, shipment.id): shipment for shipment in rows}


async def hold_number(db: Session, company_id: UUID, carrier: str, number: str) -> None:
    """Between a push for a number that nobody has posted and its shipment being posted, one comes after the other."""
    await db.beforehand.once(db.lock, *_hold(company_id, carrier, number))


async def hold_all(db: Session, company_id: UUID, named: Iterable[tuple[str, str]]) -> None:
    """The same for many, by carrier and number, before any of them is posted: known shipments are locked, others held.

    In the order of `concerned`, or two batches of new numbers would wait for each other, which share their holds.
    """
    names = sorted({(company_id, *name) for name in named})
    known: set[tuple[UUID, str, str | None]] = set()
    for some in batched(names, AT_ONCE):
        rows = await _BY_NAME(db, list(zip(*some, strict=True)), {"wanted": some})
        known |= {(shipment.company_id, shipment.carrier, shipment.tracking_number) for shipment in rows}
    for hold in sorted({_hold(*name) for name in names if name not in known}):
        await db.beforehand.once(db.lock, *hold)


def _hold(company_id: UUID, carrier: str, number: str) -> tuple[str, str, str, int]:
    """Numbers share 64 holds for each carrier, so that a body of thousands takes a bounded number of them."""
    return "number", str(company_id), carrier, crc32(number.encode()) % 64


async def _locked(db: Session, arrivals: Sequence[Arrived]) -> list[list[Shipment]]:
    """The shipments of each arrival, locked in one order, so that two groups never wait for each other."""
    numbers = [frozenset[str]() if each.shipment_id is not None else numbers_of(each) for each in arrivals]
    ids = sorted({(each.company_id, each.shipment_id) for each in arrivals if each.shipment_id is not None})
    named = sorted(
        {
            (arrived.company_id, arrived.carrier, number)
            for arrived, its in zip(arrivals, numbers, strict=True)
            for number in its
        }
    )
    if len(named) > AT_ONCE:  # then found first, so that all of them are locked in one order
        for some in batched(named, AT_ONCE):
            found = select(shipments.c.company_id, shipments.c.id).where(_NAME.in_(some))
            ids += [(row.company_id, row.id) for row in await db.all(found)]
        ids, named = sorted(set(ids)), []
    wanted = [(_BY_ID, some) for some in batched(ids, AT_ONCE)] + [(_BY_NAME, some) for some in batched(named, AT_ONCE)]
    rows = [row for fetch, some in wanted for row in await fetch(db, list(zip(*some, strict=True)), {"wanted": some})]
    newest: dict[tuple[Any, ...], Shipment] = {}
    by_id = {shipment.id: shipment for shipment in rows}
    for shipment in rows:
        place = (shipment.company_id, shipment.shop_id, shipment.carrier, shipment.tracking_number, shipment.direction)
        if place not in newest or newest[place].generation < shipment.generation:
            newest[place] = shipment
    by_number: defaultdict[tuple[UUID, str, str | None], list[Shipment]] = defaultdict(list)
    for shipment in newest.values():
        by_number[shipment.company_id, shipment.carrier, shipment.tracking_number].append(shipment)
    return [
        [by_id[arrived.shipment_id]]
        if arrived.shipment_id in by_id
        else []
        if arrived.shipment_id is not None
        else [each for name in sorted(mine) for each in by_number[arrived.company_id, arrived.carrier, name]]
        for arrived, mine in zip(arrivals, numbers, strict=True)
    ]


_T = TypeVar("_T")


def batched(values: Sequence[_T], size: int) -> list[Sequence[_T]]:
    """The values in batches of at most that size."""
    return [values[start : start + size] for start in range(0, len(values), size)]


def numbers_of(arrived: Arrived) -> frozenset[str]:
    """The numbers that a parcel goes by, as shipments are stored under them."""
    return frozenset() if arrived.parcel is None else names_of_parcel(arrived.parcel, arrived.carrier)


def names_of_parcel(parcel: Parcel, carrier: str) -> frozenset[str]:
    """The same of a parcel that this carrier tells of."""
    found = set()
    for number in (parcel.number, *parcel.aliases):
        try:
            found.add(normal_number(number, carrier))
        except ValueError:
            continue
    return frozenset(found)
