"""The feed: every change of status, in an order that no later commit disturbs.

PostgreSQL gives ids of rows and of transactions before they commit, so a row can appear behind one that was read
already. The feed therefore goes by (transaction, id) and ends below the oldest transaction still open. On SQLite there
is one writer, and `rowid` is the order of writing; as the id of a row that was erased can be given again, a cursor
whose row is gone goes on by the time that is in the row's own id as well.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Row, Select, and_, literal, literal_column, or_, select, tuple_

from app.database import Id, Session
from app.shipments.reading import Json, step
from app.shipments.tables import shipments, transitions

NOTHING_YET = UUID(int=0)


class Place(NamedTuple):
    """Where a reader of the feed stands: after this transaction (or rowid) and row."""

    position: int
    id: UUID


START = Place(0, NOTHING_YET)


async def after(
    db: Session, company_id: UUID, shop_ids: Sequence[UUID], place: Place, limit: int
) -> tuple[list[Json], Place]:
    """The next changes of these shops, and where the reader stands then."""
    position = transitions.c.txid if db.postgres else literal_column("transitions.rowid", BigInteger)
    query = (
        select(
            transitions,
            position.label("position"),
            shipments.c.carrier,
            shipments.c.tracking_number,
            shipments.c.order_reference,
        )
        .select_from(
            transitions.join(
                shipments,
                and_(shipments.c.company_id == transitions.c.company_id, shipments.c.id == transitions.c.shipment_id),
            )
        )
        .where(transitions.c.company_id == company_id, transitions.c.shop_id.in_(shop_ids))
        .order_by(position, transitions.c.id)
        .limit(limit)
    )
    rows = await db.all(_from(query, place) if db.postgres else await _from_sqlite(db, query, place))
    return [_item(row) for row in rows], Place(rows[-1].position, rows[-1].id) if rows else place


def _from(query: Select[Any], place: Place) -> Select[Any]:
    oldest_open = literal_column("pg_snapshot_xmin(pg_current_snapshot())::text::bigint", BigInteger)
    return query.where(
        tuple_(transitions.c.txid, transitions.c.id)
        > tuple_(literal(place.position, BigInteger), literal(place.id, Id)),
        transitions.c.txid < oldest_open,
    )


async def _from_sqlite(db: Session, query: Select[Any], place: Place) -> Select[Any]:
    rowid = literal_column("transitions.rowid", BigInteger)
    there = place == START or await db.value(select(transitions.c.id).where(rowid == place.position)) == place.id
    return query.where(rowid > place.position if there else or_(rowid > place.position, transitions.c.id > place.id))


def _item(row: Row[Any]) -> Json:
    return {
        "shipment_id": row.shipment_id,
        "shop_id": row.shop_id,
        "carrier": row.carrier,
        "tracking_number": row.tracking_number,
        "order_reference": row.order_reference,
        **step(row),
    }
