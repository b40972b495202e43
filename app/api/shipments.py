"""Shipments: posted, listed, read, changed, forgotten."""

from collections.abc import Sequence
from math import ceil
from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Query, Request, Response
from pydantic import ConfigDict, Field, SkipValidation

from app import erasing, shops
from app.api.access import Door, Here, OneShop, Reader, Shops, Writer
from app.api.bodies import refusal
from app.api.paging import DEFAULT, Cursor, Limit, cursor_of, id_after, page
from app.api.problems import documented
from app.api.routing import RowsRoute, api, told
from app.api.shapes import Input, Listed, Output
from app.api.shipment_shapes import ShipmentSummary, ShipmentWhole
from app.api.writing import Write
from app.database import Session
from app.erasures import asking
from app.errors import Changed
from app.installation import Installation
from app.intake import posting, tracking_page
from app.intake.amending import amend
from app.intake.several import RowError, post_each
from app.locales import supported
from app.shipments import answer, listing, reading, store
from app.shipments.amended import AmendedShipment
from app.shipments.columns import merged
from app.shipments.listing import Filters
from app.shipments.posting import PostedShipment
from app.shipments.shipment import Shipment
from app.shops import Shop

router = api("shipments")
batches = api("shipments", RowsRoute)

Locale = Annotated[
    str | None, Query(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z]{2,4})?$", description="Of the labels; the shop's if none")
]
CHANGED: dict[int | str, dict[str, Any]] = {
    412: documented(412, "precondition_failed", "The shipment has changed since that `ETag`.")
}
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "Nothing has changed since that `ETag`"}}


class Batch(Input):
    """Up to 1,000 shipments; each row is checked and answered by itself."""

    model_config = ConfigDict(str_strip_whitespace=False)

    shipments: Annotated[list[SkipValidation[PostedShipment]], Field(min_length=1, max_length=1000)]
    import_run: UUID | None = Field(
        None,
        description="Of a bulk import: an id of your own, the same for all its batches. Recipients then hear at most "
        "of where a parcel is, and the shop's staff gets one digest of the run, ten minutes after its last batch",
    )


class Asked(Filters):
    """Which shipments, which page of them, in which language."""

    limit: Limit = DEFAULT
    cursor: Cursor = None
    locale: Locale = None


class RowOut(Output):
    """What became of one row: 201 new, 200 known, else why not."""

    index: int
    status: int
    id: UUID | None = None
    error: RowError | None = None


class Rows(Output):
    """What became of each row, in the order they were sent."""

    items: list[RowOut]


@router.post(
    "/v1/shipments",
    response_model=ShipmentWhole,
    status_code=201,
    responses={200: {"model": ShipmentWhole, "description": "The number was known: the shipment as it is now"}},
)
async def add(given: PostedShipment, caller: Writer, shop_id: OneShop, here: Here, write: Write) -> Response:
    """Hand over a shipment, or bring a known one up to date: known by carrier, number and direction.

    Where its carrier is not known, send several `carriers`, or `"carrier": null` for all whose numbers look like this
    one: they are listed as `candidates`, and the first that knows the number settles it.
    """

    async def effect(db: Session) -> Response:
        shop = await shops.get(db, caller.company_id, shop_id)
        result = await posting.post(here, db, shop, given)
        return await _whole(here, db, result.shipment, shop, 201 if result.created else 200)

    return await write.once(effect, shop_id)


@batches.post("/v1/shipments/batch", response_model=Rows)
async def add_batch(
    given: Batch, *, request: Request, caller: Writer, shop_id: OneShop, here: Here, door: Door, write: Write
) -> Response:
    """Hand over many; a row that is refused does not touch the others. Costs a tenth of the rows."""
    door.spend(request, ceil(len(given.shipments) / 10) - 1)
    checked = [refusal(row) or row for row in given.shipments]

    async def effect(db: Session) -> Response:
        shop = await shops.get(db, caller.company_id, shop_id)
        rows = await post_each(here, db, shop, checked, given.import_run)
        return told({"items": [{"index": index, **row} for index, row in enumerate(rows)]})

    return await write.once(effect, shop_id)


@router.get("/v1/shipments", response_model=Listed[ShipmentSummary])
async def listed(
    *,
    caller: Reader,
    reach: Shops,
    here: Here,
    asked: Annotated[Asked, Query()],
) -> Response:
    """The shipments that fit, newest first, without their events."""
    async with here.database.reading() as db:
        rows = await listing.listed(
            db, caller.company_id, reach, asked, limit=asked.limit + 1, before=id_after(asked.cursor)
        )
        languages = await shops.locales(db, caller.company_id)
    shown, more = page(rows, asked.limit)
    items = [
        here.silences.marked(answer.summary(each, tracking_page(here, each), asked.locale or languages[each.shop_id]))
        for each in shown
    ]
    return told({"items": items, "next_cursor": cursor_of(str(shown[-1].id)) if more else None})


