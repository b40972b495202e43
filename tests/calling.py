"""A client of a world's service, with a key."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from httpx import ASGITransport, AsyncClient

from app import keys
from app.keys import Scope
from app.main import build
from tests.building import World


@asynccontextmanager
async def calling(world: World) -> AsyncIterator[AsyncClient]:
    """A client that may write, of the world's shop."""
    async with world.database.transaction() as db:
        _, key = await keys.create(db, world.shop.company_id, world.shop.id, "Test", [Scope.WRITE])
    app = build(world.installation)
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://nove.test", headers=headers) as client,
    ):
        yield client
