"""What is kept long enough is forgotten: the clock is moved, the job is run, a dump of everything is searched."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import Table, func, select

from app.arrivals.tables import arrivals, bodies, pushes, unmapped
from app.idempotency import idempotency_keys
from app.installation import Installation
from app.orders import orders
from app.outbox.tables import attempts, messages
from app.retention import forget_old
from app.schema import metadata
from app.shipments.tables import events, shipments, transitions
from app.tombstones import tombstones
from tests.api.conftest import Service
from tests.api.posting import ago
from tests.privacy.dumping import found_in
from tests.privacy.lives import CANARIES, EMAIL, MINE, OTHERS, RECIPIENT, live, said, told


async def pass_days(here: Installation, days: float) -> None:
    """Move the service's clock on, and let the job do everything."""
    here.database.clock_offset += timedelta(days=days)
    while await forget_old(here):
        pass


async def count(here: Installation, *tables: Table) -> list[int]:
    """Rows of each table."""
    async with here.database.reading() as db:
        return [int(await db.value(select(func.count()).select_from(table))) for table in tables]


async def places(here: Installation) -> set[str]:
    """Where a canary is."""
    return {place for place, _ in await found_in(here, CANARIES)}


async def test_each_kind_is_kept_for_its_time(service: Service, client: AsyncClient) -> None:
    """72 hours, 30 days, 90 days after the end of the journey, two years: what is left names nobody, then is gone."""
    here = service.installation
    life = await live(client, service.database)
    await pass_days(here, 2.9)
    days = await count(here, idempotency_keys, bodies, attempts, pushes), len(await places(here))
    await pass_days(here, 0.2)
    answers = await count(here, idempotency_keys)
    await pass_days(here, 26.7)
    before = await count(here, bodies, attempts, pushes, unmapped)
    await pass_days(here, 0.3)
    month = await count(here, bodies, attempts, pushes, unmapped)
    seen = (await client.get(f"/v1/shipments/{life.ids[MINE]}")).json()
    await pass_days(here, 59.8)
    kept = (await client.get(f"/v1/shipments/{life.ids[MINE]}")).json()
    await pass_days(here, 0.3)
    left = await places(here)
    pseudonymous = (await client.get(f"/v1/shipments/{life.ids[MINE]}")).json()

    assert days[0][0] == 1
    assert answers == [0]
    assert (before[0], month[:3]) == (6, [0, 0, 0])
    assert seen["recipient"] == kept["recipient"]
    assert kept["recipient"]["email"] == RECIPIENT["email"]
    # Of parcels that have not arrived, and an order that was never shipped.
    assert left <= {"shipments.buyer", "orders.buyer", "orders.recipient", "orders.recipient_email", "messages.payload"}
    assert not pseudonymous["recipient"]
    assert (pseudonymous["status"], len(pseudonymous["events"])) == ("delivered", 4)
    assert pseudonymous["order"]["reference"] == "#71"
    assert {each["text"] for each in pseudonymous["events"]} == {""}

    await pass_days(here, 280)
    assert await found_in(here, CANARIES) == set()
    await pass_days(here, 400)
    assert await count(here, shipments, events, transitions, orders, messages, arrivals, attempts, bodies) == [0] * 8


async def test_a_shop_sets_how_long_its_recipients_are_known(service: Service, client: AsyncClient) -> None:
    """From 30 days to a year; another shop's stay."""
    here = service.installation
    life = await live(client, service.database)
    set_ = await client.patch("/v1/shop", json={"contact_days": 30})
    refused = [(await client.patch("/v1/shop", json={"contact_days": days})).status_code for days in (29, 366)]
    await pass_days(here, 31)
    forgotten = (await client.get(f"/v1/shipments/{life.ids[MINE]}")).json()
    going_on = (await client.get(f"/v1/shipments/{life.ids[OTHERS]}")).json()

    assert (set_.json()["contact_days"], refused) == (30, [422, 422])
    assert not forgotten["recipient"]
    assert going_on["recipient"]["name"] == "Bruno Altro"


async def test_a_late_event_names_nobody_again(service: Service, client: AsyncClient) -> None:
    """It is kept without its words; what the shop posts anew is forgotten at the next run."""
    here = service.installation
    life = await live(client, service.database)
    await pass_days(here, 91)
    late = told(said(MINE, "arrived", ago(days=-90), "canary-signature"))
    async with here.database.reading() as db:
        now = db.now
    pushed = await life.hook.push(late, at=now)
    changed = await client.patch(f"/v1/shipments/{life.ids[MINE]}", json={"recipient": {"email": EMAIL}})
    there = (await client.get(f"/v1/shipments/{life.ids[MINE]}")).json()
    await pass_days(here, 0.1)
    after = (await client.get(f"/v1/shipments/{life.ids[MINE]}")).json()

    assert (pushed.status_code, changed.status_code) == (200, 200)
    assert there["recipient"]["email"] == EMAIL
    assert not after["recipient"]
    assert {each["text"] for each in after["events"]} == {""}


async def test_nothing_is_forgotten_before_its_time(service: Service, client: AsyncClient) -> None:
    """A run changes nothing of what is young."""
    await live(client, service.database)
    before = await count(service.installation, *metadata.sorted_tables)
    named = await found_in(service.installation, CANARIES)
    await pass_days(service.installation, 1)

    assert await count(service.installation, *metadata.sorted_tables) == before
    assert await found_in(service.installation, CANARIES) == named


async def test_large_numbers_go_in_lots(service: Service, client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each transaction takes a bounded lot; the next goes on."""
    monkeypatch.setattr("app.purging.BATCH", 2)
    await live(client, service.database)
    service.database.clock_offset += timedelta(days=31)
    left: list[Any] = []
    while await forget_old(service.installation):
        left += await count(service.installation, bodies)

    assert left[:2] == [2, 0]  # of six two were nobody's, which go by themselves
    assert await count(service.installation, tombstones) == [0]
