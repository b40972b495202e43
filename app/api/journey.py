"""What happens to one shipment: the shop's own events, a question to the carrier, who was told, how it moved."""

from datetime import datetime
from uuid import UUID

from fastapi import Request, Response

from app.api.access import Here, Reader, Shops, Writer
from app.api.own_events import OwnEvents
from app.api.routing import answer, api, told
from app.api.shapes import Listed, Output
from app.api.shipment_shapes import EventOut
from app.api.told_shapes import MessageOut, TransitionOut
from app.api.writing import Write
from app.errors import NotAllowed
from app.intake.said import Saying
from app.keys import Scope
from app.outbox.shown import shown
from app.polling.refreshing import refresh
from app.shipments import reading, store
from app.shipments.posted_event import PostedEvent
from carriers.vocabulary import Status, SubStatus

router = api("shipments")


class After(Output):
    """Where the shipment stands now."""

    id: UUID
    status: Status
    status_id: int
    sub_status: SubStatus | None
    version: int


class EventPosted(EventOut):
    """The event as it is kept, `note` if it has no effect yet, and where the shipment stands now."""

    note: str | None
    shipment: After


class Asked(Output):
    """`due`: the carrier is asked at `next_poll_at`, which is now; false if it was asked within the last minute."""

    due: bool
    next_poll_at: datetime | None
    last_polled_at: datetime | None


@router.post(
    "/v1/shipments/{shipment_id}/events",
    response_model=EventPosted,
    status_code=201,
    responses={200: {"model": EventPosted, "description": "The event was known"}},
)
async def add(
    shipment_id: UUID, given: PostedEvent, *, request: Request, caller: Writer, reach: Shops, write: Write
) -> Response:
    """Say what happened, for any carrier. With `override` (scope admin) it holds until a later event of the carrier."""
    if given.override and not caller.may(Scope.ADMIN):
        raise NotAllowed("`override` needs a key with the scope `admin`.")
    events: OwnEvents = request.app.state.own_events
    saying = Saying(caller.company_id, reach, shipment_id, caller.key_id, given, await request.body())
    return await events.post(saying, await write.named())


@router.post("/v1/shipments/{shipment_id}/refresh", response_model=Asked, status_code=202)
async def ask(shipment_id: UUID, caller: Writer, reach: Shops, here: Here) -> Response:
    """Let the carrier be asked now; many such requests are one."""
    async with here.database.transaction() as db:
        shipment = await store.get(db, caller.company_id, reach, shipment_id, lock=True)
        due = await refresh(db, here.sealer, shipment)
        after = await store.get(db, caller.company_id, reach, shipment_id)
    return answer(Asked(due=due, next_poll_at=after.next_poll_at, last_polled_at=after.last_polled_at), 202)


@router.get("/v1/shipments/{shipment_id}/messages", response_model=Listed[MessageOut])
async def messages(shipment_id: UUID, caller: Reader, reach: Shops, here: Here) -> Response:
    """Every message about the shipment, sent or not, with its reason and attempts; oldest first."""
    async with here.database.reading() as db:
        await store.get(db, caller.company_id, reach, shipment_id)
        return told({"items": await shown(db, caller.company_id, shipment_id), "next_cursor": None})


@router.get("/v1/shipments/{shipment_id}/transitions", response_model=Listed[TransitionOut])
async def transitions(shipment_id: UUID, caller: Reader, reach: Shops, here: Here) -> Response:
    """Every change of the shipment's status, oldest first."""
    async with here.database.reading() as db:
        shipment = await store.get(db, caller.company_id, reach, shipment_id)
        return told({"items": await reading.steps(db, shipment), "next_cursor": None})
