"""The sandbox carrier's own interface, served by us and polled by us over HTTP. It keeps nothing."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import AwareDatetime

from app.demo.stand_ins.sandbox import answer, tell

router = APIRouter(prefix="/sandbox", include_in_schema=False)

Number = Annotated[str, Query(max_length=40)]


@router.get("/track")
async def track(
    number: Annotated[list[Number], Query(max_length=20)],
    start: Annotated[list[AwareDatetime], Query(max_length=20)],
    speed: Annotated[float, Query(gt=0, le=1_000_000, allow_inf_nan=False)] = 1,
) -> Response:
    """What has happened to each number, whose journey began at the `start` of the same place in the list."""
    if len(number) != len(start):
        raise HTTPException(422, "as many `start` as `number`, please")
    now = datetime.now(UTC)
    try:
        parcels = [tell(each, begun.astimezone(UTC), speed, now) for each, begun in zip(number, start, strict=True)]
    except OverflowError:
        raise HTTPException(422, "`start` and `speed` make a journey that leaves the calendar") from None
    return Response(answer(parcels), media_type="application/json")
