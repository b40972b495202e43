"""Rows that mend a carrier's table: what a code means for the company, shown before it is applied, then applied."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import Field, StrictBool, StringConstraints, model_validator

from app import keys
from app.api.access import Administrator, Door, Here, Reader, Shops
from app.api.accounts import Slug
from app.api.paging import DEFAULT, Cursor, Limit, cursor_of, id_after, page
from app.api.routing import answer, api
from app.api.shapes import Input, Listed, Output
from app.api.writing import Write
from app.database import Session
from app.errors import NotAllowed
from app.intake.previewing import Proposal, preview
from app.intake.replaying import Reread
from app.keys import Caller
from app.mappings import EVERYBODY, Mapping, MappingState, Meaning, replays, rows
from app.mappings.replays import Replay
from app.mappings.rows import checked
from app.shipments import store
from app.shipments.written import NOT_BLANK
from carriers.vocabulary import Status, SubStatus

router = api("mappings")

PREVIEW_COST = 20
"""What a preview takes of a key's allowance: it reads up to 2,000 shipments."""

Said = Annotated[str, StringConstraints(max_length=200)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=500), NOT_BLANK]


class RowGiven(Input):
    """What a code of the carrier's is to mean."""

    list: Said = Field("", description="The list that the code stands in, as the inbox and an event's evidence say")
    code: Annotated[Said, Field(min_length=1), NOT_BLANK] = Field(
        description="The code; where the carrier gives none, the first 100 characters of the text", examples=["D47"]
    )
    context: Said | None = Field(None, description="Only where this is the event's context; null for any")
    status: Status | None = Field(None, description="Null for what says nothing of where the parcel is")
    sub_status: SubStatus | None = None
    weak: StrictBool | None = Field(None, description="May raise a status, never lower it; null: by the sub-status")
    doubtful: StrictBool = Field(False, description="It acts, yet no recipient is told")

    def of(self, carrier: str) -> Meaning:
        """As a meaning of the carrier's code; InvalidInput if it cannot be one."""
        names = ("list", "code", "context", "status", "sub_status", "weak", "doubtful")
        return checked(Meaning(carrier=carrier, **{name: getattr(self, name) for name in names}))


class NewMapping(RowGiven):
    """A row to take. `shadow`: it only says what it would do, under `GET /v1/mappings/shadow`."""

    carrier: Slug = Field(examples=["sandbox"])
    reason: Reason = Field(examples=["The carrier's list of March 2026 has it."])
    shadow: StrictBool = False


class Proposed(Input):
    """What is to be shown: rows to be, rows there are (as shadows), and rows that would be gone; of one carrier."""

    carrier: Slug = Field(examples=["sandbox"])
    rows: list[RowGiven] = Field([], max_length=50)
    mappings: list[UUID] = Field([], max_length=50)
    without: list[UUID] = Field([], max_length=50)

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.rows or self.mappings or self.without):
            raise ValueError("send at least one of rows, mappings, without")
        return self


class ReplayOut(Output):
    """How far the row has been applied to the past: shipments looked at of how many, and those changed."""

    state: str
    author: str
    total: int | None
    looked_at: int
    changed: int
    created_at: datetime
    finished_at: datetime | None


class MappingOut(Output):
    """A row, with who gave it, when and why. `for_everybody`: the operator's, for the whole installation."""

    id: UUID
    carrier: str
    list: str
    code: str
    context: str | None
    status: Status | None
    sub_status: SubStatus | None
    weak: bool
    doubtful: bool
    state: MappingState
    for_everybody: bool
    author: str
    reason: str
    created_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str
    withdrawn_reason: str


class MappingWhole(MappingOut):
    """With the latest replay, if there was one."""

    replay: ReplayOut | None


class Standing(Output):
    """Where a shipment stands."""

    status: Status
    sub_status: SubStatus | None


class ChangeOut(Output):
    """A shipment that would change: its status before and after, and how many of its events."""

    shipment_id: UUID
    tracking_number: str
    before: Standing
    after: Standing
    events_new: int
    events_changed: int
    events_withdrawn: int


class PreviewOut(Listed[ChangeOut]):
    """A page of what would change; `looked_at` shipments of the carrier were read for it."""

    looked_at: int


@router.get("/v1/mappings")
async def listed(
    caller: Reader,
    here: Here,
    *,
    carrier: Annotated[Slug | None, Query()] = None,
    state: MappingState | None = None,
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
) -> Listed[MappingOut]:
    """The company's rows and those for everybody, newest first; withdrawn ones too."""
    async with here.database.reading() as db:
        found = await rows.listed(
            db,
            (caller.company_id, EVERYBODY),
            carrier=carrier,
            states=(state,) if state else (),
            before=id_after(cursor),
            limit=limit + 1,
        )
    shown, more = page(found, limit)
    following = cursor_of(str(shown[-1].id)) if more else None
    return Listed(items=[_shown(each) for each in shown], next_cursor=following)


@router.post("/v1/mappings", response_model=MappingOut, status_code=201)
async def accept(given: NewMapping, caller: Administrator, here: Here, write: Write) -> Response:
    """Take a row: from now on it gives new events of the company their meaning, instead of the carrier's table.

    It takes the place of the company's row of the same list, code and context. Every process knows of it within five
    seconds. The past stays as it is until `POST /v1/mappings/{id}/replay`. A key of one shop may not, while another
    shop of the company ships with the carrier.
    """
    meaning = given.of(given.carrier)

    async def effect(db: Session) -> Response:
        await _may_change(db, caller, given.carrier)
        author = await keys.author(db, caller)
        made = await rows.accept(
            db, caller.company_id, meaning, author=author, reason=given.reason, shadow=given.shadow
        )
        db.committed.append(here.mappings.forget)
        return answer(_shown(made), 201)

    return await write.once(effect)


