"""A shipment whose carrier is not known for certain: its candidates, one of which evidence settles.

Nothing is guessed in silence: until then `carrier_settled` is false, and every candidate says what came of it. The row
bears the first that can be asked; the others are asked at the same polls (`app.polling.others`), and a push settles it
as well. The first that knows the number, by events that can be this parcel's, is it. `PATCH` names another.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from app import accounts
from app.database import Session, new_id
from app.errors import FieldError, InvalidInput
from app.shipments import names
from app.shipments.names import Name, Role
from app.shipments.posting import PostedShipment
from app.shipments.shipment import Identity, Shipment
from app.shops import Shop
from carriers import candidates, carriers
from carriers.event import Parcel, TrackingEvent

BEFORE_SHIPMENT = timedelta(days=7)
BEFORE_POSTED = timedelta(days=30)
AHEAD = timedelta(hours=24)
"""A parcel whose newest event is older than this, or that much ahead, is another one under the same number."""


async def in_turn(db: Session, shop: Shop, posted: PostedShipment) -> tuple[PostedShipment, Sequence[str]]:
    """The shipment with the carrier that its row is to bear, and all carriers that it may be with, in their order.

    That is the shop's; of carriers told by the number's form, those come first with which there is a contract, then
    those at home where it goes. InvalidInput if there is none.
    """
    if posted.carrier:
        return posted, (posted.carrier,)
    possible = posted.possible
    if not possible:
        message = _no_candidate(posted.tracking_number or "")
        raise InvalidInput(f"carrier: {message}", [FieldError("carrier", message)])
    mine = await _with_contract(db, shop.company_id)
    if not posted.carriers:
        country = posted.recipient.country if posted.recipient else None
        possible = tuple(sorted(possible, key=lambda slug: (slug not in mine, carriers()[slug].home != country)))
    return posted.model_copy(update={"carrier": _first(possible, mine)}), possible


def _no_candidate(number: str) -> str:
    mistyped = ", ".join(each.carrier.slug for each in candidates(number))
    if mistyped:
        said = f"has the form of {mistyped}, but its check digit is wrong there: correct the number, or if it is right"
        return f"{number} {said}, name the carrier"
    return f"no carrier's numbers look like {number}: name the carrier (`own` if it has no adapter)"


async def first_of(db: Session, company_id: UUID, possible: Sequence[str]) -> str:
    """The candidate that the row is to bear: the first that can be asked, else the first."""
    return _first(possible, await _with_contract(db, company_id))


def _first(possible: Sequence[str], mine: Collection[str]) -> str:
    return next((slug for slug in possible if slug in mine and carriers()[slug].polls), possible[0])


async def _with_contract(db: Session, company_id: UUID) -> set[str]:
    return {each.carrier for each in await db.beforehand.once(accounts.of_company, db, company_id)}


async def search(db: Session, shipment: Shipment, candidates: Sequence[str]) -> list[Name]:
    """Remember the candidates of a shipment whose search begins."""
    place = shipment.company_id, shipment.id
    found = [
        Name(place[0], new_id(), place[1], Role.CANDIDATE, nth, slug, shipment.tracking_number, db.now)
        for nth, slug in enumerate(candidates)
    ]
    for each in found:
        await names.put(db, each)
    return found


async def settle_on(db: Session, name: Name, why: str, *same: Name) -> Name:
    """It is this candidate, or this leg that was announced; `same` are former names of the same carrier and number."""
    if name.settled_at is None:
        name = name._replace(outcome="")  # a note of the last poll, and nothing that was settled
    settled = name.settled(db.now, why, *same)._replace(tried_at=db.now)
    await names.put(db, settled)
    return settled


def evidence(shipment: Shipment, parcel: Parcel, now: datetime) -> tuple[bool, str]:
    """Whether what a carrier says of the number can be this parcel, and that in words."""
    said = [event for event in parcel.events if event.status is not None]
    if parcel.not_found or not said:
        return False, "does not know the number" if parcel.not_found else "says nothing of the number"
    newest: TrackingEvent = max(said, key=lambda event: event.moment.occurred_at)
    at, status = newest.moment.occurred_at, newest.status
    bound = shipment.shipped_at - BEFORE_SHIPMENT if shipment.shipped_at else shipment.created_at - BEFORE_POSTED
    words = f"knows the number: {len(said)} events, the newest {status} of {at:%Y-%m-%d}"
    if at < bound or at > now + AHEAD:
        return False, f"{words}, which is another parcel"
    return True, words


def unsettled(shipment: Shipment) -> bool:
    """Whether its carrier is still one of several."""
    return shipment.identity is Identity.UNSETTLED
