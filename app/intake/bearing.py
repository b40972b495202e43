"""Shipments that bear certain codes: looked for a stretch of the carrier's shipments at a time, so each is bounded."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, tuple_

from app.database import Session
from app.intake.stepping import Cursor
from app.mappings.known import TEXT
from app.shipments.names import names
from app.shipments.shipment import Shipment
from app.shipments.tables import events, shipments

LOOK = 500
"""Shipments in a stretch."""

_OF_SHIPMENT = (names.c.company_id == shipments.c.company_id, names.c.shipment_id == shipments.c.id)
_PLACE = (shipments.c.company_id, shipments.c.id)


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: these (list, code) on a carrier's shipments that meet the conditions."""

    carrier: str
    codes: Collection[tuple[str, str]]
    whose: Sequence[ColumnElement[bool]] = ()

    def among(self, after: Cursor | None = None) -> list[ColumnElement[bool]]:
        """The shipments that come into question; a forgotten recipient's lack the words that a meaning may hang on."""
        leg = exists().where(*_OF_SHIPMENT, names.c.carrier == self.carrier)
        theirs = or_(shipments.c.carrier == self.carrier, and_(shipments.c.identity.is_not(None), leg))
        wanted = [*self.whose, theirs, shipments.c.forgotten_at.is_(None)]
        return [*wanted, tuple_(*_PLACE) > tuple_(*after)] if after else wanted

    def said(self) -> ColumnElement[bool]:
        """Whether an event is one of them; what has no code goes by the beginning of its text."""
        return or_(
            *(
                and_(
                    events.c.list == list_,
                    or_(
                        events.c.code == code,
                        and_(events.c.code == "", func.rtrim(func.substr(events.c.text, 1, TEXT)) == code),
                    ),
                )
                for list_, code in sorted(self.codes)
            )
        )


@dataclass(frozen=True, slots=True)
class Stretch:
    """The shipments found, those that were looked at for it, and where to go on (none at the end)."""

    found: tuple[Shipment, ...]
    places: tuple[Cursor, ...]
    next: Cursor | None

    @property
    def looked_at(self) -> int:
        """How many were looked at."""
        return len(self.places)

    def split(self, number: int) -> tuple["Stretch", "Stretch | None"]:
        """It up to the last of so many shipments found, one at least, and what is left then."""
        if len(self.found) <= number:
            return self, None
        last = self.found[number - 1].company_id, self.found[number - 1].id
        end = self.places.index(last) + 1
        return (
            Stretch(self.found[:number], self.places[:end], last),
            Stretch(self.found[number:], self.places[end:], self.next),
        )


async def stretch(db: Session, search: Search, after: Cursor | None, *, most: int = LOOK) -> Stretch:
    """The next stretch; it ends with the last of `most` shipments that bear a code."""
    query = select(*_PLACE, shipments.c.identity).where(*search.among(after)).order_by(*_PLACE).limit(LOOK)
    rows = await db.all(query)
    looked_at = [(row.company_id, row.id) for row in rows]
    if not looked_at:
        return Stretch((), (), None)
    places = await _bearing(db, search, looked_at, [(row.company_id, row.id) for row in rows if row.identity])
    last = looked_at[-1] if len(looked_at) == LOOK else None
    if len(places) > most:
        places = places[:most]
        last = places[-1]
        looked_at = [each for each in looked_at if each <= last]
    found: Sequence[Any] = ()
    if places:
        found = await db.all(select(shipments).where(tuple_(*_PLACE).in_(places)).order_by(*_PLACE))
    return Stretch(tuple(map(Shipment.of, found)), tuple(looked_at), last)


async def _bearing(db: Session, search: Search, looked_at: Sequence[Cursor], named: Sequence[Cursor]) -> list[Cursor]:
    """Those of the shipments with such an event, of their own or under another of their names."""
    place = (events.c.company_id, events.c.shipment_id)
    own = select(*place).where(tuple_(*place).in_(looked_at), search.said()).distinct()
    found = {tuple(row) for row in await db.all(own)}
    if named:
        its = (names.c.company_id, names.c.shipment_id)
        under = select(*its).where(
            tuple_(*its).in_(named),
            names.c.carrier == search.carrier,
            events.c.company_id == names.c.company_id,
            events.c.shipment_id == names.c.id,
            search.said(),
        )
        found |= {tuple(row) for row in await db.all(under.distinct())}
    return sorted(found)


async def count(db: Session, search: Search) -> int:
    """How many shipments there are to look at, whether or not they bear a code: no index finds those that do."""
    return int(await db.value(select(func.count()).select_from(shipments).where(*search.among())))
