"""Rows that mend a carrier's table: what a code means for the company, shown before it is applied, then applied."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from app import keys
from app.api.access import Administrator, Door, Here, Reader, Shops
from app.api.accounts import Slug
from app.api.mapping_shapes import (
    DifferenceOut,
    MappingOut,
    MappingWhole,
    NewMapping,
    PreviewOut,
    Proposed,
    ReplayOut,
    ShadowOut,
    WatchedOut,
    as_answered,
    changing,
)
from app.api.paging import DEFAULT, Cursor, Limit, cursor_of, id_after, page, place_of
from app.api.routing import answer, api
from app.api.shapes import Listed
from app.api.writing import Write
from app.database import Session
from app.errors import NotAllowed
from app.intake.previewing import Proposal, of_shops, preview
from app.keys import Caller
from app.mappings import EVERYBODY, Mapping, MappingState, replays, rows, shadows
from app.shipments import store

router = api("mappings")

PREVIEW_COST = 20
"""What a preview takes of a key's allowance: it reads up to 2,000 shipments."""


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
    return Listed(items=[as_answered(each) for each in shown], next_cursor=following)


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
        return answer(as_answered(made), 201)

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
    looks at some 2,000 shipments at most, and at fewer with heavy bodies.
    """
    door.spend(request, PREVIEW_COST)
    meanings = given.meanings()
    async with here.database.reading() as db:
        kept = [await _of_carrier(db, caller, each, given.carrier) for each in given.mappings]
        gone = [await _of_carrier(db, caller, each, given.carrier) for each in given.without]
        proposal = Proposal(given.carrier, meanings, kept, gone)
        after = id_after(cursor)
        place = (caller.company_id, after) if after else None
        found = await preview(db, of_shops(caller.company_id, reach), proposal, place, limit=limit)
    return PreviewOut(
        items=[changing(each) for each in found.changes],
        next_cursor=cursor_of(str(found.next[1])) if found.next else None,
        looked_at=found.looked_at,
    )


@router.get("/v1/mappings/shadow")
async def shadowed(caller: Reader, here: Here, limit: Limit = DEFAULT, cursor: Cursor = None) -> ShadowOut:
    """What rows in shadow, and shadow adapters of the operator's, would have live events mean otherwise.

    What arrives is compared in the background within a minute, from when the shadow was taken on.
    """
    after = place_of(cursor, str, str, str, str, str, str)
    place = [str(part) for part in after] if after else None
    whose = caller.company_id, EVERYBODY
    async with here.database.reading() as db:
        by, carriers = await shadows.named(db, whose, here.settings.shadow_adapters)
        compared = await shadows.watched(db, whose, carriers)
        found = await shadows.of_company(db, caller.company_id, by, limit + 1, place)
    shown, more = page(found, limit)
    return ShadowOut(
        items=[DifferenceOut.model_validate(each) for each in shown],
        next_cursor=cursor_of(*shown[-1].key) if more else None,
        compared=[WatchedOut.model_validate(each) for each in compared],
    )


@router.get("/v1/mappings/{mapping_id:uuid}")
async def read(mapping_id: UUID, caller: Reader, here: Here) -> MappingWhole:
    """One row, and how far it has been applied to the past."""
    async with here.database.reading() as db:
        row = await rows.get(db, caller.company_id, mapping_id)
        replay = await replays.latest(db, row)
    return MappingWhole(**dict(as_answered(row)), replay=replay and ReplayOut.model_validate(replay))


@router.post("/v1/mappings/{mapping_id:uuid}/switch-on", response_model=MappingOut)
async def switch_on(mapping_id: UUID, caller: Administrator, here: Here, write: Write) -> Response:
    """Put a shadow in force."""

    async def effect(db: Session) -> Response:
        row = await rows.switch_on(db, await _own(db, caller, mapping_id))
        db.committed.append(here.mappings.forget)
        return answer(as_answered(row))

    return await write.once(effect)


@router.post("/v1/mappings/{mapping_id:uuid}/replay", response_model=ReplayOut, status_code=202)
async def replay(mapping_id: UUID, caller: Administrator, write: Write) -> Response:
    """Apply the row to the past, or take a withdrawn one back from it; `GET /v1/mappings/{id}` says how far it is.

    The history of shipments with its code is read again from the raw bodies, in the background, and goes on after a
    stop. Endpoints hear of each change of status by `shipment.status_changed` and `shipment.corrected`; recipients and
    staff are told nothing.
    """

    async def effect(db: Session) -> Response:
        row = await _own(db, caller, mapping_id)
        return answer(ReplayOut.model_validate(await replays.ask(db, row, await keys.author(db, caller))), 202)

    return await write.once(effect)


@router.delete("/v1/mappings/{mapping_id:uuid}", status_code=204)
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
