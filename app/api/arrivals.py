"""Raw bodies as they came from carriers, and what became of them."""

import base64
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query

from app import shops
from app.api.access import Here, Shops, Supporter
from app.api.paging import DEFAULT, Cursor, Limit, cursor_of, id_after, page
from app.api.routing import api
from app.api.shapes import Listed, Output
from app.arrivals import reading
from app.arrivals.keeping import ArrivalSource, ArrivalState
from app.arrivals.reading import Raw, Reach
from app.database import Session
from app.keys import Caller

router = api("support")


class ArrivalOut(Output):
    """A body, or one parcel's part of it: how it came, for which shipment, and what became of it."""

    id: UUID
    carrier: str
    account_id: UUID | None
    source: ArrivalSource
    state: ArrivalState
    reason: str
    tracking_number: str
    shipment_id: UUID | None
    received_at: datetime
    seen_at: datetime
    attempts: int
    next_try_at: datetime | None


class ArrivalWhole(ArrivalOut):
    """With the body as it came: in base64, and as text where it is UTF-8; `body_note` says why there is none."""

    body_base64: str | None
    body_text: str | None
    body_note: str


@router.get("/v1/arrivals")
async def listed(
    caller: Supporter,
    reach: Shops,
    here: Here,
    *,
    state: Annotated[ArrivalState | None, Query(description="`quarantined` for what could not be read")] = None,
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
) -> Listed[ArrivalOut]:
    """What came from carriers, newest first, without the bodies."""
    async with here.database.reading() as db:
        mine = await _reach(db, caller, reach)
        rows = await reading.listed(db, mine, state, limit + 1, id_after(cursor))
    shown, more = page(rows, limit)
    following = cursor_of(str(shown[-1].id)) if more else None
    return Listed(items=[ArrivalOut.model_validate(each) for each in shown], next_cursor=following)


@router.get("/v1/arrivals/{arrival_id}")
async def read(arrival_id: UUID, caller: Supporter, reach: Shops, here: Here) -> ArrivalWhole:
    """One body with all that is known of it."""
    async with here.database.reading() as db:
        return _whole(await reading.get(db, await _reach(db, caller, reach), arrival_id))


async def _reach(db: Session, caller: Caller, shop_ids: tuple[UUID, ...]) -> Reach:
    """What is of no shipment is the company's: for a key of one shop only if there is no other shop."""
    every = set(await shops.locales(db, caller.company_id))
    return Reach(caller.company_id, shop_ids, unowned=every <= set(shop_ids))


def _whole(raw: Raw) -> ArrivalWhole:
    note = ""
    if raw.body is None:
        note = "It also tells of other shops' parcels." if raw.withheld else "It has been forgotten."
    return ArrivalWhole(
        **dict(ArrivalOut.model_validate(raw.row)),
        body_base64=None if raw.body is None else base64.b64encode(raw.body).decode(),
        body_text=_text(raw.body),
        body_note=note,
    )


def _text(body: bytes | None) -> str | None:
    try:
        return None if body is None else body.decode()
    except UnicodeDecodeError:
        return None
