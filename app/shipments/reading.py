"""Reading one shipment: with its order and its events, and with the tag that changes whenever the answer would."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, null, or_, select

from app import orders
from app.bulk import Fetch, names_of
from app.columns import HexKey
from app.database import Session
from app.errors import NotFound
from app.orders import Order
from app.shipments import answer, history
from app.shipments.beside import NOTHING, Beside, beside
from app.shipments.history import StoredEvent
from app.shipments.shipment import NAMES, Shipment
from app.shipments.tables import shipments, transitions
from app.shops import shops

Json = dict[str, Any]


class Seen(NamedTuple):
    """What an answer's tag depends on. `mark` changes with every write to the shipment's row.

    `more` says that there is something beside the row, and in the end is the mark of that.
    """

    mark: str
    refold_at: datetime | None
    locale: str
    ordered_at: datetime | None
    more: str | bool = ""

    def tag(self, now: datetime, locale: str | None = None) -> str:
        """The ETag of the answer at this time, in the language named or else the shop's.

        An event dated ahead falls due by time; then a worker folds anew, but a reader may come first.
        """
        due = self.refold_at is not None and self.refold_at <= now
        shown = f"{self.mark}\x1f{locale or self.locale}\x1f{self.ordered_at}\x1f{due}{self.more or ''}"
        return f'"{blake2b(shown.encode("utf-8", "replace"), digest_size=16).hexdigest()}"'


@dataclass(frozen=True, slots=True)
class Found:
    """A shipment, the language of its shop, its order if it has one, and its events if they were asked for."""

    shipment: Shipment
    locale: str
    order: Order | None
    mark: str
    events: Mapping[str, StoredEvent]
    beside: Beside = NOTHING

    def tag(self, now: datetime, locale: str | None = None) -> str:
        """The ETag of the answer."""
        ordered_at, more = self.order.updated_at if self.order else None, self.beside.mark()
        return Seen(self.mark, self.shipment.refold_at, self.locale, ordered_at, more).tag(now, locale)

    def answer(self, tracking_page: str, now: datetime, locale: str | None = None) -> Json:
        """The shipment with its events, its explanation and its order."""
        told = answer.whole(self.shipment, self.events, now, tracking_page, locale or self.locale, found=self.beside)
        return {**told, "order": order_part(self.order)} if self.order else told


async def find(
    db: Session, company_id: UUID, shop_ids: Sequence[UUID], id_: UUID, *, with_events: bool = False
) -> Found:
    """One shipment of these shops; NotFound for another's as for a missing one. On PostgreSQL it is one round trip."""
    values = {"company": company_id, "id": id_, "shop_ids": list(shop_ids)}
    at_once = with_events and db.driver is not None
    rows = await (_FIND_WHOLE if at_once else _FIND)(db, tuple(values.values()), values)
    if not rows:
        raise NotFound(f"No shipment {id_}.")
    found = rows[0]
    if with_events and not at_once:
        found = replace(found, events=await history.of(db, found.shipment))
    if found.shipment.identity is not None or found.shipment.linked:
        found = replace(found, beside=await beside(db, found.shipment))
    return found


async def tag(db: Session, company_id: UUID, shop_ids: Sequence[UUID], id_: UUID, locale: str | None = None) -> str:
    """The ETag that reading the shipment would give now; NotFound. Next to nothing is read for it."""
    values = {"company": company_id, "id": id_, "shop_ids": list(shop_ids)}
    rows = await _SEE(db, tuple(values.values()), values)
    if not rows:
        raise NotFound(f"No shipment {id_}.")
    seen = rows[0]
    if seen.more:
        return (await find(db, company_id, shop_ids, id_)).tag(db.now, locale)
    return seen.tag(db.now, locale)


