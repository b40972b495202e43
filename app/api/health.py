"""Whether the process lives, whether it can work, and what it has done: for whoever operates it."""

import asyncio
import shutil

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy import text

from app.api.access import Here
from app.errors import DatabaseBehind, Unavailable
from app.installation import Installation
from app.migrating import require_newest

router = APIRouter(tags=["operation"])

FREE_SHARE, FREE_BYTES = 0.05, 512 * 1024 * 1024
DATABASE_SECONDS = 3.0


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
    """Whether requests can be served: the database answers, its schema is current, its disk has room."""
    checks = {**await _database(here), "disk": _disk(here)}
    good = all(said == "ok" for said in checks.values())
    return JSONResponse({"status": "ok" if good else "not ready", "checks": checks}, 200 if good else 503)


@router.get("/metrics", response_class=Response)
async def metrics(request: Request) -> Response:
    """What the process has done and what waits in the database, in Prometheus's text format."""
    return Response(await request.app.state.scrape.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


async def _database(here: Installation) -> dict[str, str]:
    try:
        async with asyncio.timeout(DATABASE_SECONDS):
            async with here.database.reading() as db:
                await db.value(text("SELECT 1"))
            await require_newest(here.database)
    except (Unavailable, TimeoutError):
        return {"database": "not reachable", "schema": "unknown"}
    except DatabaseBehind as error:
        return {"database": "ok", "schema": error.detail}
    return {"database": "ok", "schema": "ok"}


def _disk(here: Installation) -> str:
    """The room beside the SQLite file; a PostgreSQL server looks after its own."""
    if here.database.path is None:
        return "ok"
    try:
        disk = shutil.disk_usage(here.database.path.parent)
    except OSError as error:
        return f"not reachable: {error.strerror}"
    if disk.free < FREE_BYTES or disk.free < FREE_SHARE * disk.total:
        return f"{disk.free // (1024 * 1024)} MiB free: make room, at least 5 % and 512 MiB"
    return "ok"
