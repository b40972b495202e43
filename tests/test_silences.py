"""A shipment that is asked about in vain says so, and so does its page."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import update

from app.accounts import carrier_accounts
from app.demo.stand_ins.base import Fault
from app.polling import silences
from app.shipments.shipment import Shipment
from tests.calling import calling
from tests.polled import Polled


@pytest.fixture
async def client(desk: Polled) -> AsyncIterator[AsyncClient]:
    """A client with a reading key of the world's shop."""
    async with calling(desk.world) as client:
        yield client


async def silent(desk: Polled, failures: int = 3) -> None:
    """Let the sandbox fail so often in a row, and the process notice."""
    desk.sandbox.faults.extend([Fault(status=500)] * failures)
    for _ in range(failures):
        await desk.poll(hours=7)
    await silences.look(desk.world.installation)


async def read(client: AsyncClient, shipment: Shipment, **headers: str) -> Any:
    """The answer about a shipment."""
    return await client.get(f"/v1/shipments/{shipment.id}", headers=headers)


async def test_a_shipment_says_that_its_carrier_does_not_answer(desk: Polled, client: AsyncClient) -> None:
    """After three failures in a row, with another ETag; when the carrier is back, it says so no more."""
    shipment = await desk.ship("SANDBOX-STALE-1")
    await desk.poll(hours=1)
    await desk.poll(hours=7)
    last = (await desk.account()).last_success_at
    await silent(desk, 2)
    before = await read(client, shipment)
    desk.sandbox.faults.append(Fault(status=500))
    await desk.poll(hours=7)
    unnoticed = await read(client, shipment)
    await silences.look(desk.world.installation)
    during = await read(client, shipment)
    again = await read(client, shipment, **{"if-none-match": during.headers["etag"]})
    changed = await client.patch(
        f"/v1/shipments/{shipment.id}", json={"service": "x"}, headers={"if-match": during.headers["etag"]}
    )
    listed = (await client.get("/v1/shipments")).json()["items"][0]
    await desk.poll(hours=7)
    await silences.look(desk.world.installation)
    after = await read(client, shipment)

    said = during.json()["freshness"]["silence"]
    assert last is not None
    assert (before.json()["freshness"]["silence"], unnoticed.json()["freshness"]["silence"]) == (None, None)
    assert said == {
        "since": last.isoformat(),
        "disabled": False,
        "note": f"the carrier has not answered since {last:%Y-%m-%d %H:%M} UTC: the carrier failed (500)",
    }
    assert (unnoticed.headers["etag"] != during.headers["etag"], again.status_code, changed.status_code) == (
        *(True, 304, 200),
    )
    assert changed.json()["freshness"]["silence"] == listed["freshness"]["silence"] == said
    assert after.json()["freshness"]["silence"] is None


async def test_a_disabled_account_is_said_of_its_shipments_alone(desk: Polled, client: AsyncClient) -> None:
    """Others of the company are as they were; what is asked about no more is not concerned."""
    mine, other = await desk.ship("SANDBOX-STALE-1"), await desk.world.ship()
    done = await desk.ship("SANDBOX-STALE-2")
    await desk.set(done, next_poll_at=None)
    async with desk.world.database.transaction() as db:
        at = db.now
        await db.run(update(carrier_accounts).values(disabled_at=at, disabled_reason="three refusals"))
    await silences.look(desk.world.installation)

    said = [(await read(client, each)).json()["freshness"]["silence"] for each in (mine, other, done)]
    note = (
        f"the carrier has not answered yet, and the account is disabled since {at:%Y-%m-%d %H:%M} UTC, "
        "so nothing is asked: three refusals"
    )
    assert said == [{"since": None, "disabled": True, "note": note}, None, None]


async def test_the_tracking_page_says_since_when_news_may_be_late(desk: Polled, client: AsyncClient) -> None:
    """In the recipient's language, and nothing of credentials."""
    shipment = await desk.ship("SANDBOX-STALE-1")
    await desk.poll(hours=1)
    page = (await read(client, shipment)).json()["tracking_page"]
    token = page.rpartition("/")[2]
    well = (await client.get(f"/t/{token}.json", params={"lang": "en"})).json()["notices"]
    await silent(desk)

    said = (await client.get(f"/t/{token}.json", params={"lang": "en"})).json()["notices"]
    assert not any("has not answered" in each for each in well)
    assert [each.partition(" since ")[0] for each in said if "answered" in each] == [
        "The carrier has not answered our questions"
    ]


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "The carrier has not answered our questions yet: news may be late."),
        ("it", "Il corriere non ha ancora risposto alle nostre richieste: le novità possono arrivare in ritardo."),
    ],
)
async def test_the_page_says_that_a_carrier_has_never_answered(
    desk: Polled, client: AsyncClient, lang: str, said: str
) -> None:
    """Its credentials were refused from the beginning, of which the page says nothing, and the API when and why."""
    shipment = await desk.ship("SANDBOX-STALE-1")
    desk.sandbox.faults.extend([Fault(status=401)] * 3)
    for _ in range(3):
        await desk.poll(minutes=20)
    await silences.look(desk.world.installation)
    shown = (await read(client, shipment)).json()
    token = shown["tracking_page"].rpartition("/")[2]
    page = (await client.get(f"/t/{token}.json", params={"lang": lang})).json()

    since = (await desk.account()).disabled_at
    assert since is not None
    assert shown["freshness"]["silence"]["note"].startswith(
        f"the carrier has not answered yet, and the account is disabled since {since:%Y-%m-%d %H:%M} UTC, "
        "so nothing is asked: 3 times in a row the carrier refuses our credentials (401): check"
    )
    assert page["notices"] == [said]
