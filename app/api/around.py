"""What is around the routes of every application: limits, errors, and what it shows of itself."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.routing import BaseRoute

from app.api import problems
from app.api.limits import BODY_SECONDS, Limits
from app.api.metrics import Scrape
from app.installation import Installation

UNTRACED: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""The framework exports nothing: its spans would hold paths, and so the tokens of hooks and pages."""


def surround(
    app: FastAPI, installation: Installation, routes: Sequence[BaseRoute], body_seconds: float = BODY_SECONDS
) -> FastAPI:
    """The application, which has these routes of ours, with what holds for all of them."""
    app.state.installation = installation
    app.state.scrape = Scrape(installation)
    problems.install(app, routes)
    app.add_middleware(Limits, here=installation, body_seconds=body_seconds)
    app.middleware_stack = _ours(app.build_middleware_stack())
    return app


def _ours(stack: Any) -> Limits:
    """The layers from ours on: those that the framework puts around it (last resort, telemetry, size) have nothing left
    to do, and each would be passed by every request and every part of its answer."""
    while not isinstance(stack, Limits):
        stack = stack.app
    return stack
