"""Finding what a customer asks about: by any of the things that a customer knows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select

from app.database import Session
from app.orders import Order, orders
from app.shipments.contacts import normal_email, normal_name, normal_phone
from app.shipments.listing import by_number, spellings
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments

_PHONE = re.compile(r"\+?[\d\s()./-]{6,30}")


@dataclass(frozen=True, slots=True)
class Sought:
    """What is known; all of it must fit. `text` is tried as each of the others. A name needs its postcode."""

    order_reference: str = ""
    tracking_number: str = ""
    email: str = ""
    phone: str = ""
    country: str | None = None
    name: str = ""
    postcode: str = ""
    text: str = ""


async def find(
    db: Session, company_id: UUID, shop_ids: Sequence[UUID], sought: Sought, limit: int
) -> tuple[list[Shipment], list[Order]]:
    """The shipments of these shops that fit, newest first, and orders that fit and have no shipment yet."""
    wanted = _given(sought)
    if sought.tracking_number:
        wanted.append(await by_number(db, company_id, sought.tracking_number))
    if sought.text:
        meanings = _meanings(sought.text, sought.country)
        if spellings(sought.text):
            meanings.append(await by_number(db, company_id, sought.text))
        wanted.append(or_(*meanings))
    rows = await db.all(
        select(shipments)
        .where(shipments.c.company_id == company_id, shipments.c.shop_id.in_(shop_ids), *wanted)
        .order_by(shipments.c.id.desc())
        .limit(limit)
    )
    found = [Shipment.of(row) for row in rows]
    return found, await _unshipped(db, company_id, shop_ids, sought, limit - len(found))


async def _unshipped(
    db: Session, company_id: UUID, shop_ids: Sequence[UUID], sought: Sought, limit: int
) -> list[Order]:
    conditions = _orders_given(sought)
    if not conditions or limit <= 0:
        return []
    carried = select(shipments.c.id).where(
        shipments.c.company_id == orders.c.company_id, shipments.c.order_id == orders.c.id
    )
    rows = await db.all(
        select(orders)
        .where(orders.c.company_id == company_id, orders.c.shop_id.in_(shop_ids), *conditions, ~carried.exists())
        .order_by(orders.c.id.desc())
        .limit(limit)
    )
    return [Order(**row._mapping) for row in rows]


def _given(sought: Sought) -> list[ColumnElement[bool]]:
    """What must hold beside the number and the text, which may mean another of a shipment's names."""
    conditions: list[ColumnElement[bool]] = []
    if sought.order_reference:
        conditions.append(shipments.c.order_reference.in_(references(sought.order_reference)))
    if sought.email:
        conditions.append(shipments.c.recipient_email == normal_email(sought.email))
    if sought.phone:
        conditions.append(_called(sought.phone, sought.country))
    if sought.name:
        conditions.append(_named(sought.name, sought.postcode))
    return conditions


def _meanings(text: str, country: str | None) -> list[ColumnElement[bool]]:
    """Everything that a free text can mean beside a tracking number."""
    meanings: list[ColumnElement[bool]] = [shipments.c.order_reference.in_(references(text))]
    if "@" in text:
        meanings.append(shipments.c.recipient_email == normal_email(text))
    if _PHONE.fullmatch(text):
        meanings.append(_called(text, country))
    words = text.replace(",", " ").split()
    for postcode, name in ((words[0], words[1:]), (words[-1], words[:-1])):
        if name and any(character.isdigit() for character in postcode):
            meanings.append(_named(" ".join(name), postcode))
    return meanings


def _orders_given(sought: Sought) -> list[ColumnElement[bool]]:
    """The same for orders, which have a reference and an address; none if something else is asked for."""
    if sought.tracking_number or sought.phone or sought.name:
        return []
    conditions: list[ColumnElement[bool]] = []
    if sought.order_reference:
        conditions.append(orders.c.reference.in_(references(sought.order_reference)))
    if sought.email:
        conditions.append(orders.c.recipient_email == normal_email(sought.email))
    if sought.text:
        by_email = orders.c.recipient_email == normal_email(sought.text)
        conditions.append(or_(orders.c.reference.in_(references(sought.text)), by_email))
    return conditions


def references(text: str) -> list[str]:
    """How an order may be called: with the number sign that shops print before it, and without."""
    bare = text.strip().lstrip("#")
    return [bare, f"#{bare}"]


def _called(phone: str, country: str | None) -> ColumnElement[bool]:
    """By phone number; what holds no digit is nobody's, not even of those without a number."""
    number = normal_phone(phone, country)
    return shipments.c.recipient_phone.in_([number] if number else [])


def _named(name: str, postcode: str) -> ColumnElement[bool]:
    """By name, given name first or last, and postcode."""
    words = (normal_name(name) or "").split()
    turned = {" ".join(words), " ".join([*words[1:], *words[:1]]), " ".join([*words[-1:], *words[:-1]])}
    return and_(
        shipments.c.recipient_postcode == postcode.replace(" ", "").upper(), shipments.c.recipient_name.in_(turned)
    )
