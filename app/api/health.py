"""Whether the process lives, whether it can work, and what it has done: for whoever operates it."""

import asyncio

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from app.api.access import Here
from app.disk import room
from app.errors import Unavailable
from app.installation import Installation
from app.migrating import behind

router = APIRouter(tags=["operation"])

DATABASE_SECONDS = 3.0
AGAIN_SECONDS = 2
"""When whoever found us not ready may ask again."""


class Alive(BaseModel):
    """The process lives."""

    status: str = "ok"


class Ready(BaseModel):
    """What the process needs: each `ok`, or what is wrong with it."""

    status: str
    checks: dict[str, str]


@router.get("/healthz")
async def alive() -> Alive:
    """Whether the process lives; it asks nothing of anything else."""
    return Alive()


@router.get("/readyz", response_model=Ready, responses={503: {"model": Ready}})
async def ready(here: Here) -> Response:
    """Whether work can be done: the database answers, its schema is not behind, a SQLite file's disk has room."""
    checks = {**await _database(here), "disk": _disk(here)}
    if all(said == "ok" for said in checks.values()):
        return JSONResponse({"status": "ok", "checks": checks})
    return JSONResponse({"status": "not ready", "checks": checks}, 503, {"Retry-After": str(AGAIN_SECONDS)})


@router.get("/metrics", response_class=Response)
async def metrics(request: Request) -> Response:
    """What the process has done and what waits in the database, in Prometheus's text format."""
    return Response(await request.app.state.scrape.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


async def _database(here: Installation) -> dict[str, str]:
    try:
        async with asyncio.timeout(DATABASE_SECONDS):
            schema = await behind(here.database)
    except (Unavailable, TimeoutError):
        return {"database": "not reachable", "schema": "unknown"}
    return {"database": "ok", "schema": schema or "ok"}


def _disk(here: Installation) -> str:
    """The room beside the SQLite file; a PostgreSQL server looks after its own."""
    enough, words = room(here.database.path) if here.database.path is not None else (True, "")
    return "ok" if enough else words
