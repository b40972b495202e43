"""Builds the application: settings and database in, routers, errors and limits around them."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI

from app.api import (
    accounts,
    arrivals,
    carrier_health,
    docs,
    endpoints,
    erasures,
    feed,
    health,
    hooks,
    journey,
    keys,
    lookup,
    mappings,
    messages,
    orders,
    reference,
    rules,
    sandbox,
    shipments,
    shop,
    unmapped,
)
from app.api.access import Gate
from app.api.around import UNTRACED, surround
from app.api.buckets import Buckets
from app.api.limits import BODY_SECONDS
from app.api.openapi import describe
from app.api.own_events import OwnEvents
from app.api.quick import Quick
from app.installation import Installation
from app.intake.pushed import Pushes
from app.pages import tracking
from app.pages.visitors import Visitors
from app.polling.silences import watched

ROUTERS = (
    # What is asked most often is found first.
    hooks.router,
    shipments.router,
    health.router,
    docs.router,
    shop.router,
    keys.router,
    accounts.router,
    rules.router,
    endpoints.router,
    messages.router,
    erasures.router,
    reference.router,
    carrier_health.router,
    unmapped.router,
    mappings.router,
    shipments.batches,
    journey.router,
    orders.router,
    lookup.router,
    feed.router,
    arrivals.router,
    sandbox.router,
    tracking.router,
)
"""Every router of the service; a new one is a line here."""

Companion = Callable[[Installation], AbstractAsyncContextManager[object]]
"""What runs beside the routes for as long as they are served, as the worker of `nove serve`."""


def build(
    installation: Installation,
    *,
    companion: Companion | None = None,
    buckets: Buckets | None = None,
    body_seconds: float = BODY_SECONDS,
) -> FastAPI:
    """The application of an opened installation; who opened it closes it."""
    gate = Gate(installation.database, buckets)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(gate.close)
            await stack.enter_async_context(watched(installation))
            if companion is not None:
                await stack.enter_async_context(companion(installation))
            yield

    app = FastAPI(
        title="Nove",
        version=version("nove"),
        summary="What parcel carriers say, in nine statuses",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        telemetry=UNTRACED,
    )
    app.state.gate = gate
    app.state.visitors = Visitors(buckets)
    app.state.pushes = Pushes(installation)
    app.state.own_events = OwnEvents(installation)
    # As they are: `include_router` would make and analyse each route again, for every application.
    app.router.routes.extend(route for router in ROUTERS for route in router.routes)
    describe(app)
    app.add_middleware(Quick, here=installation, gate=gate)
    return surround(app, installation, app.router.routes[:], body_seconds)
