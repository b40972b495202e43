"""The tracking page: a shipment as whoever holds the link sees it, for people and as JSON.

A token that never was, was revoked or belongs to a shipment that is forgotten: all the same 404.
"""

import math
import re
from typing import Annotated, cast

from fastapi import APIRouter, Header, Query, Request, Response

from app import orders, shops
from app.api import problems
from app.errors import NotFound, NoveError, TooMany, TryLater
from app.installation import Installation
from app.intake.change import tracking_page
from app.pages.languages import page_locale
from app.pages.legs import legs_of
from app.pages.rendering import rendered
from app.pages.shape import TrackingView
from app.pages.tracked import Tracked
from app.pages.view import view
from app.pages.visitors import Visitors
from app.sealing import token_hash
from app.shipments import history, store
from app.shipments.beside import beside, family, travelled

router = APIRouter(tags=["tracking"])

PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
REFRESH_SECONDS = 60

_TOKEN = re.compile(r"[A-Za-z0-9_-]{24}")

Asked = Annotated[str | None, Query(alias="lang", description="`it` or `en`; else the recipient's language")]
Accepted = Annotated[str | None, Header(alias="accept-language", include_in_schema=False)]


@router.head("/t/{token}.json", include_in_schema=False)
@router.get(
    "/t/{token}.json",
    response_model=TrackingView,
    responses={status: problems.RESPONSES[status] for status in (404, 422, 429)},
)
async def as_json(request: Request, token: str, lang: Asked = None, accept_language: Accepted = None) -> Response:
    """What the tracking page shows, for programs that hold its link; no key is needed."""
    try:
        shown = await _look(request, token, lang, accept_language)
    except (NotFound, TryLater) as error:
        answer = problems.of(error, request.state.request_id)
        answer.headers.update(PRIVATE)
        return answer
    return Response(shown.model_dump_json(), headers=PRIVATE, media_type="application/json")


@router.head("/t/{token}", include_in_schema=False)
@router.get("/t/{token}", include_in_schema=False)
async def as_page(request: Request, token: str, lang: Asked = None, accept_language: Accepted = None) -> Response:
    """The tracking page."""
    try:
        shown = await _look(request, token, lang, accept_language)
    except (NotFound, TryLater) as error:
        return _sorry(error, page_locale(lang, None, accept_language))
    refresh = None if shown.final else REFRESH_SECONDS
    return rendered("tracking.html", shown.locale, headers=PRIVATE, view=shown, refresh=refresh)


async def _look(request: Request, token: str, lang: str | None, accepted: str | None) -> TrackingView:
    """What is behind the token; NotFound, TooMany."""
    visitors = cast(Visitors, request.app.state.visitors)
    visitors.admit(request)
    shown = await _view(request.app.state.installation, token, lang, accepted) if _TOKEN.fullmatch(token) else None
    if shown is None:
        visitors.missed(request)
        raise NotFound("This link leads to no shipment: it may be incomplete or no longer valid.")
    return shown


async def _view(here: Installation, token: str, lang: str | None, accepted: str | None) -> TrackingView | None:
    async with here.database.reading() as db:
        shipment = await store.by_page(db, token_hash(token).hex())
        if shipment is None:
            return None
        own, found = await history.of(db, shipment), await beside(db, shipment)
        shop = await shops.get(db, shipment.company_id, shipment.shop_id)
        together = await family(db, shipment)
        order = await orders.by_id(db, shipment.company_id, shipment.order_id) if shipment.order_id else None
    recipient = (shipment.recipient or {}).get("locale")
    locale = page_locale(lang, recipient, accepted, shop.locale)
    page, silence = tracking_page(here, shipment), here.silences.of(shipment)
    linked = [(each, tracking_page(here, each)) for each in together]
    events, legs = travelled(shipment, own, found), legs_of(shipment, own, found)
    return view(Tracked(shipment, events, order, shop, db.now, locale, page, silence, linked, legs))


def _sorry(error: NoveError, locale: str) -> Response:
    """A page that says why there is nothing to see."""
    kind, refresh, headers = "missing", None, dict(PRIVATE)
    if isinstance(error, TryLater):
        kind = "too_many" if isinstance(error, TooMany) else "unavailable"
        refresh = max(5, math.ceil(error.retry_after))
        headers["Retry-After"] = str(refresh)
    return rendered("sorry.html", locale, error.status, headers, kind=kind, refresh=refresh)
