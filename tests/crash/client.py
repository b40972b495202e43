"""The load: a shop and a carrier that send again until they are answered, and log every 2xx before the next thing.

What has no answer is sent again with the same key, as the service's promises say; so each thing must be there once.
"""

import asyncio
import hmac
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import uuid4

import httpx
import orjson

from carriers.vocabulary import Status
from tests.crash.journal import Journal

STATUSES = [status for status in Status if status is not Status.PENDING]
CODES = ("collected", "departed", "arrived", "at_depot", "out_for_delivery", "absent", "held", "ready", "delivered")
BATCH = 10
PAUSE_SECONDS = 0.1
PROMISED = timedelta(seconds=2)
"""After this a shipment is late, if it was promised to anybody."""

DAY_SECONDS = 60, 86_400
"""How long ago something may have happened that is told now."""
GIVE_UP_SECONDS = 180.0


class Client:
    """Posts from several tasks until told to stop; then each finishes what it has begun.

    `wrong` lists answers that a caller must never get: a process that is killed gives none at all.
    """

    def __init__(self, address: str, api_key: str, acknowledged: Journal) -> None:
        limits = httpx.Limits(max_connections=20, keepalive_expiry=5)
        self._http = httpx.AsyncClient(base_url=address, timeout=20, limits=limits)
        self._key, self._log = {"Authorization": f"Bearer {api_key}"}, acknowledged
        self._numbers, self._stopping = count(1), False
        self._hook, self._secret = "", ""
        self._tasks: list[asyncio.Task[None]] = []
        self.acknowledged = self.refused = 0
        self.wrong: list[str] = []

    async def listen_at(self, urls: list[str]) -> list[str]:
        """Make an endpoint for each address; their secrets."""
        return [(await self.write("/v1/endpoints", {"url": url}))["secret"] for url in urls]

    async def push_as_sandbox(self) -> None:
        """Make a contract with the sandbox carrier, whose pushes this client will sign."""
        made = await self.write("/v1/accounts", {"carrier": "sandbox"})
        self._hook, self._secret = httpx.URL(made["hook_url"]).path, made["secret"]

    def begin(self) -> None:
        """Let the load begin."""
        steps = (self._own, self._own, self._own, self._hooks, self._hooks, self._batch)
        self._tasks = [asyncio.create_task(self._go_on(step)) for step in steps]

    async def end(self) -> None:
        """Begin nothing more; wait until all that was begun is acknowledged."""
        self._stopping = True
        await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        """Leave everything where it is."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()

    async def answered(self) -> None:
        """Wait for the next 2xx, so that a slow start is no load; raise what has ended a task before its time."""
        before, deadline = self.acknowledged, time.monotonic() + GIVE_UP_SECONDS
        while self.acknowledged == before and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        for task in self._tasks:
            if task.done():
                task.result()

    async def reads(self) -> bool:
        """Whether a read is answered with 200 just now."""
        try:
            return (await self._http.get("/v1/shipments?limit=1", headers=self._key)).status_code == 200
        except httpx.TransportError:
            return False

    async def write(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Post something of the shop's, once; the answer."""
        headers = {**self._key, "Idempotency-Key": uuid4().hex, "Content-Type": "application/json"}
        return await self._send(path, orjson.dumps(body), headers)

    async def _go_on(self, step: Callable[[str], Awaitable[None]]) -> None:
        while not self._stopping:
            await step(f"CRASH-{next(self._numbers)}")
            await asyncio.sleep(random.random() * PAUSE_SECONDS)

    async def _own(self, number: str) -> None:
        """A shipment and what its shop says of it, some at the same time, some twice."""
        shipment = (await self.write("/v1/shipments", _shipment("own", number)))["id"]
        self._acknowledge(shipment=number)
        # Of two with one status and instant, the later would be the former in other words.
        instants = random.sample(range(*DAY_SECONDS), random.randint(1, 4))
        events = [
            {"occurred_at": _ago(seconds), "status": random.choice(STATUSES), "text": f"{number} says {each}"}
            for each, seconds in enumerate(instants)
        ]
        await asyncio.gather(*(self._say(number, shipment, event) for event in events))
        if random.random() < 0.2:
            await self._say(number, shipment, random.choice(events))

    async def _say(self, number: str, shipment: str, event: dict[str, Any]) -> None:
        await self.write(f"/v1/shipments/{shipment}/events", event)
        self._acknowledge(shipment=number, event=event["text"])

    async def _hooks(self, number: str) -> None:
        """A shipment of the sandbox, which is polled, too, and signed pushes, one perhaps before the shop's word."""
        number = f"SANDBOX-STALE-{number}"
        early = random.random() < 0.3
        if early:
            await self._push(number, 0)
        await self.write("/v1/shipments", _shipment("sandbox", number))
        self._acknowledge(shipment=number)
        for each in range(early, random.randint(2, 4)):
            await self._push(number, each)

    async def _push(self, number: str, each: int) -> None:
        code, text = random.choice(CODES), f"{number} says {each}"
        event = {
            "id": f"{number}.push-{each}",
            "time": _ago(random.randrange(*DAY_SECONDS)),
            "code": code,
            "text": text,
            "town": "Milano",
        }
        parcels = [{"number": number, "found": True, "events": [event]}]
        body = orjson.dumps({"carrier": "sandbox", "parcels": parcels})
        id_, stamp = uuid4().hex, str(int(time.time()))
        signed = f"{id_}.{stamp}.".encode() + body
        signature = hmac.new(self._secret.encode(), signed, sha256).hexdigest()
        headers = {"sandbox-id": id_, "sandbox-timestamp": stamp, "sandbox-signature": signature}
        await self._send(self._hook, body, headers)
        self._acknowledge(shipment=number, event=text)

    async def _batch(self, number: str) -> None:
        """Many shipments at once, each row with an answer of its own."""
        numbers = [f"{number}-{row}" for row in range(BATCH)]
        rows = await self.write("/v1/shipments/batch", {"shipments": [_shipment("own", each) for each in numbers]})
        for each, row in zip(numbers, rows["items"], strict=True):
            if row["status"] == 201:
                self._acknowledge(shipment=each)
            elif row["status"] == 503:
                await self.write("/v1/shipments", _shipment("own", each))
                self._acknowledge(shipment=each)
            else:
                self.wrong.append(f"batch row {each}: {row}")
        await asyncio.sleep(20 * PAUSE_SECONDS)

    async def _send(self, path: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        """Send it until it is answered with 2xx; what that says."""
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < deadline:
            try:
                answer = await self._http.post(path, content=body, headers=headers)
            except httpx.TransportError:
                await asyncio.sleep(random.uniform(0.05, 0.3))
                continue
            if answer.is_success:
                said: dict[str, Any] = answer.json()
                return said
            self.refused += answer.status_code == 503
            if answer.status_code not in (429, 503) or "Retry-After" not in answer.headers:
                raise RuntimeError(f"{path} was answered with {answer.status_code}: {answer.text[:500]}")
            await asyncio.sleep(float(answer.headers["Retry-After"]))
        raise RuntimeError(f"{path} was not answered within {GIVE_UP_SECONDS:g} s")

    def _acknowledge(self, **what: str) -> None:
        self._log.write(**what)
        self.acknowledged += 1


def _shipment(carrier: str, number: str) -> dict[str, Any]:
    recipient = {"name": "Anna Prova", "email": f"{number.lower()}@example.com", "country": "IT"}
    promised = {"deliver_by": (datetime.now(UTC) + PROMISED).isoformat()} if random.random() < 0.2 else {}
    return {"carrier": carrier, "tracking_number": number, "recipient": recipient, **promised}


def _ago(seconds: int) -> str:
    """The time so long ago."""
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