@router.post("/v1/mappings/preview")
async def previewed(
    given: Proposed,
    *,
    caller: Reader,
    reach: Shops,
    here: Here,
    door: Door,
    request: Request,
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
) -> PreviewOut:
    """What rows would change, shipment by shipment, were they applied to the past: nothing is written.

    History is read from the raw bodies as a replay does. A page may be empty and still have a `next_cursor`: each call
    looks at some 2,000 shipments at most.
    """
    door.spend(request, PREVIEW_COST)
    meanings = [each.of(given.carrier) for each in given.rows]
    async with here.database.reading() as db:
        kept = [await _of_carrier(db, caller, each, given.carrier) for each in given.mappings]
        gone = [await _of_carrier(db, caller, each, given.carrier) for each in given.without]
        proposal = Proposal(given.carrier, meanings, kept, gone)
        found = await preview(db, caller.company_id, reach, proposal, id_after(cursor), limit=limit)
    return PreviewOut(
        items=[_change(each) for each in found.changes],
        next_cursor=cursor_of(str(found.next[1])) if found.next else None,
        looked_at=found.looked_at,
    )


@router.get("/v1/mappings/{mapping_id}")
async def read(mapping_id: UUID, caller: Reader, here: Here) -> MappingWhole:
    """One row, and how far it has been applied to the past."""
    async with here.database.reading() as db:
        row = await rows.get(db, caller.company_id, mapping_id)
        replay = await replays.latest(db, row)
    return MappingWhole(**dict(_shown(row)), replay=replay and _replay(replay))


@router.post("/v1/mappings/{mapping_id}/switch-on", response_model=MappingOut)
async def switch_on(mapping_id: UUID, caller: Administrator, here: Here, write: Write) -> Response:
    """Put a shadow in force."""

    async def effect(db: Session) -> Response:
        row = await rows.switch_on(db, await _own(db, caller, mapping_id))
        db.committed.append(here.mappings.forget)
        return answer(_shown(row))

    return await write.once(effect)


@router.post("/v1/mappings/{mapping_id}/replay", response_model=ReplayOut, status_code=202)
async def replay(mapping_id: UUID, caller: Administrator, write: Write) -> Response:
    """Apply the row to the past, or take a withdrawn one back from it; `GET /v1/mappings/{id}` says how far it is.

    The history of shipments with its code is read again from the raw bodies, in the background, and goes on after a
    stop. Endpoints hear of each change of status by `shipment.status_changed` and `shipment.corrected`; recipients and
    staff are told nothing.
    """

    async def effect(db: Session) -> Response:
        row = await _own(db, caller, mapping_id)
        return answer(_replay(await replays.ask(db, row, await keys.author(db, caller))), 202)

    return await write.once(effect)


@router.delete("/v1/mappings/{mapping_id}", status_code=204)
async def withdraw(
    mapping_id: UUID,
    caller: Administrator,
    here: Here,
    reason: Annotated[str, Query(max_length=500, description="Why, for whoever reads it later")] = "",
) -> None:
    """Withdraw a row: new events mean again what they did without it; the row stays listed with its end."""
    async with here.database.transaction() as db:
        row = await _own(db, caller, mapping_id)
        await rows.withdraw(db, row, author=await keys.author(db, caller), reason=reason)
        db.committed.append(here.mappings.forget)


async def _own(db: Session, caller: Caller, mapping_id: UUID) -> Mapping:
    """A row that the caller may change."""
    row = await rows.get(db, caller.company_id, mapping_id)
    if row.for_everybody:
        raise NotAllowed("This row is for the whole installation: only its operator changes it (`nove mapping`).")
    await _may_change(db, caller, row.meaning.carrier)
    return row


async def _may_change(db: Session, caller: Caller, carrier: str) -> None:
    if caller.shop_id is not None and await store.others_ship(db, caller.company_id, carrier, caller.shop_id):
        raise NotAllowed(
            "Another shop of the company ships with this carrier: use a key that is for all the company's shops."
        )


async def _of_carrier(db: Session, caller: Caller, mapping_id: UUID, carrier: str) -> Mapping:
    row = await rows.get(db, caller.company_id, mapping_id)
    if row.meaning.carrier != carrier:
        raise rows.missing(mapping_id)
    return row


def _shown(row: Mapping) -> MappingOut:
    given = {name: getattr(row.meaning, name) for name in Meaning.__slots__}
    kept = {name: getattr(row, name) for name in MappingOut.model_fields if name not in given}
    return MappingOut.model_validate(given | kept)


def _replay(replay: Replay) -> ReplayOut:
    return ReplayOut.model_validate(replay)


def _change(change: Reread) -> ChangeOut:
    before, after = (
        Standing.model_validate(dict(zip(("status", "sub_status"), each, strict=True)))
        for each in (change.before, change.after)
    )
    return ChangeOut(
        shipment_id=change.shipment_id,
        tracking_number=change.number,
        before=before,
        after=after,
        events_new=change.new,
        events_changed=change.remapped,
        events_withdrawn=change.withdrawn,
    )
