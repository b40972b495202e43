"""DHL asks the hook whether it was we who subscribed: it is answered, and only then the subscription is live."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import select

from app.demo.stand_ins.base import Fault, Push
from app.demo.stand_ins.dhl_unified import DhlUnified
from app.main import build
from app.polling.subscribing import Subscriber
from app.subscriptions import handshakes, subscriptions
from tests.polled import Polled, contract
from tests.subscribed import kept


@pytest.fixture
async def subscriber(desk: Polled) -> AsyncIterator[Subscriber]:
    """What subscribes."""
    subscriber = Subscriber(desk.world.installation)
    yield subscriber
    await subscriber.close()


@asynccontextmanager
async def pushing(desk: Polled) -> AsyncIterator[tuple[DhlUnified, Any]]:
    """DHL's stand-in with an account that has Unified Push, and a way to post to its hook."""
    async with contract(desk, DhlUnified, push="true") as stand_in:
        assert isinstance(stand_in, DhlUnified)
        app = build(desk.world.installation)
        async with (
            app.router.lifespan_context(app),
            AsyncClient(transport=ASGITransport(app), base_url="http://nove.test") as http,
        ):

            async def post(push: Push) -> int:
                address = stand_in.subscribed[-1]["hook"]["uri"].removeprefix(
                    desk.world.installation.settings.public_url
                )
                return (await http.post(address, content=push.body, headers=dict(push.headers))).status_code

            yield stand_in, post


async def test_a_handshake_is_answered_before_news_is_pushed(desk: Polled, subscriber: Subscriber) -> None:
    """DHL asks the hook, which keeps the question; the worker activates the subscription. A stranger's is refused."""
    async with pushing(desk) as (dhl, post):
        await desk.world.ship("1234567890", "dhl_unified")
        await subscriber.tick()
        [asked] = dhl.subscribed
        pending = await kept(desk)
        question = dhl.validation()
        stranger = await post(Push({**question.headers, "x-hook-key": "guessed"}, question.body))
        none = await subscriber.tick()
        answered = [
            await post(question),
            await post(dhl.push("1234567890", question.headers["x-hook-key"]) or question),
        ]
        await subscriber.tick()
        async with desk.world.database.reading() as db:
            left = await db.all(select(handshakes))

    assert (asked["type"], asked["service"], asked["shipmentIDs"]) == ("Shipment", "express", ["1234567890"])
    assert asked["hook"]["authentication"]["header"] == "x-hook-key"
    assert (pending, stranger, none, answered) == ([("pending", None, None)], 401, 0, [200, 200])
    assert (dhl.activated, left, await kept(desk)) == (["sub-1"], [], [("live", None, None)])


async def test_a_handshake_that_comes_again_is_answered_again(desk: Polled, subscriber: Subscriber) -> None:
    """By the same body: it is no duplicate, and starts its own subscription alone."""
    async with pushing(desk) as (dhl, post):
        for number in ("1234567890", "1234567891"):
            await desk.world.ship(number, "dhl_unified")
            await subscriber.tick()
        last = dhl.validation()
        states = []
        for _ in range(2):
            await post(last)
            await subscriber.tick()
            states.append(sorted(state for state, _, _ in await kept(desk)))
        metrics = desk.world.installation.metrics.text().decode()

    assert (dhl.activated, states) == (["sub-2"] * 2, [["live", "pending"]] * 2)
    assert 'outcome="duplicate"' not in metrics


async def test_a_handshake_that_comes_before_the_answer_is_answered_until_it_is_known(
    desk: Polled, subscriber: Subscriber
) -> None:
    """The carrier may ask while it is still telling us what the subscription is called."""
    async with pushing(desk) as (dhl, post):
        await desk.world.ship("1234567890", "dhl_unified")
        await subscriber.tick()
        question = dhl.validation()
        async with desk.world.database.transaction() as db:
            await db.run(subscriptions.update().values(state="wanted", name="", due_at=db.now + timedelta(minutes=1)))
        await post(question)
        await subscriber.tick()
        unknown = await kept(desk)
        async with desk.world.database.transaction() as db:
            await db.run(subscriptions.update().values(state="pending", name="sub-1", due_at=None))
        desk.world.pass_time(minutes=1.1)
        await subscriber.tick()

    assert ([each[0] for each in unknown], await kept(desk)) == (["wanted"], [("live", None, None)])
    assert dhl.activated == ["sub-1"] * 2


async def test_a_handshake_that_fails_is_tried_again_and_in_the_end_given_up(
    desk: Polled, subscriber: Subscriber
) -> None:
    """After one, two, four minutes; six times in all."""
    async with pushing(desk) as (dhl, post):
        await desk.world.ship("1234567890", "dhl_unified")
        await subscriber.tick()
        await post(dhl.validation())
        dhl.faults.extend([Fault(status=500)] * 10)
        for _ in range(8):
            await subscriber.tick()
            desk.world.pass_time(minutes=40)
        async with desk.world.database.reading() as db:
            left = await db.all(select(handshakes))

    assert (len(dhl.faults), dhl.activated, left) == (4, [], [])