@router.get("/v1/shipments/{shipment_id:uuid}", response_model=ShipmentWhole, responses=NOT_MODIFIED)
async def read(
    shipment_id: UUID,
    *,
    caller: Reader,
    reach: Shops,
    here: Here,
    locale: Locale = None,
    if_none_match: Annotated[str | None, Header(description="The `ETag` of an earlier answer")] = None,
) -> Response:
    """One shipment with its events, newest first, and why it has its status."""
    return await shown(here, caller.company_id, reach, shipment_id, locale=locale, unless=if_none_match)


async def shown(
    here: Installation,
    company_id: UUID,
    reach: Sequence[UUID],
    shipment_id: UUID,
    *,
    locale: str | None = None,
    unless: str | None = None,
) -> Response:
    """The shipment as these shops see it, or that it still has the tag in `unless`; NotFound."""
    async with here.database.glancing() as db:
        # Who has an answer already is likely to have the newest.
        if unless is not None:
            tag = here.silences.tagged(company_id, await reading.tag(db, company_id, reach, shipment_id, locale))
            if same_tag(unless, tag):
                return Response(None, 304, {"ETag": tag, **_KEPT})
        found = await reading.find(db, company_id, reach, shipment_id, with_events=True)
        now = db.now
    told_ = here.silences.marked(found.answer(tracking_page(here, found.shipment), now, locale))
    return told(told_, headers={"ETag": here.silences.tagged(company_id, found.tag(now, locale)), **_KEPT})


_KEPT = {"Cache-Control": "private, no-cache"}


@router.patch("/v1/shipments/{shipment_id:uuid}", response_model=ShipmentWhole, responses=CHANGED)
async def change(
    shipment_id: UUID,
    given: AmendedShipment,
    *,
    caller: Writer,
    reach: Shops,
    here: Here,
    write: Write,
    if_match: Annotated[str | None, Header(description="The `ETag` that the shipment must still have")] = None,
) -> Response:
    """Change what is given; what is left out stays, and null empties.

    Of `recipient`, too, the fields given change and the others stay; `"recipient": null` forgets all of it.
    Another `carrier` or `tracking_number` corrects the shipment: it is followed under the new one, with the same id and
    the same page, and what was said under the old one is listed in `former` and counts no more.
    Where there are `legs`, the first one is meant, and only together with them.
    Another `sender_reference` is taken while the number is awaited. None of these can be emptied.
    Several `carriers`, where it is not known which one is right, begin the search among them anew in the same way.
    With `If-Match`, nothing changes unless the shipment is still as that `ETag` says.
    """

    async def effect(db: Session) -> Response:
        before = await store.get(db, caller.company_id, reach, shipment_id, lock=True)
        if if_match is not None:
            found = await reading.find(db, caller.company_id, reach, shipment_id)
            tags = {found.tag(db.now, locale) for locale in (None, *supported())}
            if not still_matches(if_match, {here.silences.tagged(caller.company_id, each) for each in tags}):
                raise Changed("The shipment has changed since that `ETag`. Read it again, then send your change again.")
        shop = await shops.get(db, caller.company_id, before.shop_id)
        after = await amend(here, db, shop, before, merged(before, given))
        return await _whole(here, db, after, shop)

    return await write.once(effect)


@router.delete("/v1/shipments/{shipment_id:uuid}", status_code=204)
async def forget(shipment_id: UUID, caller: Writer, reach: Shops, here: Here, write: Write) -> Response:
    """Forget the shipment, its events, raw bodies and messages; what its carrier says later brings nothing back."""

    async def effect(db: Session) -> Response:
        shipment = await store.get(db, caller.company_id, reach, shipment_id, lock=True)
        await erasing.erase(db, here.sealer, shipment)
        await asking.follow_deletion(db, here.sealer, shipment)
        return Response(status_code=204)

    return await write.once(effect)


async def _whole(here: Installation, db: Session, shipment: Shipment, shop: Shop, status: int = 200) -> Response:
    found = await reading.find(db, shipment.company_id, [shipment.shop_id], shipment.id, with_events=True)
    return told(here.silences.marked(found.answer(tracking_page(here, shipment), db.now, shop.locale)), status)


def still_matches(wanted: str, tags: set[str]) -> bool:
    """Whether `If-Match` names one of the tags, or any; a weak tag matches nothing."""
    return any(each.strip() in (*tags, "*") for each in wanted.split(","))


def same_tag(wanted: str, tag: str) -> bool:
    """Whether `If-None-Match` names the tag, or any."""
    return any(each.strip().removeprefix("W/") in (tag, "*") for each in wanted.split(","))
