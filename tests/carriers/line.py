"""One carrier's stand-in on loopback and the way to ask it, for the tests of what is particular to the carrier."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from httpx import AsyncClient

from app.demo.journeys import JOURNEYS, Happened, Step, so_far
from app.demo.serving import serving
from app.demo.stand_ins.base import Fault, StandIn
from carriers import Carrier
from carriers.asking import TokenKeeper, ask
from carriers.base import Account, Answer, CarrierError
from carriers.event import Parcel
from carriers.vocabulary import Status

START = datetime(2026, 3, 2, 8, tzinfo=UTC)

MEANT = {
    Step.REGISTERED: Status.AWAITING_PICKUP,
    Step.COLLECTED: Status.IN_TRANSIT,
    Step.DEPARTED: Status.IN_TRANSIT,
    Step.ARRIVED: Status.IN_TRANSIT,
    Step.AT_DEPOT: Status.IN_TRANSIT,
    Step.OUT_FOR_DELIVERY: Status.OUT_FOR_DELIVERY,
    Step.ABSENT: Status.FAILED_ATTEMPT,
    Step.DELAYED: Status.IN_TRANSIT,
    Step.HELD: Status.EXCEPTION,
    Step.REFUSED: Status.EXCEPTION,
    Step.DAMAGED: Status.EXCEPTION,
    Step.LOST: Status.EXCEPTION,
    Step.CUSTOMS: Status.IN_TRANSIT,
    Step.CUSTOMS_HOLD: Status.EXCEPTION,
    Step.CUSTOMS_CLEARED: Status.IN_TRANSIT,
    Step.READY: Status.AVAILABLE_FOR_PICKUP,
    Step.PICKED_UP: Status.DELIVERED,
    Step.RETURNING: Status.EXCEPTION,
    Step.RETURNED: Status.RETURNED,
    Step.DELIVERED: Status.DELIVERED,
}
"""What each step means, whoever tells it."""


def journey_named(number: str) -> list[Happened] | None:
    """What has happened to a number that is a journey's name; none to any other, which nobody knows."""
    legs = JOURNEYS.get(number)
    return None if legs is None else so_far(legs, START, 1, START + timedelta(days=30))


@dataclass(slots=True)
class Line:
    """The stand-in tells `journey` of every number, and knows none when that is empty; tokens are kept.

    Without a journey it tells each number the one of its name. `credentials` go in place of the stand-in's own.
    """

    carrier: Carrier
    base_url: str
    http: AsyncClient
    stand_in: StandIn
    journey: str | None = "DELIVERED"
    credentials: Mapping[str, str] = field(default_factory=dict)
    tokens: TokenKeeper = field(default_factory=TokenKeeper)

    def account(self, **credentials: str) -> Account:
        """The account that is asked with, with these credentials in place of the line's."""
        given = {**self.stand_in.credentials, **self.credentials, **credentials}
        return Account(self.carrier.credentials.model_validate(given), base_url=self.base_url)

    async def ask(self, *numbers: str, **credentials: str) -> list[Answer]:
        """The answers about the numbers, with these credentials in place of the line's."""
        return await ask(self.carrier, self.http, self.account(**credentials), numbers, tokens=self.tokens)

    async def parcels(self, *numbers: str, **credentials: str) -> list[Parcel]:
        """The parcels of all those answers."""
        return [each for said in await self.ask(*numbers, **credentials) for each in self.carrier.parse(said.body)]

    async def refusal(self, number: str, fault: Fault) -> CarrierError:
        """What a question about the number raises, answered with this fault."""
        self.stand_in.faults.append(fault)
        with pytest.raises(CarrierError) as raised:
            await self.ask(number)
        return raised.value


@asynccontextmanager
async def line(carrier: Carrier, kind: type[StandIn]) -> AsyncIterator[Line]:
    """A carrier that is served for as long as the block lasts."""
    told: list[Line] = []
    stand_in = kind(lambda number: journey_named(number if told[0].journey is None else told[0].journey))
    async with serving(stand_in.app()) as base_url, AsyncClient(verify=False, trust_env=False, timeout=5) as http:
        told.append(Line(carrier, base_url, http, stand_in))
        yield told[0]


async def misunderstood(line: Line, number: str, words: Mapping[Step, object]) -> dict[str, list[Status | None]]:
    """By journey the statuses that were read, oldest first, where they are not what was told in the carrier's words."""
    found: dict[str, list[Status | None]] = {}
    for line.journey, legs in JOURNEYS.items():
        [parcel] = await line.parcels(number)
        read = [event.status for event in sorted(parcel.events, key=lambda event: event.moment.occurred_at)]
        if read != [MEANT[leg.step] for leg in legs if leg.step in words]:
            found[line.journey] = read
    return found
