"""Messages: what was told to whom and how it went, and sending it again."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from app.api.access import Door, Here, OneShop, Reader, Shops, Writer
from app.api.paging import DEFAULT, Cursor, Limit, cursor_of, id_after, page
from app.api.routing import answer, api, told
from app.api.shapes import Input, Listed, Output
from app.api.told_shapes import MessageOut
from app.api.writing import Write
from app.database import Session
from app.errors import FieldError, InvalidInput
from app.outbox import endpoints, ledger, replaying
from app.outbox.ledger import Filters
from app.outbox.replaying import Only, Replayed, Span
from app.outbox.shown import shown_with_place
from app.shipments import store
from app.shipments.written import Instant

router = api("messages")

State = Literal["due", "sent", "failed", "unknown", "skipped", "cancelled"]

SHIPMENT_COST, ENDPOINT_COST = 10, 100
"""What a replay takes from a key's allowance: of an endpoint as much as the largest batch."""


class Asked(BaseModel):
    """Which messages, and which page of them."""

    state: Annotated[list[State], Field(max_length=6)] = []
    channel: Literal["webhook", "email"] | None = None
    endpoint_id: UUID | None = None
    shipment_id: UUID | None = None
    since: Instant | None = Field(None, description="Only messages that came about then or later (RFC 3339)")
    limit: Limit = DEFAULT
    cursor: Cursor = None


class MessageListed(MessageOut):
    """A message of the ledger, its shop, and its shipment if it is about one."""

    shop_id: UUID
    shipment_id: UUID | None


class Wanted(Input):
    """Which webhooks to send an endpoint again: those from `since` on, before `until` (now unless it says so).

    `failed`: those given up, and those that wait for another try after failures; `all`: those that arrived as well.
    A call sends a thousand at most: go on with `next_cursor` of its answer as `cursor`, and the same `until`.
    """

    since: Instant = Field(examples=["2026-03-14T09:00:00+01:00"])
    until: Instant | None = Field(None, examples=["2026-03-14T18:00:00+01:00"])
    only: Only = "failed"
    cursor: Annotated[str, Field(max_length=500)] | None = None


class Again(Output):
    """How many messages are sent again, oldest first; `next_cursor` if there are more."""

    queued: int = Field(examples=[12])
    next_cursor: str | None = None


@router.get("/v1/messages", response_model=Listed[MessageListed])
async def listed(*, caller: Reader, reach: Shops, here: Here, asked: Annotated[Asked, Query()]) -> Response:
    """The messages that fit, newest first: webhooks, letters and notices to the staff, sent or not."""
    filters = Filters(asked.state, asked.channel, asked.endpoint_id, asked.shipment_id, asked.since)
    async with here.database.reading() as db:
        found = await ledger.listed(
            db, caller.company_id, reach, filters, limit=asked.limit + 1, before=id_after(asked.cursor)
        )
    shown, more = page(found, asked.limit)
    items = [shown_with_place(row, tried) for row, tried in shown]
    return told({"items": items, "next_cursor": cursor_of(str(shown[-1][0].id)) if more else None})


@router.get("/v1/messages/{message_id}", response_model=MessageListed)
async def read(message_id: UUID, caller: Reader, reach: Shops, here: Here) -> Response:
    """One message with the ledger of its attempts: when, how it went, the first 1 KiB of the answer, for 30 days."""
    async with here.database.reading() as db:
        return told(shown_with_place(*await ledger.one(db, caller.company_id, reach, message_id)))


@router.post("/v1/messages/{message_id}/replay", response_model=Again, status_code=202)
async def replay(message_id: UUID, caller: Writer, reach: Shops, write: Write) -> Response:
    """Send a message again, with the same id and body: a webhook whatever became of it, a letter only if it failed.

    Letters that were sent, or of which nobody knows, are never repeated: 409 `not_repeatable`.
    """

    async def effect(db: Session) -> Response:
        return _answer(await replaying.message(db, caller.company_id, reach, message_id))

    return await write.once(effect)


@router.post("/v1/shipments/{shipment_id}/messages/replay", response_model=Again, status_code=202)
async def replay_shipment(
    shipment_id: UUID, *, request: Request, caller: Writer, reach: Shops, door: Door, write: Write
) -> Response:
    """Send the webhooks about a shipment again, in their order, with the same ids and bodies; no letters."""
    door.spend(request, SHIPMENT_COST - 1)

    async def effect(db: Session) -> Response:
        return _answer(await replaying.shipment(db, await store.get(db, caller.company_id, reach, shipment_id)))

    return await write.once(effect)


@router.post("/v1/endpoints/{endpoint_id}/replay", response_model=Again, status_code=202)
async def replay_endpoint(
    endpoint_id: UUID, given: Wanted, *, request: Request, caller: Writer, shop_id: OneShop, door: Door, write: Write
) -> Response:
    """Send an endpoint the webhooks of a time again, as after an outage; costs as much as a batch of a thousand."""
    door.spend(request, ENDPOINT_COST - 1)
    after = id_after(given.cursor)

    async def effect(db: Session) -> Response:
        until = given.until or db.now
        if given.since >= until:
            message = "`since` must be before `until`, and not in the future."
            raise InvalidInput(message, [FieldError("since", message)])
        to = await endpoints.get(db, caller.company_id, shop_id, endpoint_id)
        return _answer(await replaying.endpoint(db, to, Span(given.since, until, given.only), after))

    return await write.once(effect, shop_id)


def _answer(replayed: Replayed) -> Response:
    return answer(
        Again(queued=replayed.queued, next_cursor=cursor_of(str(replayed.after)) if replayed.after else None), 202
    )
