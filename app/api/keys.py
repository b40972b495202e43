"""API keys, made and revoked by who holds one with scope `admin`."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Response
from pydantic import Field

from app import keys, shops
from app.api.access import Administrator, Door, Here
from app.api.routing import answer, api
from app.api.shapes import Input, Listed, Name, Output
from app.api.writing import Write
from app.database import Session
from app.errors import Conflict, NotFound
from app.keys import Scope

router = api("keys")


class NewKey(Input):
    """A key to be made. Without `shop_id` it reaches what the key that makes it reaches."""

    name: Name = Field(examples=["Magento"])
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=4)] = Field(examples=[["write"]])
    shop_id: UUID | None = None


class KeyOut(Output):
    """A key as its owner sees it; without `shop_id` it is for all shops of the company."""

    id: UUID
    shop_id: UUID | None
    name: str
    prefix: str
    scopes: list[Scope]
    created_at: datetime
    last_used_at: datetime | None


class KeyMade(KeyOut):
    """A new key; `api_key` is shown this once."""

    api_key: str


@router.get("/v1/keys")
async def listed(caller: Administrator, here: Here) -> Listed[KeyOut]:
    """The live keys within the caller's reach, oldest first."""
    async with here.database.reading() as db:
        found = await keys.of(db, caller.company_id, caller.shop_id)
    return Listed(items=[KeyOut.model_validate(each) for each in found])


@router.post("/v1/keys", response_model=KeyMade, status_code=201)
async def create(given: NewKey, caller: Administrator, write: Write) -> Response:
    """Make a key; it is shown in this answer and never again."""
    if caller.shop_id is not None and given.shop_id not in (None, caller.shop_id):
        raise NotFound(f"No shop {given.shop_id}.")
    shop_id = given.shop_id or caller.shop_id

    async def effect(db: Session) -> Response:
        if shop_id is not None:
            await shops.get(db, caller.company_id, shop_id)
        key, plain = await keys.create(db, caller.company_id, shop_id, given.name, given.scopes)
        return answer(KeyMade(**KeyOut.model_validate(key).model_dump(), api_key=plain), 201)

    return await write.once(effect)


@router.delete("/v1/keys/{key_id}", status_code=204)
async def revoke(key_id: UUID, caller: Administrator, here: Here, door: Door) -> None:
    """Revoke a key; it is refused everywhere within 5 seconds."""
    if key_id == caller.key_id:
        raise Conflict("This is the key you are using: revoke it with another one.", code="key_in_use")
    async with here.database.transaction() as db:
        await keys.revoke(db, caller.company_id, caller.shop_id, key_id)
    door.forget(key_id)