def _found(*values: Any) -> Found:
    """From a row: the shipment's columns, the locale, the order's columns, the mark, the events' rows."""
    shipment, order = Shipment(*values[: len(NAMES)]), values[len(NAMES) + 1 : -2]
    locale, mark, events = values[len(NAMES)], values[-2], values[-1]
    return Found(shipment, locale, Order(*order) if order[1] else None, mark, history.of_rows(events or ()))


_OF_SHIPMENT = [shipments.c[name] for name in NAMES]
_OF_ORDER = [orders.orders.c[field.name] for field in fields(Order)]
_COLUMNS = [*_OF_SHIPMENT, shops.c.locale, *_OF_ORDER, None, None]
_SELECTED = f'{names_of(_OF_SHIPMENT, "s.")}, h."locale", {names_of(_OF_ORDER, "o.")}, s.xmin::text'
_WHERE = """
    FROM shipments s
    JOIN shops h ON h.company_id = s.company_id AND h.id = s.shop_id
    LEFT JOIN orders o ON o.company_id = s.company_id AND o.id = s.order_id
    WHERE s.company_id = $1 AND s.id = $2 AND s.shop_id = ANY($3::uuid[])
"""
# A row has no mark of its own on SQLite; there all columns together are one.
_MARK = func.json_array(*(func.hex(each) if isinstance(each.type, HexKey) else each for each in _OF_SHIPMENT))


def _on_sqlite(*columns: ColumnElement[Any]) -> Select[Any]:
    order = and_(orders.orders.c.company_id == shipments.c.company_id, orders.orders.c.id == shipments.c.order_id)
    shop = and_(shops.c.company_id == shipments.c.company_id, shops.c.id == shipments.c.shop_id)
    return (
        select(*columns)
        .select_from(shipments.join(shops, shop).outerjoin(orders.orders, order))
        .where(
            shipments.c.company_id == bindparam("company"),
            shipments.c.id == bindparam("id"),
            shipments.c.shop_id.in_(bindparam("shop_ids", expanding=True)),
        )
    )


_ON_SQLITE = _on_sqlite(*_OF_SHIPMENT, shops.c.locale, *_OF_ORDER, _MARK, null())
_FIND = Fetch(_COLUMNS, _found, f"SELECT {_SELECTED}, NULL {_WHERE}", _ON_SQLITE)
_MORE = or_(shipments.c.identity.is_not(None), shipments.c.linked)
_SEE = Fetch(
    [None, shipments.c.refold_at, shops.c.locale, orders.orders.c.updated_at, None],
    Seen,
    f"SELECT s.xmin::text, s.refold_at, h.locale, o.updated_at, s.identity IS NOT NULL OR s.linked {_WHERE}",
    _on_sqlite(_MARK, shipments.c.refold_at, shops.c.locale, orders.orders.c.updated_at, _MORE),
)
_FIND_WHOLE = Fetch(_COLUMNS, _found, f"SELECT {_SELECTED}, ARRAY({history.rows_of('s')}) {_WHERE}", _ON_SQLITE)


def order_part(order: Order) -> Json:
    """An order as its shipments show it."""
    return {
        "reference": order.reference,
        "placed_at": order.placed_at,
        "platform": order.platform,
        "total": order.total,
        "items": order.items,
    }


async def steps(db: Session, shipment: Shipment) -> list[Json]:
    """Every change of the shipment's status, oldest first."""
    rows = await db.all(
        select(transitions)
        .where(transitions.c.company_id == shipment.company_id, transitions.c.shipment_id == shipment.id)
        .order_by(transitions.c.version)
    )
    return [step(row) for row in rows]


def step(row: Any) -> Json:
    """A change of status as it is answered."""
    return {
        "id": row.id,
        "version": row.version,
        "from": {"status": row.from_status, "sub_status": row.from_sub_status},
        "to": {"status": row.status, "sub_status": row.sub_status},
        "event_key": row.event_key,
        "occurred_at": row.occurred_at,
        "created_at": row.created_at,
        "correction": row.correction,
        "imported": row.imported,
    }
