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
from app.pages.privacy import is_somebodys
from app.pages.shape import ShownCarrier, ShownItem, ShownLink, ShownOrder, ShownPoint, ShownShop, TrackingView
from app.pages.steps import steps
from app.pages.tracked import Tracked
from app.shipments.answer import carrier_page
from app.shipments.shipment import Identity, Shipment
from app.shops import Shop
from carriers import carriers
from carriers.own import Own
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
        carrier=_carrier(tracked),
        tracking_number=shipment.tracking_number or "",
        parcel_count=shipment.parcel_count,
        linked=tuple(_linked(tracked, each, page) for each, page in tracked.linked),
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


def _carrier(tracked: Tracked) -> ShownCarrier:
    if tracked.shipment.identity is Identity.UNSETTLED:
        return ShownCarrier(slug="", name="", url=None)
    slug = tracked.shipment.carrier
    carrier = carriers().get(slug)
    name = carrier.name if carrier is not None and slug != Own.slug else ""
    return ShownCarrier(slug=slug, name=name, url=_link(carrier_page(tracked.shipment)) or None)


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


def _linked(tracked: Tracked, other: Shipment, page: str) -> ShownLink:
    name: Literal["return", "outbound", "parcel"] = "parcel"
    if other.direction is not tracked.shipment.direction:
        name = "return" if other.direction is Direction.RETURN else "outbound"
    words = label(other.status, None, tracked.locale, other.direction)
    label_ = phrase(f"page_linked_{name}", tracked.locale)
    return ShownLink(name=name, label=label_, status=other.status, status_label=words, page=page)


def _destination(tracked: Tracked) -> str:
    """Town and the first two digits of the postcode."""
    recipient = tracked.shipment.recipient or {}
    if tracked.comes_back:
        return ""
    beginning = recipient.get("postcode", "").replace(" ", "")[:2]
    hint = f"({beginning}…)" if beginning else ""
    return " ".join(filter(None, (recipient.get("city"), hint)))
