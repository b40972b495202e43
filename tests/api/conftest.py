"""A running service: its application on the test's database, companies with shops and keys, clients."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from app import keys, shops
from app.database import Database
from app.installation import Installation
from app.main import build
from app.sealing import Sealer
from app.settings import Settings
from app.shops import Shop

PUBLIC_URL = "https://nove.example"


class Service:
    """An application, and ways to make who uses it."""

    app: FastAPI

    def __init__(self, installation: Installation, stack: AsyncExitStack) -> None:
        self.installation = installation
        self.database, self.sealer = installation.database, installation.sealer
        self._stack = stack

    async def start(self, **options: Any) -> FastAPI:
        """Start the application, or another one, with these options of `build`."""
        self.app = build(self.installation, **options)
        await self._stack.enter_async_context(self.app.router.lifespan_context(self.app))
        return self.app

    async def shop(self, company_id: UUID | None = None, name: str = "Bottega", **settings: object) -> Shop:
        """A shop of the company, or of a new one."""
        async with self.database.transaction() as db:
            company_id = company_id or await shops.create_company(db, "Company")
            return await shops.create(db, company_id, name, **settings)  # type: ignore[arg-type]

    async def key(
        self, shop: Shop, scopes: Sequence[str] = ("admin",), *, all_shops: bool = False, **limits: float
    ) -> str:
        """A key of the shop, or of all its company's shops."""
        async with self.database.transaction() as db:
            _, plain = await keys.create(
                db,
                shop.company_id,
                None if all_shops else shop.id,
                "Test",
                scopes,
                **limits,  # type: ignore[arg-type]
            )
        return plain

    async def caller(self, shop: Shop, *scopes: str, all_shops: bool = False, **limits: float) -> AsyncClient:
        """A client with a fresh key of the shop (scope admin if none is named)."""
        key = await self.key(shop, scopes or ("admin",), all_shops=all_shops, **limits)
        return await self.client({"Authorization": f"Bearer {key}"})

    async def client(self, headers: dict[str, str] | None = None) -> AsyncClient:
        """A client; without an Authorization header it has no key."""
        client = AsyncClient(transport=ASGITransport(self.app), base_url="http://nove.test", headers=headers)
        return await self._stack.enter_async_context(client)


@pytest.fixture
def settings(database_url: str) -> Settings:
    """The settings of the service under test; calls to loopback are allowed, where receivers listen."""
    return Settings(
        _env_file=None,
        database_url=database_url,
        public_url=PUBLIC_URL,
        outbound_allow="127.0.0.0/8",
    )


@pytest.fixture
def installation(settings: Settings, database: Database) -> Installation:
    """The installation under test."""
    return Installation(settings, database, Sealer(bytes(range(32))))


@pytest.fixture
async def service(installation: Installation) -> AsyncIterator[Service]:
    """The service, started."""
    async with AsyncExitStack() as stack:
        service = Service(installation, stack)
        await service.start()
        yield service


@pytest.fixture
async def shop(service: Service) -> Shop:
    """A shop."""
    return await service.shop()


@pytest.fixture
async def client(service: Service, shop: Shop) -> AsyncClient:
    """A client with an admin key of the shop."""
    return await service.caller(shop)
