"""Taking shipments from a shop: created or brought up to date, with the pushes that came before them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update

from app import orders
from app.beforehand import NOTHING
from app.database import Session, new_id
from app.installation import Installation
from app.intake.beginning import before_order, begun
from app.intake.change import tracking_page
from app.intake.claiming import claim
from app.intake.concerning import hold_number
from app.intake.correcting import correct
from app.intake.legs import travel
from app.intake.linking import check_links
from app.intake.numbering import numbered, recycled
from app.intake.recycling import inherit
from app.intake.refusing import refuse_change, refuse_shipment
from app.intake.scheduling import with_account
from app.intake.searching import in_turn, search, unsettled
from app.intake.telling import shipment_data
from app.orders import Order
from app.outbox.putting import Announcement, announce, listeners
from app.sealing import token_hash
from app.shipments import names
from app.shipments.columns import columns, late_at, order_columns, recipient_columns
from app.shipments.names import Role
from app.shipments.posting import ChangedShipment, PostedOrder, PostedShipment, Recipient
from app.shipments.shipment import NAMES, Identity, Shipment
from app.shipments.tables import shipments
from app.shops import Shop
from carriers.vocabulary import Direction, Status


@dataclass(frozen=True, slots=True)
class PostedResult:
    """The shipment as it is now, and whether it is new."""

    shipment: Shipment
    created: bool


async def post(
    installation: Installation, db: Session, shop: Shop, posted: PostedShipment, *, imported: bool = False
) -> PostedResult:
    """Create the shipment, or bring the known one up to date: known by carrier, number and direction in this shop.

    A number whose shipment ended over 30 days ago, or is over 180 days old, is a new parcel's: the next generation.
    """
    if posted.return_of is not None:
        posted = posted.model_copy(update={"parent_id": posted.return_of, "direction": Direction.RETURN})
    given, (posted, possible) = posted, await in_turn(db, shop, posted)
    known = await _known(db, shop, posted, possible)
    if known is not None and known.carrier not in possible and unsettled(known):
        # The shop knows by now which candidate it is.
        known = await correct(installation, db, known, posted, (posted.carrier, posted.tracking_number))
    if known is not None and not recycled(known, db.now):
        number = None if known.tracking_number else posted.tracking_number
        return PostedResult(await change(installation, db, shop, known, posted, number=number), False)
    await check_links(db, shop, posted, posted.carrier)
    for carrier in possible:
        await refuse_shipment(installation, db, shop, posted.model_copy(update={"carrier": carrier}))
    generation = known.generation + 1 if known else 1
    several = () if given.carrier else possible
    created = await _create(installation, db, shop, posted, several, generation=generation, imported=imported)
    if created is None:  # another process has made it meanwhile: then ours is a change
        db.beforehand = NOTHING
        return await post(installation, db, shop, given, imported=imported)
    created = await inherit(db, created)
    if posted.legs:
        created = await travel(installation, db, created, posted.legs)
    return PostedResult(await claim(installation, db, created), True)


async def change(
    installation: Installation,
    db: Session,
    shop: Shop,
    before: Shipment,
    posted: ChangedShipment,
    *,
    number: str | None = None,
    first: tuple[str, str] | None = None,
) -> Shipment:
    """The shipment with what the shop has changed, and with its number if it is given one. The row must be locked.

    `first`, with legs, is the carrier and the number of the first of them.
    Conflict if it has another number, or another shipment of the shop has that one.
    """
    await check_links(db, shop, posted, before.carrier, before)
    if posted.order is not None or number is not None:
        await refuse_change(installation, db, before, posted, number=number)
    values = columns(posted)
    if number is not None:
        values |= await numbered(db, before, number)
    if posted.order is not None:
        values |= await put_order(db, shop, posted.order, values, before)
    after = before._replace(**values)
    if {"promised_on", "deliver_by"} & values.keys():
        due = late_at(after.promised_on, after.deliver_by, shop.timezone)
        broken = due is not None and due <= db.now
        after = after._replace(late_at=None if after.status.final else due, late=after.late and broken)
    dated = any(getattr(after, name) != getattr(before, name) for name in ("shipped_at", "begins_after", "generation"))
    if dated:
        after = await begun(db, after)
    if {"account_id", "tracking_number"} & values.keys():
        after = await with_account(installation, db, after)
    travels = "legs" in posted.model_fields_set
    if after == before and not travels:
        return before
    if dated and before.last_event_at is not None:  # the bound on early events moved: a worker folds anew
        after = after._replace(refold_at=db.now, recycled_at=None)
    after = after._replace(revision=before.revision + 1, updated_at=db.now, forgotten_at=None)
    await db.run(
        update(shipments)
        .where(shipments.c.company_id == after.company_id, shipments.c.id == after.id)
        .values({name: value for name, value in _row(after).items() if value != getattr(before, name)})
    )
    if travels:
        after = await travel(installation, db, after, posted.legs, first)
    return await claim(installation, db, after) if travels or "tracking_number" in values else after


async def put_order(
    db: Session, shop: Shop, posted: PostedOrder, shipment: dict[str, Any], before: Shipment | None = None
) -> dict[str, Any]:
    """Make or change the order that a shipment names; the shipment's columns that point at it, or come from it.

    Recipient, buyer and promise are the order's where the shop has said none for the shipment.
    """
    values = order_columns(posted)
    for name in ("recipient", "recipient_email", "buyer", "promised_on"):
        if name in shipment:
            values[name] = shipment[name]
    order, _ = await orders.put(db, shop, posted.reference, values)
    lacking = {name: value for name, value in inherited(order).items() if name not in shipment}
    shipped_at = shipment.get("shipped_at", before.shipped_at if before else None)
    placed = before_order(order, shipped_at)
    return {
        "order_id": order.id,
        "order_reference": order.reference,
        **({} if placed is None else {"begins_after": placed}),
        **{name: value for name, value in lacking.items() if before is None or getattr(before, name) is None},
    }


def inherited(order: Order) -> dict[str, Any]:
    """The columns that a shipment of this order has unless it has its own."""
    values: dict[str, Any] = {}
    if order.recipient is not None:
        values |= recipient_columns(Recipient.model_validate(order.recipient))
    values |= {"buyer": order.buyer, "promised_on": order.promised_on}
    return {name: value for name, value in values.items() if value is not None}


async def _known(db: Session, shop: Shop, posted: PostedShipment, possible: Sequence[str]) -> Shipment | None:
    """The newest shipment that the posted one can be, locked: by number, else by the sender's reference.

    By number it may be one that is with another carrier as long as nothing is settled, if it may be with this one.
    """
    mine = (
        select(shipments)
        .where(
            shipments.c.company_id == shop.company_id,
            shipments.c.shop_id == shop.id,
            shipments.c.direction == posted.direction,
        )
        .order_by(shipments.c.generation.desc())
        .with_for_update()
    )
    row = None
    number = posted.tracking_number
    if number is not None and not db.beforehand.lacks(shipments, shop.id, number):
        rows = await db.all(mine.where(shipments.c.tracking_number == number, _may_be(possible)))
        row = next((each for each in rows if each.carrier in possible), None)
        if row is None:
            several = await names.of_many(db, [Shipment.of(each) for each in rows])
            row = next(
                (each for each in rows if set(possible) & {one.carrier for one in several.get(each.id, ())}), None
            )
        if row is None:
            row = await db.first(mine.where(_travels(shop, number, possible)))
    if row is None and posted.sender_reference is not None:
        by_reference = mine.where(
            shipments.c.carrier == posted.carrier, shipments.c.sender_reference == posted.sender_reference
        ).limit(1)
        if number is not None:
            by_reference = by_reference.where(shipments.c.tracking_number.is_(None))
        row = await db.first(by_reference)
    return None if row is None else Shipment.of(row)


def _travels(shop: Shop, number: str, possible: Sequence[str]) -> ColumnElement[bool]:
    """Whether the number is that of one of its legs, which another one has taken over from or follows."""
    leg = names.names.c
    mine = leg.company_id == shop.company_id, leg.carrier.in_(possible), leg.tracking_number == number
    return shipments.c.id.in_(select(leg.shipment_id).where(*mine, leg.role == Role.LEG))


def _may_be(possible: Sequence[str]) -> ColumnElement[bool]:
    return or_(shipments.c.carrier.in_(possible), shipments.c.identity == Identity.UNSETTLED)


async def _create(
    installation: Installation,
    db: Session,
    shop: Shop,
    posted: PostedShipment,
    several: Sequence[str],
    *,
    generation: int,
    imported: bool,
) -> Shipment | None:
    values = columns(posted)
    if posted.order is not None:
        values |= await put_order(db, shop, posted.order, values)
    id_ = new_id()
    shipment = Shipment(
        **{
            **dict.fromkeys(NAMES),
            **_FRESH,
            "company_id": shop.company_id,
            "id": id_,
            "shop_id": shop.id,
            "carrier": posted.carrier,
            "tracking_number": posted.tracking_number,
            "sender_reference": posted.sender_reference,
            "direction": posted.direction,
            "generation": generation,
            "identity": Identity.UNSETTLED if several else None,
            "imported": imported,
            "tags": [],
            "metadata": {},
            "page_hash": token_hash(installation.sealer.page_token("page", id_, 1)).hex(),
            "status_since": db.now,
            "last_news_at": db.now,
            "created_at": db.now,
            "updated_at": db.now,
            **values,
        }
    )
    shipment = await with_account(installation, db, shipment)
    shipment = shipment._replace(
        late_at=late_at(shipment.promised_on, shipment.deliver_by, shop.timezone),
        stale_at=db.now + timedelta(days=installation.settings.stale_days) / shipment.speed,
    )
    if shipment.tracking_number:
        for carrier in sorted(several) or [shipment.carrier]:
            await hold_number(db, shipment.company_id, carrier, shipment.tracking_number)
    if not await db.run(db.insert(shipments).values(shipment._asdict()).on_conflict_do_nothing()):
        return None
    await search(db, shipment, several)
    if not imported:
        data = shipment_data(shipment, tracking_page(installation, shipment), shop.locale)
        to = await db.beforehand.once(listeners, db, shop.company_id, shop.id)
        await announce(db, to, shipment, [Announcement("shipment.created", "0", data)])
    return shipment


_FRESH: dict[str, Any] = {
    "status": Status.PENDING,
    "doubtful": False,
    "failed_attempts": 0,
    "version": 0,
    "revision": 1,
    "stale": False,
    "late": False,
    "problem": False,
    "service": "",
    "carrier_service": "",
    "carrier_pickup_point": "",
    "poll_note": "",
    "not_found": False,
    "lease_number": 0,
    "speed": 1.0,
    "page_generation": 1,
    "linked": False,
}


def _row(shipment: Shipment) -> dict[str, Any]:
    return shipment._asdict()
