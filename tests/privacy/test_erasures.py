"""A person is erased on request, everywhere, and nothing brings them back."""

from datetime import timedelta

import pytest
from httpx import AsyncClient
from sqlalchemy import func, select

from app.arrivals.tables import bodies
from app.erasures.tables import erasures
from app.erasures.working import erase_due
from app.installation import Installation
from app.shipments.tables import shipments
from app.shops import Shop
from tests.api.conftest import Service
from tests.privacy.dumping import found_in
from tests.privacy.lives import CANARIES, EMAIL, MINE, OTHERS, PHONE, live, parcel
from tests.privacy.lives import RECIPIENT as PERSON


async def work(here: Installation) -> None:
    """Let the worker do everything."""
    while await erase_due(here):
        pass


async def ask(client: AsyncClient, **whom: str) -> str:
    """Ask for an erasure; its id."""
    answer = await client.post("/v1/erasures", json=whom)
    assert (answer.status_code, answer.json()["state"]) == (202, "due")
    return str(answer.json()["id"])


async def test_a_person_is_erased_and_nothing_brings_them_back(service: Service, client: AsyncClient) -> None:
    """By e-mail; then every push and post comes again, and a dump of the whole database names nobody."""
    life = await live(client, service.database)
    before = {place for place, _ in await found_in(service.installation, CANARIES)}
    id_ = await ask(client, email="CANARY.ross@example.com")
    await work(service.installation)
    after = await found_in(service.installation, CANARIES)
    done = (await client.get(f"/v1/erasures/{id_}")).json()
    answers = await life.again()
    await work(service.installation)
    replayed = await found_in(service.installation, CANARIES)
    other = (await client.get(f"/v1/shipments/{life.ids[OTHERS]}")).json()

    assert before >= {
        *("shipments.recipient", "shipments.buyer", "shipments.metadata", "orders.recipient", "orders.buyer"),
        *("events.text", "unmapped.text", "messages.payload", "attempts.detail", "bodies.content"),
        *("idempotency_keys.body", "shipments.recipient_email", "shipments.recipient_phone", "orders.recipient_email"),
    }
    assert after == set()
    assert (done["state"], done["counts"]["shipments"], done["counts"]["orders"]) == ("done", 2, 1)
    assert done["finished_at"] is not None
    assert answers == [410, 200, 410, 410]  # of the other person's parcel nothing is lost
    assert replayed == set()
    assert {each["code"] for each in other["events"]} == {"collected", "departed"}


async def test_a_person_is_found_by_phone_however_it_is_written(service: Service, client: AsyncClient) -> None:
    """With its country apart; a gift that they paid for is known by its mail address alone, and stays."""
    life = await live(client, service.database)
    id_ = await ask(client, phone="055 765 4321", country="IT")
    await work(service.installation)
    done = (await client.get(f"/v1/erasures/{id_}")).json()
    left = await found_in(service.installation, (PHONE.replace(" ", ""), "7654321", "Via Canarino", "canary-signature"))

    assert done["counts"]["shipments"] == 1
    assert left == set()
    assert (await client.get(f"/v1/shipments/{life.ids['GIFT-7']}")).status_code == 200


async def test_a_deleted_shipment_leaves_nothing_either(service: Service, client: AsyncClient) -> None:
    """Bodies that also tell of others, kept answers and what was counted of unknown codes included."""
    life = await live(client, service.database)
    deleted = await client.delete(f"/v1/shipments/{life.ids[MINE]}")
    await work(service.installation)
    left = await found_in(service.installation, CANARIES)

    assert deleted.status_code == 204
    assert {place for place, _ in left} == {
        # of another shipment and order of the same person, and a body that names only their address
        *("shipments.buyer", "orders.buyer", "orders.recipient", "orders.recipient_email"),
    } | {place for place, _ in left if place in ("messages.payload", "attempts.detail")}


async def test_a_body_of_several_parcels_keeps_the_others(service: Service, client: AsyncClient) -> None:
    """The person's part is cut out; what the body says of others can be read again."""
    await live(client, service.database)
    await ask(client, email=EMAIL)
    await work(service.installation)
    rows = (await client.get("/v1/arrivals")).json()["items"]
    kept = [(await client.get(f"/v1/arrivals/{row['id']}")).json() for row in rows if row["tracking_number"] == OTHERS]

    assert len(kept) == 2
    assert all(OTHERS in each["body_text"] and MINE not in each["body_text"] for each in kept)


async def test_a_number_that_is_used_again_is_taken(service: Service, client: AsyncClient) -> None:
    """What was shipped after the erasure is another parcel; the shop says so by its date."""
    await live(client, service.database)
    await ask(client, email=EMAIL)
    await work(service.installation)
    again = parcel(MINE, PERSON, "#75")
    refused = await client.post("/v1/shipments", json=again)
    batch = (await client.post("/v1/shipments/batch", json={"shipments": [again]})).json()
    service.database.clock_offset += timedelta(days=1)
    later = (service.database.now()).isoformat(timespec="seconds")
    taken = await client.post("/v1/shipments", json={**again, "shipped_at": later})

    assert (refused.status_code, refused.json()["code"]) == (410, "erased")
    assert batch["items"][0]["error"]["code"] == "erased"
    assert (taken.status_code, taken.json()["recipient"]["email"]) == (201, PERSON["email"])


async def test_only_the_shops_in_reach_are_searched(service: Service, client: AsyncClient, shop: Shop) -> None:
    """A key of one shop erases there; whether the sister shop knows the person is not told, nor can it look."""
    await live(client, service.database)
    sister = await service.caller(await service.shop(shop.company_id), "admin")
    id_ = await ask(sister, email=EMAIL)
    await work(service.installation)
    done = (await sister.get(f"/v1/erasures/{id_}")).json()

    assert (done["state"], set(done["counts"].values())) == ("done", {0})
    assert (await client.get(f"/v1/erasures/{id_}")).status_code == 404
    async with service.database.reading() as db:
        assert await db.value(select(func.count()).select_from(shipments)) == 3
        assert await db.value(select(func.count()).select_from(bodies)) == 6


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, ""), ({"email": EMAIL, "phone": PHONE}, ""), ({"email": "nobody"}, "email"), ({"phone": "--"}, "phone")],
)
async def test_who_is_meant_must_be_clear(client: AsyncClient, body: dict[str, str], field: str) -> None:
    """An address or a number, and one of them."""
    refused = await client.post("/v1/erasures", json=body)

    assert refused.status_code == 422
    assert not field or refused.json()["errors"][0]["field"] == field


async def test_whom_it_was_about_is_not_kept(service: Service, client: AsyncClient) -> None:
    """While it is due, sealed; afterwards not at all."""
    await ask(client, email=EMAIL)
    async with service.database.reading() as db:
        waiting = await db.value(select(erasures.c.subject))
    await work(service.installation)
    async with service.database.reading() as db:
        done = await db.value(select(erasures.c.subject))

    assert (EMAIL.encode() in waiting, len(waiting) > 0, done) == (False, True, b"")
