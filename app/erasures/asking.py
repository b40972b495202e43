"""Asking for an erasure, and seeing how far it has come."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, select

from app import shops
from app.database import Session, new_id
from app.erasing import words_of
from app.erasures.tables import erasures
from app.errors import FieldError, InvalidInput, NotFound
from app.sealing import Sealer
from app.shipments.contacts import normal_email, normal_phone
from app.shipments.shipment import Shipment

SHIPMENTS, BUYERS, ORDERS, ANSWERS, BODIES = range(5)
"""The stages, in their order."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom it is about: by address or number, and what names them elsewhere: words as posted, ids of what is erased."""

    email: str = ""
    phone: str = ""
    words: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Erasure:
    """A request, without whom it is about; `counts` say what has been erased so far."""

    id: UUID
    kind: str
    state: str
    counts: dict[str, int] = field(default_factory=dict)
    created_at: datetime | None = None
    finished_at: datetime | None = None


async def ask(
    db: Session,
    sealer: Sealer,
    company_id: UUID,
    shop_ids: Sequence[UUID],
    *,
    email: str,
    phone: str,
    country: str | None,
) -> Erasure:
    """A new request about a person, by e-mail or by phone; InvalidInput for a number without digits."""
    number = normal_phone(phone, country)
    if phone and not number:
        message = "Send a phone number, best with its country: +39 055 123456."
        raise InvalidInput(message, [FieldError("phone", message)])
    words = [each for each in (normal_email(email), number, phone.strip()) if each]
    subject = Subject(normal_email(email) or "", number or "", tuple(dict.fromkeys(words)))
    return await _put(db, sealer, (company_id, shop_ids), "email" if email else "phone", subject)


async def follow_deletion(db: Session, sealer: Sealer, gone: Shipment) -> None:
    """A shipment has been deleted: what is left of it in answers and in bodies of nobody is looked for."""
    words = words_of([gone]) | {each for each in (gone.tracking_number, gone.sender_reference) if each}
    subject = Subject(words=tuple(sorted(words)), ids=(str(gone.id),))
    await _put(db, sealer, (gone.company_id, [gone.shop_id]), "shipment", subject)


async def get(db: Session, company_id: UUID, shop_ids: Sequence[UUID], erasure_id: UUID) -> Erasure:
    """A request about a person within reach; NotFound for another's as for a missing one."""
    mine = erasures.c.company_id == company_id, erasures.c.id == erasure_id, erasures.c.kind != "shipment"
    row = await db.first(select(erasures).where(*mine))
    if row is None or not {str(each) for each in shop_ids} >= set(row.shop_ids):
        raise NotFound(f"No erasure {erasure_id}.")
    return shown(row)


def shown(row: Row[Any]) -> Erasure:
    """The request as its owner sees it."""
    return Erasure(row.id, row.kind, row.state, row.counts, row.created_at, row.finished_at)


def purpose(erasure_id: UUID) -> str:
    """What its subject is sealed for."""
    return f"erasure:{erasure_id}"


def sealed(sealer: Sealer, erasure_id: UUID, subject: Subject) -> bytes:
    """The subject as it is stored."""
    return sealer.seal(orjson.dumps(asdict(subject)), purpose(erasure_id))


def opened(sealer: Sealer, row: Row[Any]) -> Subject:
    """The subject of a request that is not done."""
    told = orjson.loads(sealer.open(row.subject, purpose(row.id)))
    return Subject(**{**told, "words": tuple(told["words"]), "ids": tuple(told["ids"])})


async def _put(db: Session, sealer: Sealer, reach: tuple[UUID, Sequence[UUID]], kind: str, subject: Subject) -> Erasure:
    company_id, shop_ids = reach
    every = set(await shops.locales(db, company_id))
    erasure = Erasure(new_id(), kind, "due", {}, db.now)
    await db.run(
        erasures.insert().values(
            company_id=company_id,
            id=erasure.id,
            shop_ids=sorted(str(each) for each in shop_ids),
            kind=kind,
            subject=sealed(sealer, erasure.id, subject),
            state=erasure.state,
            stage=ANSWERS if kind == "shipment" else SHIPMENTS,
            cursor="",
            counts={},
            unowned=every <= set(shop_ids),
            created_at=db.now,
        )
    )
    return erasure
