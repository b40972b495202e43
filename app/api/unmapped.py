"""The inbox of codes that no table lists."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query

from app.api.access import Here, Reader, Shops
from app.api.accounts import Slug
from app.api.paging import DEFAULT, Cursor, Limit, cursor_of, page, place_of
from app.api.routing import api
from app.api.shapes import Listed, Output
from app.arrivals import unmapped
from app.arrivals.unmapped import UnmappedCode
from carriers.vocabulary import Status, SubStatus

router = api("mappings")


class Sample(Output):
    """Words that came with the code, without what is known to name somebody, and what stood beside the code."""

    text: str
    context: str


class SuggestionOut(Output):
    """A row that the words speak for, by this phrase in this language: a suggestion, never applied by itself."""

    status: Status
    sub_status: SubStatus | None
    phrase: str
    language: str
    suggested: Literal[True] = True


class UnmappedOut(Output):
    """A code that no table lists, how often it came and when, and what it came with.

    `shipments` of the shops that the key reaches, the newest of which are named. The code stands in `POST /v1/mappings`
    as it stands here.
    """

    carrier: str
    list: str
    code: str
    text: str
    count: int
    first_seen_at: datetime
    last_seen_at: datetime
    samples: Sequence[Sample]
    shipments: int
    shipment_ids: Sequence[UUID]
    suggestion: SuggestionOut | None


@router.get("/v1/carriers/unmapped")
async def listed(
    caller: Reader,
    reach: Shops,
    here: Here,
    *,
    carrier: Annotated[Slug | None, Query()] = None,
    limit: Limit = DEFAULT,
    cursor: Cursor = None,
) -> Listed[UnmappedOut]:
    """Codes that carriers sent and no table lists: they moved nothing. What a row was accepted for is left out."""
    after = place_of(cursor, str, str, str)
    place = [str(part) for part in after] if after else None
    async with here.database.reading() as db:
        rows = await unmapped.of_company(db, caller.company_id, reach, limit + 1, carrier=carrier, after=place)
    shown, more = page(rows, limit)
    following = cursor_of(*shown[-1].key) if more else None
    return Listed(items=[_shown(each) for each in shown], next_cursor=following)


def _shown(each: UnmappedCode) -> UnmappedOut:
    names = ("carrier", "list", "code", "text", "count", "first_seen_at", "last_seen_at", "shipments", "shipment_ids")
    found = each.suggestion
    return UnmappedOut(
        **{name: getattr(each, name) for name in names},
        samples=[Sample(text=text, context=context) for text, context in each.samples],
        suggestion=None
        if found is None or found.row.status is None
        else SuggestionOut(
            status=found.row.status,
            sub_status=found.row.sub_status,
            phrase=found.phrase,
            language=found.language,
        ),
    )
