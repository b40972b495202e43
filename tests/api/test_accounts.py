"""Contracts with carriers through the API."""

from typing import Any

import pytest
from httpx import AsyncClient, Response
from pydantic import SecretStr
from sqlalchemy import select

from app import accounts
from app.accounts import carrier_accounts
from app.errors import NotFound
from app.shops import Shop
from app.wrong_fields import BY_PATTERN
from carriers import carrier, carriers
from carriers.base import Credentials
from tests.api.conftest import PUBLIC_URL, Service
from tests.api.posting import post_parcel


class SecretCredentials(Credentials):
    """As most carriers need them."""

    client_id: str
    client_secret: SecretStr
    region: str = "it"


@pytest.fixture
def secretive(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox, asking for a secret."""
    monkeypatch.setattr(type(carrier("sandbox")), "credentials", SecretCredentials)


GIVEN: dict[str, Any] = {"client_id": "ada", "client_secret": "canary-secret"}


async def test_an_account_is_added_and_its_credentials_never_told(
    service: Service, client: AsyncClient, shop: Shop, secretive: None
) -> None:
    """Sealed at rest, opened for the adapter, told as set or not."""
    made = await client.post("/v1/accounts", json={"carrier": "sandbox", "name": "Mine", "credentials": GIVEN})
    read = await client.get(f"/v1/accounts/{made.json()['id']}")
    reader = await (await service.caller(shop, "read")).get(f"/v1/accounts/{made.json()['id']}")
    async with service.database.reading() as db:
        [account] = await accounts.of_company(db, shop.company_id)
        stored = await db.first(select(carrier_accounts))
    opened = accounts.opened(service.sealer, account)

    assert made.status_code == 201
    assert {name: value for name, value in made.json().items() if name != "secret"} == read.json()
    assert read.json()["credentials"] == {"client_id": True, "client_secret": True, "region": False}
    assert read.json()["hook_url"].startswith(f"{PUBLIC_URL}/hooks/sandbox/")
    assert reader.json()["hook_url"] is None
    assert opened.credentials == SecretCredentials(client_id="ada", client_secret=SecretStr("canary-secret"))
    assert accounts.secrets_of(service.sealer, account) == (made.json()["secret"],)
    assert "canary-secret" not in made.text + read.text + repr(stored) + repr(account)


async def test_a_daily_quota_is_given_with_the_account_or_later(client: AsyncClient) -> None:
    """Null is what the carrier allows everybody; none at all is refused."""
    made = await client.post("/v1/accounts", json={"carrier": "sandbox", "daily_quota": 500})
    usual = await client.post("/v1/accounts", json={"carrier": "sandbox"})
    path = f"/v1/accounts/{made.json()['id']}"
    read = await client.get(path)
    changed = await client.patch(path, json={"daily_quota": None})
    refused = await client.post("/v1/accounts", json={"carrier": "sandbox", "daily_quota": 0})

    assert [each.json()["daily_quota"] for each in (made, read, usual, changed)] == [500, 500, None, None]
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "daily_quota")


async def test_an_aggregators_account_says_whom_it_serves(client: AsyncClient) -> None:
    """The carriers that are named, or all that it can; one that it cannot serve is refused, with those that it can."""

    async def added(fallback: str) -> Response:
        given = {"api_key": "a", "fallback": fallback}
        return await client.post("/v1/accounts", json={"carrier": "ship24", "credentials": given})

    some, every, wrong = await added("usps, ups"), await added("all"), await added("usps,pigeon")

    assert some.json()["serves"] == ["ups", "usps"]
    assert every.json()["serves"] == sorted(carrier("ship24").couriers)
    assert (wrong.status_code, [each["field"] for each in wrong.json()["errors"]]) == (422, ["credentials.fallback"])
    assert wrong.json()["errors"][0]["message"] == (
        f"Cannot serve pigeon; it can serve {', '.join(carrier('ship24').couriers)}, or all of them by `all`"
    )


@pytest.mark.parametrize(
    ("slug", "wrong", "said"),
    [
        ("dhl_unified", {"push": "maybe"}, "Send true or false."),
        ("dhl_unified", {"service": "Maybe"}, "Send small letters with hyphens between the words, such as parcel-de."),
        ("bring", {"lang": "fi"}, "Send one of 'en', 'no', 'sv' or 'da'."),
    ],
)
async def test_a_wrong_option_is_told_what_is_allowed(
    client: AsyncClient, slug: str, wrong: dict[str, str], said: str
) -> None:
    """Never by a regular expression."""
    given = {"carrier": slug, "credentials": {"api_key": "a", "api_uid": "b"} | wrong}
    errors = (await client.post("/v1/accounts", json=given)).json()["errors"]

    [field] = wrong
    assert [each["message"] for each in errors if each["field"] == f"credentials.{field}"] == [said]


def test_every_form_of_a_credential_has_its_sentence() -> None:
    """Of every carrier's."""
    schemas = [each.credentials.model_json_schema()["properties"] for each in carriers().values()]
    patterns = {field["pattern"] for fields in schemas for field in fields.values() if "pattern" in field}

    assert "^(en|no|sv|da)$" in patterns
    assert patterns <= set(BY_PATTERN)


async def test_wrong_credentials_are_named_and_not_repeated(client: AsyncClient, secretive: None) -> None:
    """Missing, unknown and of the wrong kind."""
    wrong = {"client_id": "ada", "client_secret": 17, "secret": "canary-secret"}
    refused = await client.post("/v1/accounts", json={"carrier": "sandbox", "credentials": wrong})
    unknown = await client.post("/v1/accounts", json={"carrier": "pigeon"})

    assert refused.status_code == 422
    assert [each["field"] for each in refused.json()["errors"]] == ["credentials.client_secret", "credentials.secret"]
    assert "canary-secret" not in refused.text
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_carrier")
    assert unknown.json()["errors"] == [
        {"field": "carrier", "message": "no carrier 'pigeon': `nove carriers` lists them, and GET /v1/carriers"}
    ]


async def test_a_change_keeps_what_it_does_not_name(
    service: Service, client: AsyncClient, shop: Shop, secretive: None
) -> None:
    """One credential changes, one goes, the rest stays; without a needed one nothing changes."""
    made = await client.post("/v1/accounts", json={"carrier": "sandbox", "credentials": GIVEN | {"region": "fr"}})
    path = f"/v1/accounts/{made.json()['id']}"
    changed = await client.patch(path, json={"name": "New", "credentials": {"client_id": "bea", "region": None}})
    refused = await client.patch(path, json={"credentials": {"client_secret": None}})
    async with service.database.reading() as db:
        [account] = await accounts.of_company(db, shop.company_id)

    assert (changed.status_code, changed.json()["name"]) == (200, "New")
    assert refused.json()["errors"] == [{"field": "credentials.client_secret", "message": "Required."}]
    assert accounts.opened(service.sealer, account).credentials == SecretCredentials(
        client_id="bea", client_secret=SecretStr("canary-secret")
    )


async def test_the_address_for_pushes_finds_its_account_until_it_moves(
    service: Service, client: AsyncClient, shop: Shop
) -> None:
    """By carrier and token; the former address and secret end at once, and so does a removed account's."""
    made = (await client.post("/v1/accounts", json={"carrier": "sandbox"})).json()
    moved = (await client.post(f"/v1/accounts/{made['id']}/move-hook")).json()
    tokens = [each["hook_url"].rsplit("/", 1)[1] for each in (made, moved)]
    async with service.database.reading() as db:
        found = await accounts.by_hook(db, "sandbox", tokens[1])
        for slug, token in (("sandbox", tokens[0]), ("own", tokens[1]), ("sandbox", "wrong")):
            with pytest.raises(NotFound):
                await accounts.by_hook(db, slug, token)
    removed = await client.delete(f"/v1/accounts/{made['id']}")
    async with service.database.reading() as db:
        with pytest.raises(NotFound):
            await accounts.by_hook(db, "sandbox", tokens[1])
        stored = await db.first(select(carrier_accounts.c.credentials, carrier_accounts.c.secret))

    assert str(found.id) == made["id"]
    assert accounts.secrets_of(service.sealer, found) == (moved["secret"],) != (made["secret"],)
    assert removed.status_code == 204
    assert stored is not None
    assert tuple(stored) == (b"", b"")
    assert (await client.get(f"/v1/accounts/{made['id']}")).status_code == 404


async def test_a_given_secret_is_kept_for_carriers_that_have_their_own(
    service: Service, client: AsyncClient, shop: Shop
) -> None:
    """It can be given at first and changed later."""
    made = (await client.post("/v1/accounts", json={"carrier": "sandbox", "secret": "their-own-1"})).json()
    await client.patch(f"/v1/accounts/{made['id']}", json={"secret": "their-own-2"})
    async with service.database.reading() as db:
        [account] = await accounts.of_company(db, shop.company_id, "sandbox")

    assert made["secret"] == "their-own-1"
    assert accounts.secrets_of(service.sealer, account) == ("their-own-2",)


async def test_a_key_of_one_shop_leaves_alone_what_another_shop_needs(
    service: Service, client: AsyncClient, shop: Shop
) -> None:
    """403 says which key may; its own contract, and a key of the whole company, are not held up."""
    sister = await service.caller(await service.shop(shop.company_id, "Sorella"))
    everywhere = await service.caller(shop, all_shops=True)
    made = (await client.post("/v1/accounts", json={"carrier": "sandbox"})).json()
    path = f"/v1/accounts/{made['id']}"
    own = await client.patch(path, json={"name": "Mine"})
    await post_parcel(sister, "SANDBOX-DELIVERED-1", carrier="sandbox", account_id=made["id"])
    refused = [
        await client.patch(path, json={"name": "Mine too"}),
        await client.post(f"{path}/move-hook"),
        await client.delete(path),
    ]
    read = await client.get(path)
    allowed = [
        await everywhere.patch(path, json={"name": "Ours"}),
        await everywhere.post(f"{path}/move-hook"),
        await everywhere.delete(path),
    ]

    assert own.status_code == 200
    assert [(each.status_code, each.json()["code"]) for each in refused] == [(403, "not_allowed")] * 3
    assert "for all of the company's shops" in refused[0].json()["detail"]
    assert (read.json()["name"], read.json()["hook_url"]) == ("Mine", made["hook_url"])
    assert [each.status_code for each in allowed] == [200, 200, 204]
    assert (await client.post("/v1/accounts", json={"carrier": "sandbox"})).status_code == 201
