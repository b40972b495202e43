"""Routes of the API: the caller is known before anything is read, bodies are read once and strictly.

router = api("endpoints")

@router.get("/v1/endpoints")
async def listed(caller: Reader, shop_id: OneShop, here: Here) -> Listed[EndpointOut]: ...
"""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, get_origin

import orjson
from fastapi import APIRouter, Depends, Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Cookie, Header, Path
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app.api import problems
from app.api.access import BEARER, gate_of
from app.api.bodies import json_of
from app.errors import FieldError, InvalidInput, UnsupportedBody


class ApiRequest(Request):
    """A request whose JSON was read by us."""

    value: Any = None

    async def json(self) -> Any:
        """The body's value."""
        return self.value


class ApiRoute(APIRoute):
    """Admits the caller, refuses parameters that the route does not know, reads the body, then does as any route."""

    rows_by_themselves = False
    """Whether the body holds rows that the route checks one by one."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's work with ours before it."""
        handle = super().get_route_handler()
        # The fields of a model of parameters say nothing of where they stand, so what stands elsewhere is left out.
        fields = get_flat_params(self.dependant)
        known = {field.alias for field in fields if not isinstance(field.field_info, Path | Header | Cookie)}
        lists = {field.alias for field in fields if get_origin(field.field_info.annotation) is list}
        takes_body = self.body_field is not None

        async def admitted(request: Request) -> Response:
            request = ApiRequest(request.scope, request.receive)
            await gate_of(request).admit(request)
            unknown = [name for name in request.query_params if name not in known]
            if unknown:
                raise InvalidInput(
                    problems.MALFORMED,
                    [
                        FieldError(name[:200], "Unknown parameter: leave it out, or check its spelling.")
                        for name in unknown
                    ],
                )
            repeated = [name for name in known - lists if len(request.query_params.getlist(name)) > 1]
            if repeated:
                raise InvalidInput(
                    problems.MALFORMED, [FieldError(name, "Send this parameter once.") for name in sorted(repeated)]
                )
            if takes_body and (body := await request.body()):
                if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
                    raise UnsupportedBody("Send the body as JSON, with `Content-Type: application/json`.")
                request.value = json_of(body, each_by_itself=self.rows_by_themselves)
            return await handle(request)

        return admitted


class RowsRoute(ApiRoute):
    """A route whose body holds rows: strings that are not accepted are the row's fault alone (`bodies.refusal`)."""

    rows_by_themselves = True


def api(tag: str, route: type[ApiRoute] = ApiRoute) -> APIRouter:
    """A router of the API: its routes need a key, and document their errors."""
    return APIRouter(tags=[tag], route_class=route, dependencies=[Depends(BEARER)], responses=problems.RESPONSES)


def answer(value: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A model as the body of an answer."""
    return Response(value.__pydantic_serializer__.to_json(value), status, headers, "application/json")


def told(value: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Values made elsewhere as the body of an answer; the route's `response_model` documents their shape."""
    return Response(orjson.dumps(value), status, headers, "application/json")
