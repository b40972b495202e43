"""What the tracking page says of a shipment: pure, from its rows and the time, in one language.

A doubtful reading of a carrier's code never reaches a recipient: the page then says what held before it, and shows the
carrier's own words in the journey.
"""

import re
from collections.abc import Mapping
from typing import Any, Literal

from app.locales import label, moment_in_words, phrase
from app.pages.expecting import expected
from app.pages.headline import lead, notices, since
from app.pages.journey import journey
from app.pages.legs import carrier_name
from app.pages.privacy import is_somebodys
from app.pages.shape import (
    ShownCarrier,
    ShownItem,
    ShownLeg,
    ShownLink,
    ShownOrder,
    ShownPoint,
    ShownShop,
    TrackingView,
)
from app.pages.steps import steps
from app.pages.tracked import Tracked
from app.shipments.answer import carrier_page
from app.shipments.shipment import Identity, Shipment
from app.shops import Shop
from carriers.vocabulary import Direction

ITEMS = 30
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")  # it stands in the style sheet


def view(tracked: Tracked) -> TrackingView:
    """The page's content."""
    shipment, state, locale = tracked.shipment, tracked.certain, tracked.locale
    shown, eta, point = journey(tracked), expected(tracked), _pickup_point(tracked)
    began, began_text = since(tracked)
    news_at = shipment.last_news_at if any(not event.unheard for event in tracked.events.values()) else None
    checked_at = max(filter(None, (shipment.last_polled_at, news_at)), default=None)
    return TrackingView(
        locale=locale,
        page=tracked.page,
        shop=_shop(tracked.shop),
        direction=shipment.direction,
        status=state.status,
        status_id=state.status.id,
        sub_status=state.sub_status,
        status_label=label(state.status, state.sub_status, locale, shipment.direction),
        sentence=lead(tracked, shown, eta, point),
        since=began,
        since_text=began_text,
        final=state.status.final,
        late=shipment.late,
        stale=shipment.stale,
        notices=notices(tracked, shown),
        eta=eta,
        steps=steps(state, shipment.direction, locale, to_collect=shipment.pickup_point is not None),
        events=shown,
        carrier=_carrier(shipment),
        tracking_number=shipment.tracking_number or "",
        parcel_count=shipment.parcel_count,
        legs=_legs(tracked),
        linked=_linked(tracked),
        order=_order(tracked),
        pickup_point=None if tracked.comes_back or state.status.final else point,
        destination=_destination(tracked),
        checked_at=checked_at,
        checked_text=moment_in_words(checked_at, locale, tracked.shop.timezone) if checked_at else "",
    )


def _shop(shop: Shop) -> ShownShop:
    brand = shop.brand
    return ShownShop(
        name=brand.get("name") or shop.name,
        website=_link(brand.get("website")),
        support_url=_link(brand.get("support_url")),
        support_email=brand.get("support_email") or "",
        colour=colour if _COLOUR.fullmatch(colour := brand.get("colour") or "") else "",
    )


def _carrier(shipment: Shipment) -> ShownCarrier:
    if shipment.identity is Identity.UNSETTLED:
        return ShownCarrier(slug="", name="", url=None)
    slug = shipment.carrier
    return ShownCarrier(slug=slug, name=carrier_name(slug), url=_link(carrier_page(shipment)) or None)


def _legs(tracked: Tracked) -> tuple[ShownLeg, ...]:
    """The legs beside the one that the shipment is shown by, but none of several that may be the next."""
    shipment, legs = tracked.shipment, tracked.legs.travelled
    positions = [each.position for each in legs]
    now = next((each.position for each in legs if each.is_of(shipment)), 0)
    shown = []
    for each in legs:
        if not each.is_of(shipment) and positions.count(each.position) == 1 and carrier_name(each.carrier):
            name: Literal["before", "after"] = "before" if each.position < now else "after"
            label_ = phrase(f"page_carrier_{name}", tracked.locale)
            number = each.tracking_number or ""
            shown.append(
                ShownLeg(name=name, label=label_, carrier=_carrier(each.borne(shipment)), tracking_number=number)
            )
    return tuple(shown)


def _link(address: str | None) -> str:
    """An address that may stand in a link; empty for any other."""
    return address if address and address.startswith(("https://", "http://")) else ""


def _pickup_point(tracked: Tracked) -> ShownPoint | None:
    """The shop's word on it, else the carrier's."""
    given: Mapping[str, Any] = tracked.shipment.pickup_point or {}
    texts = given.get("name") or tracked.shipment.carrier_pickup_point, given.get("address", "")
    name, address = ("" if is_somebodys(text, tracked.shipment) else text for text in texts)
    return ShownPoint(name=name, address=address) if name or address else None


def _order(tracked: Tracked) -> ShownOrder | None:
    order = tracked.order
    reference = order.reference if order else tracked.shipment.order_reference
    if not reference:
        return None
    lines = [(item.get("name") or item.get("sku"), item.get("quantity", 1)) for item in order.items] if order else []
    named = [ShownItem(name=name, quantity=quantity) for name, quantity in lines if name]
    return ShownOrder(reference=reference, items=tuple(named[:ITEMS]), more_items=len(named[ITEMS:]))


def _linked(tracked: Tracked) -> tuple[ShownLink, ...]:
    """What belongs to it; several of a kind are numbered, so that each can be told from the others."""
    kinds = [_kind(tracked, other) for other, _ in tracked.linked]
    shown = []
    for nth, (kind, (other, page)) in enumerate(zip(kinds, tracked.linked, strict=True), 1):
        name = phrase(f"page_linked_{kind}", tracked.locale)
        if (total := kinds.count(kind)) > 1:
            count = {"nth": str(kinds[:nth].count(kind)), "total": str(total)}
            name = phrase("page_linked_nth", tracked.locale, label=name, **count)
        link = ShownLink(
            name=kind,
            label=name,
            tracking_number=other.tracking_number or "",
            status=other.status,
            status_label=label(other.status, None, tracked.locale, other.direction),
            page=page,
        )
        shown.append(link)
    return tuple(shown)


def _kind(tracked: Tracked, other: Shipment) -> Literal["return", "outbound", "parcel"]:
    if other.direction is tracked.shipment.direction:
        return "parcel"
    return "return" if other.direction is Direction.RETURN else "outbound"


def _destination(tracked: Tracked) -> str:
    """Town and the first two digits of the postcode."""
    recipient = tracked.shipment.recipient or {}
    if tracked.comes_back:
        return ""
    beginning = recipient.get("postcode", "").replace(" ", "")[:2]
    hint = f"({beginning}…)" if beginning else ""
    return " ".join(filter(None, (recipient.get("city"), hint)))
