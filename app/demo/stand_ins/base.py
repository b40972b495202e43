"""What a stand-in is: a local server that speaks one carrier's wire format about made-up journeys."""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from app.demo.journeys import Happened

History = Callable[[str], Sequence[Happened] | None]
"""What has happened to a number so far, oldest first; none for a number the carrier does not know."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One answer gone wrong: a status, no answer for so many seconds, or an answer cut in half."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    hang: float = 0.0
    half: bool = False


@dataclass(frozen=True, slots=True)
class Push:
    """A push as the carrier would post it: headers and raw body."""

    headers: Mapping[str, str]
    body: bytes


class StandIn(ABC):
    """One carrier's stand-in. Tests script `faults` (used up first) and read `requests` (method, path, query).

    `references` are the numbers of each sender's reference, for a carrier that can be asked for them.
    """

    slug: ClassVar[str]
    credentials: ClassVar[Mapping[str, str]]
    """The account that it lets in; other credentials are refused as the carrier would."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.references: dict[str, tuple[str, ...]] = {}
        self.faults: deque[Fault] = deque()
        self.requests: list[str] = []

    @abstractmethod
    def routes(self) -> Sequence[BaseRoute]:
        """The carrier's paths, answered from `history`."""

    def push(self, number: str, secret: str) -> Push | None:
        """The push that tells the newest step of a number, signed; none if this carrier does not push."""
        return None

    def app(self) -> ASGIApp:
        """The server: faults first, then the carrier's own answers."""
        return _Faulty(self, Starlette(routes=list(self.routes())))


class _Faulty:
    def __init__(self, stand_in: StandIn, inner: ASGIApp) -> None:
        self.stand_in, self.inner = stand_in, inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = scope["query_string"].decode()
        self.stand_in.requests.append(f"{scope['method']} {scope['path']}" + (f"?{query}" if query else ""))
        if not self.stand_in.faults:
            await self.inner(scope, receive, send)
            return
        fault = self.stand_in.faults.popleft()
        if fault.hang:
            await asyncio.sleep(fault.hang)
        headers = [(name.lower().encode(), value.encode()) for name, value in fault.headers.items()]
        if fault.half:
            headers.append((b"content-length", str(len(fault.body) * 2 + 100).encode()))
        await send({"type": "http.response.start", "status": fault.status or 200, "headers": headers})
        await send({"type": "http.response.body", "body": fault.body})
