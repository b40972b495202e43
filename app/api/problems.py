"""Errors as `application/problem+json` (RFC 9457), whatever went wrong and wherever.

Each has `type`, `title`, `status`, `detail`, a stable `code` for programs, the `request_id`, and for input `errors[]`
of `field` and `message`. None shows anything of the inside.
"""

import math
import re
import sqlite3
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from asyncpg import PostgresError
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Route

from app.away import is_away
from app.errors import FieldError, InvalidInput, NoveError, TryLater, Unavailable, Unusable
from app.wrong_fields import in_words

MEDIA_TYPE = "application/problem+json"

INTERNAL = "Something went wrong on our side. Nothing was stored. Tell us the request id if it happens again."
MALFORMED = "The request is malformed; each field that is wrong is named."
BUSY = "The database is busy just now; nothing was stored. Send it again."


class FieldProblem(BaseModel):
    """A field that is wrong."""

    field: str
    message: str


class Problem(BaseModel):
    """What every error looks like."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldProblem] | None = None


def documented(status: int, code: str, detail: str) -> dict[str, Any]:
    """An error of a route, for the OpenAPI document."""
    title = HTTPStatus(status).phrase
    example = {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code}
    return {
        "description": title,
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "example": {**example, "request_id": "0199c0de5f2a7b3c8d4e5f60718293a4"},
            }
        },
    }


RESPONSES: dict[int | str, dict[str, Any]] = {
    401: documented(401, "not_authenticated", "Send your API key in the header `Authorization`."),
    403: documented(403, "not_allowed", "This key lacks the scope `write`."),
    404: documented(404, "not_found", "No such thing, or it belongs to someone else."),
    409: documented(409, "conflict", "The state of things forbids it."),
    413: documented(413, "too_large", "Send at most 1 MiB."),
    415: documented(415, "unsupported_body", "Send `application/json`."),
    422: documented(422, "invalid_input", MALFORMED),
    429: documented(429, "rate_limited", "Wait as `Retry-After` says, then go on."),
    503: documented(503, "unavailable", BUSY),
}
"""For the OpenAPI document of every route of the API."""


def problem(
    request_id: str,
    status: int,
    code: str,
    detail: str,
    *,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer that tells of an error."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id,
    }
    if errors:
        body["errors"] = [{"field": each.field, "message": each.message} for each in errors]
    return Response(orjson.dumps(body), status, headers, MEDIA_TYPE)


def of(error: Exception, request_id: str) -> Response:
    """The answer that tells of this error; of an unknown one it says nothing."""
    if isinstance(error, DBAPIError | PostgresError | sqlite3.Error | PoolTimeout) and is_away(error):
        error = Unavailable(BUSY)
    if isinstance(error, HTTPException):
        return _of_http(error, request_id)
    if isinstance(error, RequestValidationError):
        error = InvalidInput(MALFORMED, [_field_error(each) for each in error.errors()])
    if not isinstance(error, NoveError) or isinstance(error, Unusable):
        return problem(request_id, 500, "internal", INTERNAL)
    headers = {}
    if isinstance(error, TryLater):
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    errors = error.errors if isinstance(error, InvalidInput) else ()
    return problem(request_id, error.status, error.given_code, error.detail, errors=errors, headers=headers)


_SHIPMENT = re.compile(r"/v1/shipments/[^/]+")
_NO_ID = (
    "This is no id of a shipment: send it as it was given to you, such as 0199c0de-5f2a-7b3c-8d4e-5f6071829304. "
    "`GET /v1/shipments?tracking_number=…` finds a shipment by its number."
)


def install(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Answer every error of the application, which has these routes, this way."""

    async def answer(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException) and error.status_code == 405:
            error.headers = {"Allow": ", ".join(_methods(request, routes))}
        if isinstance(error, HTTPException) and error.status_code == 404 and _SHIPMENT.fullmatch(request.url.path):
            error.detail = _NO_ID
        return of(error, request.state.request_id)

    for kind in (NoveError, RequestValidationError, HTTPException, PoolTimeout):
        app.add_exception_handler(kind, answer)


def _methods(request: Request, routes: Sequence[BaseRoute]) -> list[str]:
    """The methods of the address, of which a router tells those of its first route alone."""
    matching = [each for each in routes if isinstance(each, Route) and each.matches(request.scope)[0] is not Match.NONE]
    return sorted({method for each in matching for method in each.methods or ()})


def _of_http(error: HTTPException, request_id: str) -> Response:
    phrase = HTTPStatus(error.status_code).phrase
    code, detail = phrase.lower().replace(" ", "_").replace("-", "_"), str(error.detail)
    if error.status_code == 404 and detail == phrase:
        detail = "There is nothing at this address. `/docs` lists the addresses there are."
    elif error.status_code == 405:
        detail = "This address does not take this method. The header `Allow` lists those it takes."
    return problem(request_id, error.status_code, code, detail, headers=error.headers)


def _field_error(error: Mapping[str, Any]) -> FieldError:
    place, *path = error["loc"]
    field = ".".join(str(part) for part in path) or str(place)
    return FieldError(field[:200], in_words(error))
