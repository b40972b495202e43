"""What the tests of every aggregator ask: its recordings, its push, and the way it is asked."""

from collections.abc import Mapping
from operator import attrgetter

import pytest

from app.demo.journeys import Step
from app.demo.stand_ins.base import StandIn
from carriers import Carrier
from carriers.base import BadSignature, TrackingNumber, Verified
from carriers.event import TrackingEvent
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import START, line, misunderstood
from tests.recorded import recorded

Meaning = tuple[Status, SubStatus | None] | None


def newest(carrier: Carrier, name: str) -> TrackingEvent:
    """The newest event of a recording's first parcel."""
    return max(carrier.parse(recorded(carrier.slug, name))[0].events, key=attrgetter("moment.occurred_at", "sequence"))


async def told_in_full(carrier: Carrier, kind: type[StandIn], number: str, words: Mapping[Step, object]) -> None:
    """Every journey of the stand-in is understood, and the courier that was named is the one it was created with."""
    async with line(carrier, kind) as asked:
        assert await misunderstood(asked, number, words) == {}
        named = TrackingNumber("OTHER1", courier="2001", postcode="50100", country="IT", shipped_at=START)
        await asked.parcels(named)

        assert vars(asked.stand_in)["created"] == {number: "", "OTHER1": "2001"}


async def pushed(carrier: Carrier, kind: type[StandIn], number: str) -> Verified:
    """A push is genuine by its secret alone, also by a former one, and says what a poll says."""
    async with line(carrier, kind) as asked:
        await asked.parcels(number)
        push = asked.stand_in.push(number, "whsec_good")
        assert push is not None
        for secrets in ((), ("",), ("whsec_bad",)):
            with pytest.raises(BadSignature):
                carrier.verify(push.headers, push.body, secrets)
        with pytest.raises(BadSignature):
            carrier.verify({}, push.body, ("whsec_good",))
        assert carrier.parse(push.body) == await asked.parcels(number)
        return carrier.verify(push.headers, push.body, ("whsec_new", "whsec_good"))
