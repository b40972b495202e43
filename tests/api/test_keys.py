"""API keys through the API."""

from httpx import AsyncClient
from sqlalchemy import select

from app import keys
from app.keys import api_keys
from app.sealing import key_hash
from app.shops import Shop
from tests.api.conftest import Service


async def test_a_key_is_shown_once_and_works_until_it_is_revoked(
    service: Service, client: AsyncClient, shop: Shop
) -> None:
    """Only its hash is stored; the list shows how it begins; revoked, it is refused at once."""
    made = await client.post("/v1/keys", json={"name": "Magento", "scopes": ["write"]})
    plain = made.json()["api_key"]
    theirs = await service.client({"Authorization": f"Bearer {plain}"})
    works = await theirs.get("/v1/shop")
    listed = (await client.get("/v1/keys")).json()["items"]
    async with service.database.reading() as db:
        stored = await db.first(select(api_keys).where(api_keys.c.name == "Magento"))
    revoked = await client.delete(f"/v1/keys/{made.json()['id']}")

    assert made.status_code == 201
    assert made.json() | {"api_key": ""} == {
        "id": made.json()["id"],
        "shop_id": str(shop.id),
        "name": "Magento",
        "prefix": plain[:12],
        "scopes": ["write"],
        "created_at": made.json()["created_at"],
        "last_used_at": None,
        "api_key": "",
    }
    assert works.status_code == 200
    assert [each["name"] for each in listed] == ["Test", "Magento"]
    assert stored is not None
    assert stored.hash == key_hash(plain).hex()
    assert plain not in str(tuple(stored))
    assert revoked.status_code == 204
    assert (await theirs.get("/v1/shop")).status_code == 401
    assert (await client.delete(f"/v1/keys/{made.json()['id']}")).status_code == 404


async def test_each_scope_opens_its_doors(service: Service, shop: Shop) -> None:
    """Reading is for all; settings and keys are for admins."""
    doors = {"read": ("/v1/shop", "/v1/rules"), "admin": ("/v1/keys",)}
    opened = {}
    for scope in ("read", "write", "support", "admin"):
        caller = await service.caller(shop, scope)
        opened[scope] = [(await caller.get(path)).status_code for paths in doors.values() for path in paths]

    assert opened == {
        "read": [200, 200, 403],
        "write": [200, 200, 403],
        "support": [200, 200, 403],
        "admin": [200, 200, 200],
    }


async def test_a_shops_key_makes_and_ends_keys_of_its_shop_alone(
    service: Service, client: AsyncClient, shop: Shop
) -> None:
    """Neither for a sister shop nor for the company; and never the one in use."""
    sister = await service.shop(shop.company_id)
    theirs = await service.caller(sister)
    sisters_key = (await theirs.get("/v1/keys")).json()["items"][0]["id"]
    own_key = (await client.get("/v1/keys")).json()["items"][0]["id"]
    company = await service.caller(shop, all_shops=True)

    foreign = await client.post("/v1/keys", json={"name": "X", "scopes": ["read"], "shop_id": str(sister.id)})
    own = await client.post("/v1/keys", json={"name": "X", "scopes": ["read"]})
    wide = await company.post("/v1/keys", json={"name": "Y", "scopes": ["read"]})
    narrow = await company.post("/v1/keys", json={"name": "Z", "scopes": ["read"], "shop_id": str(sister.id)})

    assert foreign.status_code == 404
    assert [own.json()["shop_id"], wide.json()["shop_id"], narrow.json()["shop_id"]] == [
        str(shop.id),
        None,
        str(sister.id),
    ]
    assert (await client.delete(f"/v1/keys/{sisters_key}")).status_code == 404
    assert (await client.delete(f"/v1/keys/{own_key}")).json()["code"] == "key_in_use"
    assert len((await company.get("/v1/keys")).json()["items"]) == 6


async def test_use_is_noted_once_a_minute(service: Service, shop: Shop) -> None:
    """The first use is written, the next within the minute is not."""
    plain = await service.key(shop)
    async with service.database.reading() as db:
        caller = await keys.authenticate(db, f"Bearer {plain}")
    async with service.database.transaction() as db:
        await keys.mark_used(db, caller.company_id, caller.key_id)
    async with service.database.transaction() as db:
        [first] = [each.last_used_at for each in await keys.of(db, shop.company_id, shop.id)]
        await keys.mark_used(db, caller.company_id, caller.key_id)
        [second] = [each.last_used_at for each in await keys.of(db, shop.company_id, shop.id)]
        again = await keys.authenticate(db, f"Bearer {plain}")

    assert caller.stale_use
    assert first is not None
    assert second == first
    assert not again.stale_use
