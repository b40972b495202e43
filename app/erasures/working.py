"""Doing what was asked: lot by lot, each in a transaction with how far it has come, so that nothing is lost by a stop.

Stages: shipments by recipient, shipments by buyer, orders, kept answers to writes, bodies that belong to no shipment.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import zstandard
from sqlalchemy import ColumnElement, Row, Table, delete, exists, or_, select, update

from app.arrivals.keeping import MAX_BODY
from app.arrivals.tables import arrivals, bodies
from app.database import Session
from app.erasing import erase_all, words_of
from app.erasures import asking
from app.erasures.asking import ANSWERS, BODIES, BUYERS, ORDERS, SHIPMENTS, Subject
from app.erasures.tables import erasures
from app.errors import WrongSetting
from app.idempotency import idempotency_keys
from app.installation import Installation
from app.orders import orders
from app.sealing import Sealer
from app.shipments.contacts import normal_email, normal_phone
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments
from app.tombstones import body_name, mark, number_mark, order_mark

LOT, LOOKED_AT = 50, 500
LEAST = 6
"""A shorter word names nobody for sure."""

_ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


async def erase_due(installation: Installation) -> int:
    """Do the next lot of the oldest request that nobody else is at; 1, or 0 if there is none."""
    async with installation.database.transaction(patient=True) as db:
        query = select(erasures).where(erasures.c.state == "due").order_by(erasures.c.created_at).limit(1)
        row = await db.first(query.with_for_update(skip_locked=True))
        if row is None:
            return 0
        work = _Work(db, installation.sealer, row, asking.opened(installation.sealer, row))
        values = await work.go_on()
        mine = erasures.c.company_id == row.company_id, erasures.c.id == row.id
        await db.run(update(erasures).where(*mine).values(**values))
        return 1


class _Work:
    """One lot of one request."""

    def __init__(self, db: Session, sealer: Sealer, row: Row[Any], subject: Subject) -> None:
        self.db, self.sealer, self.row, self.subject = db, sealer, row, subject
        self.company_id: UUID = row.company_id
        self.shop_ids = [UUID(each) for each in row.shop_ids]
        self.counts: dict[str, int] = dict(row.counts)

    async def go_on(self) -> dict[str, Any]:
        """Do the lot; the columns of the request as they are then."""
        stages: dict[int, Callable[[], Awaitable[str | None]]] = {
            SHIPMENTS: self._shipments,
            BUYERS: self._buyers,
            ORDERS: self._orders,
            ANSWERS: self._answers,
            BODIES: self._bodies,
        }
        stage: int = self.row.stage
        cursor = await stages[stage]()
        if cursor is None:
            stage += 1
        if stage in stages:
            subject = asking.sealed(self.sealer, self.row.id, self.subject)
            return {"stage": stage, "cursor": cursor or "", "counts": self.counts, "subject": subject}
        done = {"state": "done", "subject": b"", "finished_at": self.db.now}
        return {"stage": stage, "cursor": "", "counts": self.counts, **done}

    async def _shipments(self) -> str | None:
        theirs = [shipments.c.recipient_email == self.subject.email] if self.subject.email else []
        theirs += [shipments.c.recipient_phone == self.subject.phone] if self.subject.phone else []
        rows = await self._locked(shipments, or_(*theirs), limit=LOT)
        await self._erase([Shipment.of(row) for row in rows])
        return "" if len(rows) == LOT else None

    async def _buyers(self) -> str | None:
        if not self.subject.email:
            return None
        rows = await self._locked(shipments, shipments.c.buyer.is_not(None), limit=LOOKED_AT, after=self.row.cursor)
        found = [Shipment.of(row) for row in rows]
        await self._erase([each for each in found if self._is(each.buyer)])
        return str(rows[-1].id) if len(rows) == LOOKED_AT else None

    async def _orders(self) -> str | None:
        """Orders without shipments go; of those that carry somebody else's parcel, the person's data."""
        known = or_(orders.c.recipient.is_not(None), orders.c.buyer.is_not(None))
        rows = await self._locked(orders, known, limit=LOOKED_AT, after=self.row.cursor)
        theirs = [row for row in rows if self._is(row.recipient) or self._is(row.buyer)]
        if theirs:
            mine = orders.c.company_id == self.company_id, orders.c.id.in_([row.id for row in theirs])
            await self.db.run(update(orders).where(*mine).values(recipient=None, recipient_email=None, buyer=None))
            carried = exists().where(shipments.c.company_id == self.company_id, shipments.c.order_id == orders.c.id)
            await self.db.run(delete(orders).where(*mine, ~carried))
            marks = [order_mark(row.shop_id, row.reference) for row in theirs]
            await mark(self.db, self.sealer, self.company_id, marks, person=True)
            self._count("orders", len(theirs))
            self._remember(ids=[str(row.id) for row in theirs])
        return str(rows[-1].id) if len(rows) == LOOKED_AT else None

    async def _answers(self) -> str | None:
        """Answers to writes that are kept against repetition."""
        scope = idempotency_keys.c.scope
        wanted = [
            idempotency_keys.c.company_id == self.company_id,
            *([scope > self.row.cursor] if self.row.cursor else []),
        ]
        query = select(scope, idempotency_keys.c.body).where(*wanted).order_by(scope).limit(LOOKED_AT)
        rows = await self.db.all(query.with_for_update())
        theirs = []
        for row in rows:
            try:
                body = self.sealer.open(row.body, f"idempotency:{row.scope}") if row.body else b""
            except WrongSetting:
                continue
            if self._named_in(body):
                theirs.append(row.scope)
        if theirs:
            mine = idempotency_keys.c.company_id == self.company_id, scope.in_(theirs)
            self._count("answers", await self.db.run(delete(idempotency_keys).where(*mine)))
        return str(rows[-1].scope) if len(rows) == LOOKED_AT else None

    async def _bodies(self) -> str | None:
        """Bodies of no shipment (unclaimed, unreadable) that name the person."""
        if not self.row.unowned:
            return None
        wanted = [arrivals.c.company_id == self.company_id, arrivals.c.shipment_id.is_(None)]
        wanted += [arrivals.c.id > UUID(self.row.cursor)] if self.row.cursor else []
        query = select(arrivals.c.id, arrivals.c.body_hash).where(*wanted).order_by(arrivals.c.id).limit(LOT)
        rows = await self.db.all(query.with_for_update())
        digests = {row.body_hash for row in rows}
        kept = await self.db.all(
            select(bodies.c.hash, bodies.c.content).where(
                bodies.c.company_id == self.company_id, bodies.c.hash.in_(digests)
            )
        )
        unpack = zstandard.ZstdDecompressor()
        theirs = [row.hash for row in kept if self._named_in(unpack.decompress(row.content, max_output_size=MAX_BODY))]
        if theirs:
            nobodys = arrivals.c.shipment_id.is_(None)
            mine = arrivals.c.company_id == self.company_id, arrivals.c.body_hash.in_(theirs), nobodys
            names = select(arrivals.c.carrier, arrivals.c.tracking_number, arrivals.c.body_hash).where(*mine)
            marks = [
                number_mark(row.carrier, row.tracking_number or body_name(row.body_hash))
                for row in await self.db.all(names)
            ]
            await mark(self.db, self.sealer, self.company_id, marks, person=False)
            await self.db.run(delete(arrivals).where(*mine))
            gone = bodies.c.company_id == self.company_id, bodies.c.hash.in_(theirs)
            self._count("bodies", await self.db.run(delete(bodies).where(*gone)))
        return str(rows[-1].id) if len(rows) == LOT else None

    async def _erase(self, gone: Sequence[Shipment]) -> None:
        await erase_all(self.db, self.sealer, gone, person=True)
        self._count("shipments", len(gone))
        self._remember(ids=[str(each.id) for each in gone], words=sorted(words_of(gone)))

    async def _locked(
        self, table: Table, which: ColumnElement[bool], *, limit: int, after: str = ""
    ) -> Sequence[Row[Any]]:
        wanted = [table.c.company_id == self.company_id, table.c.shop_id.in_(self.shop_ids), which]
        wanted += [table.c.id > UUID(after)] if after else []
        return await self.db.all(select(table).where(*wanted).order_by(table.c.id).limit(limit).with_for_update())

    def _is(self, somebody: dict[str, Any] | None) -> bool:
        """Whether a recipient or buyer is the person."""
        if not somebody:
            return False
        by_mail = bool(self.subject.email) and normal_email(str(somebody.get("email") or "")) == self.subject.email
        phone = normal_phone(str(somebody.get("phone") or ""), somebody.get("country"))
        return by_mail or (bool(self.subject.phone) and phone == self.subject.phone)

    def _named_in(self, body: bytes) -> bool:
        """Whether a document names the person, or anything of theirs that was erased."""
        lower = body.lower()
        if {each.decode() for each in _ID.findall(lower)} & set(self.subject.ids):
            return True
        if not self.row.unowned:
            return False  # it may be another shop's, which must not even be told
        return any(word.lower().encode() in lower for word in self.subject.words if len(word) >= LEAST)

    def _count(self, what: str, number: int) -> None:
        if number:
            self.counts[what] = self.counts.get(what, 0) + number

    def _remember(self, *, ids: Sequence[str], words: Sequence[str] = ()) -> None:
        every = tuple(dict.fromkeys((*self.subject.words, *words)))
        self.subject = replace(self.subject, ids=(*self.subject.ids, *ids), words=every)
