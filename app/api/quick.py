"""The two requests that come by the thousand, answered before the framework looks for their route.

Their routes stay, for the document and for whatever has more to it than these (a parameter, a shop named in a header);
what they do is one function of each.
"""

from typing import NamedTuple
from uuid import UUID

from fastapi import Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api import hooks, shipments
from app.api.access import Gate, require
from app.installation import Installation
from app.keys import Scope as Right

_SHIPMENT, _HOOK = "/v1/shipments/", "/hooks/"
_ID_LENGTH = 36  # an id in another spelling goes the long way


class _Route(NamedTuple):
    """What the metrics call it by."""

    path_format: str


_READ = _Route("/v1/shipments/{shipment_id}")
_PUSH = _Route("/hooks/{carrier}/{token}")


class Quick:
    """Stands before the application; the limits around it turn errors into answers."""

    def __init__(self, app: ASGIApp, here: Installation, gate: Gate) -> None:
        self._app, self._here, self._gate = app, here, gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request if it is one of the two, else pass it on."""
        answer: ASGIApp = self._app
        if scope["type"] == "http" and not scope.get("root_path"):
            method, path = scope["method"], scope["path"]
            if method == "GET" and path.startswith(_SHIPMENT):
                headers = dict(reversed(scope["headers"]))  # of two with one name the first counts
                if (shipment_id := _plainly_asked(scope, headers)) is not None:
                    scope["route"], scope["path_params"] = _READ, {"shipment_id": shipment_id}
                    answer = await self._read(scope, headers, shipment_id)
            elif method == "POST" and path.startswith(_HOOK):
                carrier, _, token = path[len(_HOOK) :].partition("/")
                if carrier and token and "/" not in token:
                    scope["route"] = _PUSH
                    answer = await hooks.push(Request(scope, receive), carrier, token)
        await answer(scope, receive, send)

    async def _read(self, scope: Scope, headers: dict[bytes, bytes], shipment_id: UUID) -> Response:
        caller = await self._gate.enter(scope, _text(headers.get(b"authorization")))
        require(caller, Right.READ)
        reach = caller.shop_ids if caller.shop_id is None else (caller.shop_id,)
        tag = _text(headers.get(b"if-none-match"))
        return await shipments.shown(self._here, caller.company_id, reach, shipment_id, unless=tag)


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")


def _plainly_asked(scope: Scope, headers: dict[bytes, bytes]) -> UUID | None:
    """The shipment's id, if the request has nothing more to it."""
    name = scope["path"][len(_SHIPMENT) :]
    if len(name) != _ID_LENGTH or scope["query_string"] or b"x-shop-id" in headers:
        return None
    try:
        return UUID(name)
    except ValueError:
        return None
