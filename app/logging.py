"""What the process writes about itself: one line for each event, for people or as JSON, on standard error.

Never personal data, keys or tokens. So query strings are left out, tokens in addresses are masked, other libraries
are heard from WARNING on, and of an exception the kinds and places are written but not the words: drivers and
validators repeat the values they stumbled over. Control characters, as of a requested path, are written escaped, so
that nobody outside moves a terminal's cursor or begins a line of his own.
"""

import logging
import re
import sys
import time
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

import orjson
import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import NoveError
from app.settings import Settings

Line = MutableMapping[str, Any]

QUIET = ("/healthz", "/readyz", "/metrics")
"""Asked every few seconds by machines: logged at DEBUG."""

_TOKEN = re.compile(r"^/(t|hooks/[^/]+)/[^/]+")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What moves a cursor, breaks a line or turns the direction of writing."""
_OWN_SERVERS = ("uvicorn", "uvicorn.error")

log = structlog.get_logger()


def set_up(settings: Settings) -> None:
    """Send our lines, and those of the libraries, to standard error in the form of the settings."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _where_it_went_wrong,
        _without_controls,
    ]
    as_json = settings.log_format == "json"
    console = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    # Our own lines go out directly: by way of `logging` one takes five times as long.
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(_as_json) if as_json else console],
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer)
        if as_json
        else structlog.WriteLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer() if as_json else console,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    least = max(logging.WARNING, logging.getLevelName(settings.log_level))
    for name in ("aiohttp", "aiosqlite", "alembic", "apscheduler", "asyncio", "httpx", "sqlalchemy", *_OWN_SERVERS):
        logging.getLogger(name).setLevel(least)


def masked(path: str) -> str:
    """A request's path without the token of a tracking page or a carrier's hook."""
    return _TOKEN.sub(lambda found: f"/{found[1]}/…", path)


class AccessLog:
    """A line for each answered request: method, masked path, status, milliseconds, request id, shipment."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._log = log.bind()  # as it has been set up by now: no line looks for that again

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, then write its line."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0

        async def answered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        began = time.monotonic()
        structlog.contextvars.clear_contextvars()
        try:
            await self._app(scope, receive, answered)
        finally:
            level = logging.DEBUG if scope["path"] in QUIET else logging.INFO
            if self._log.is_enabled_for(level):
                self._log.log(
                    level,
                    "answered",
                    method=scope["method"],
                    path=masked(scope["path"]),
                    status=status,
                    ms=round((time.monotonic() - began) * 1000, 1),
                    **_known(scope),
                )


def _known(scope: Scope) -> dict[str, str]:
    """Which request it was, and of which shipment."""
    known = {
        "request_id": scope.get("state", {}).get("request_id"),
        "shipment": scope.get("path_params", {}).get("shipment_id"),
    }
    return {name: str(value) for name, value in known.items() if value is not None}


def _where_it_went_wrong(_logger: object, _method: str, line: Line) -> Line:
    """Replace an exception by its kinds and places; our own errors keep their words, which name no values."""
    info = line.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        line["error"] = " < ".join(_described(each) for each in _chain(error))
    return line


def _as_json(line: Line, **_: object) -> bytes:
    return orjson.dumps(line, default=repr)


def _without_controls(_logger: object, _method: str, line: Line) -> Line:
    for name, value in line.items():
        if isinstance(value, str) and _CONTROLS.search(value):
            line[name] = _CONTROLS.sub(lambda found: ascii(found[0])[1:-1], value)
    return line


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in chain:
        chain.append(following)
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)
    return chain


def _described(error: BaseException) -> str:
    words = f" ({error})" if isinstance(error, NoveError) else ""
    return f"{type(error).__name__}{words} at {_places(error.__traceback__)}"


def _places(trace: TracebackType | None) -> str:
    """The last places of a traceback, the innermost first."""
    frames = traceback.extract_tb(trace)[-6:]
    return ", ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames)) or "?"
