"""The feed of every change of status, for machines that ask rather than listen."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.api.access import Here, Reader, Shops
from app.api.paging import Limit, cursor_of, place_of
from app.api.routing import api, told
from app.api.shapes import Output
from app.api.told_shapes import TransitionOut
from app.errors import FieldError, InvalidInput
from app.shipments import feed
from app.shipments.feed import START, Place

router = api("feed")

LAST = 2**63 - 1


class FeedItem(TransitionOut):
    """A change of status, and of which shipment."""

    shipment_id: UUID
    shop_id: UUID
    carrier: str
    tracking_number: str | None
    order_reference: str | None


class Feed(Output):
    """The next changes; go on with `next_after`, also when there are none just now."""

    items: list[FeedItem]
    next_after: str


@router.get("/v1/feed", response_model=Feed)
async def read(
    caller: Reader,
    reach: Shops,
    here: Here,
    after: Annotated[str | None, Query(max_length=200, description="`next_after` of the answer before")] = None,
    limit: Limit = 100,
) -> Response:
    """Every change of status after a place, in an order that never skips one that was stored later."""
    async with here.database.reading() as db:
        items, place = await feed.after(db, caller.company_id, reach, _place(after), limit)
    return told({"items": items, "next_after": cursor_of(place.position, str(place.id))})


def _place(after: str | None) -> Place:
    try:
        given = place_of(after, int, str)
        return START if given is None else Place(min(int(given[0]), LAST), UUID(str(given[1])))
    except (InvalidInput, ValueError):
        message = "Send `next_after` of the answer before as it was, or leave `after` out to begin anew."
        raise InvalidInput(message, [FieldError("after", message)], code="invalid_cursor") from None
