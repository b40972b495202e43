"""A shop's webhook endpoints."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Response
from pydantic import Field, StrictBool, StringConstraints

from app.api.access import Administrator, Here, OneShop, Reader
from app.api.routing import answer, api
from app.api.shapes import Input, Line, Listed, Output
from app.api.writing import Write
from app.database import Session
from app.outbound import check_url
from app.outbox import endpoints
from app.outbox.endpoints import Circuit, Endpoint, Type

router = api("endpoints")

Types = Annotated[list[Type], Field(min_length=1, max_length=len(endpoints.TYPES))]
Url = Annotated[str, StringConstraints(min_length=8, max_length=2000, pattern=r"^https?://[!-~]+$")]


class NewEndpoint(Input):
    """Where webhooks shall go: a public https address, and the types that it wants; all of them unless it says so."""

    url: Url = Field(examples=["https://shop.example.com/nove"])
    types: Types = Field(default=list(endpoints.TYPES), examples=[["shipment.status_changed"]])
    description: Line = ""


class EndpointChange(Input):
    """What to change; what is left out stays. Enabling forgets the failures."""

    url: Url | None = None
    types: Types | None = None
    description: Line | None = None
    enabled: StrictBool | None = None


class EndpointOut(Output):
    """An endpoint and its health.

    `failures` in a row, since when, and what the last one was; `circuit`: `open` while nothing is sent (until
    `open_until`), `half_open` when one message may try again; `pace`: messages a second while it recovers, null for no
    limit.
    """

    id: UUID
    shop_id: UUID
    url: str
    description: str
    types: list[str]
    payload_version: str
    enabled: bool
    disabled_reason: str
    failures: int
    failing_since: datetime | None
    circuit: Circuit
    open_until: datetime | None
    pace: float | None
    last_success_at: datetime | None
    last_failure_at: datetime | None
    last_error: str
    created_at: datetime


class EndpointMade(EndpointOut):
    """An endpoint with a new signing secret (Standard Webhooks), shown this once."""

    secret: str


@router.get("/v1/endpoints")
async def listed(caller: Reader, shop_id: OneShop, here: Here) -> Listed[EndpointOut]:
    """The shop's endpoints, oldest first."""
    async with here.database.reading() as db:
        found = await endpoints.of_shop(db, caller.company_id, shop_id)
    return Listed(items=[_shown(each, here.database.now()) for each in found])


@router.post("/v1/endpoints", response_model=EndpointMade, status_code=201)
async def create(given: NewEndpoint, caller: Administrator, shop_id: OneShop, here: Here, write: Write) -> Response:
    """Make an endpoint; its signing secret is shown in this answer and never again."""
    await check_url(given.url, here.settings.outbound_allow)  # asks the resolver, so before the transaction

    async def effect(db: Session) -> Response:
        made = await endpoints.create(db, here.sealer, caller.company_id, shop_id, **given.model_dump())
        return answer(_made(*made, db.now), 201)

    return await write.once(effect, shop_id)


@router.get("/v1/endpoints/{endpoint_id}")
async def read(endpoint_id: UUID, caller: Reader, shop_id: OneShop, here: Here) -> EndpointOut:
    """One endpoint."""
    async with here.database.reading() as db:
        return _shown(await endpoints.get(db, caller.company_id, shop_id, endpoint_id), db.now)


@router.patch("/v1/endpoints/{endpoint_id}", response_model=EndpointOut)
async def change(
    endpoint_id: UUID, given: EndpointChange, *, caller: Administrator, shop_id: OneShop, here: Here, write: Write
) -> Response:
    """Change an endpoint."""
    if given.url is not None:
        await check_url(given.url, here.settings.outbound_allow)

    async def effect(db: Session) -> Response:
        endpoint = await endpoints.get(db, caller.company_id, shop_id, endpoint_id)
        changed = await endpoints.change(db, endpoint, **given.model_dump(exclude_none=True))
        return answer(_shown(changed, db.now))

    return await write.once(effect, shop_id)


@router.post("/v1/endpoints/{endpoint_id}/rotate", response_model=EndpointMade)
async def rotate(endpoint_id: UUID, caller: Administrator, shop_id: OneShop, here: Here, write: Write) -> Response:
    """A new signing secret, shown this once; the former one signs beside it for 24 hours."""

    async def effect(db: Session) -> Response:
        endpoint = await endpoints.get(db, caller.company_id, shop_id, endpoint_id)
        return answer(_made(*await endpoints.rotate(db, here.sealer, endpoint), db.now))

    return await write.once(effect, shop_id)


@router.delete("/v1/endpoints/{endpoint_id}", status_code=204)
async def remove(endpoint_id: UUID, caller: Administrator, shop_id: OneShop, here: Here) -> None:
    """Delete an endpoint; what was due to it is not sent any more."""
    async with here.database.transaction() as db:
        await endpoints.remove(db, caller.company_id, shop_id, endpoint_id)


def _shown(endpoint: Endpoint, now: datetime) -> EndpointOut:
    fields = {name: getattr(endpoint, name) for name in EndpointOut.model_fields if name != "circuit"}
    return EndpointOut(**fields, circuit=endpoint.circuit(now))


def _made(endpoint: Endpoint, secret: str, now: datetime) -> EndpointMade:
    return EndpointMade(**_shown(endpoint, now).model_dump(), secret=secret)
