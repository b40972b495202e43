"""Carriers' answers about a parcel with a long history, for goals 6 and 7.

They are the answers composed for the tests (`tests/carriers/<slug>/`), the rows of each repeated, some days earlier
each time, until there are `EVENTS` of them: what a parcel has gathered by its end. No two have the same time.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from typing import Any

import orjson

from carriers import Carrier, UnreadablePayload, carriers
from tests.recorded import recorded

EVENTS = 20
NAMES = ("delivered", "out_for_delivery", "returned", "held", "failed_attempt")
"""The journeys; those count that the carrier has."""

DATES = (
    (re.compile(r"\b20\d{2}-\d{2}-\d{2}(?=\b|T)"), "%Y-%m-%d"),
    (re.compile(r"\b20\d{6}\b"), "%Y%m%d"),
    (re.compile(r"\b\d{2}\.\d{2}\.20\d{2}\b"), "%d.%m.%Y"),
    (re.compile(r"\b\d{2}/\d{2}/20\d{2}\b"), "%d/%m/%Y"),
)
MILLISECONDS = re.compile(r"\b1[5-9]\d{11}\b")
DAY = 86_400_000


def answers() -> dict[str, list[bytes]]:
    """By the carrier's slug its answers; of those that are polled and answer in JSON."""
    asked = [carrier for carrier in carriers().values() if carrier.polls and carrier.slug != "sandbox"]
    return {carrier.slug: bodies for carrier in asked if (bodies := list(_long(carrier)))}


def _long(carrier: Carrier) -> Iterator[bytes]:
    for name in NAMES:
        try:
            answer = orjson.loads(recorded(carrier.slug, name))
            if not any(parcel.events for parcel in carrier.parse(orjson.dumps(answer))):
                continue
        except (ValueError, UnreadablePayload):  # it has no such answer, or none in JSON
            continue
        events = max(_lists(answer), key=len)
        events[:] = list(islice(_repeated(events), EVENTS))
        body = orjson.dumps(answer)
        [parcel] = carrier.parse(body)
        assert len(parcel.events) >= EVENTS // 2, f"{carrier.slug} {name}: {len(parcel.events)} events"
        yield body


def _lists(value: Any) -> Iterator[list[Any]]:
    """Every list of objects in the answer."""
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _lists(each)


def _repeated(events: list[Any]) -> Iterator[Any]:
    """The events, and again and again, always some days earlier."""
    for days in count(0, len(events)):
        for event in events:
            yield orjson.loads(_earlier(orjson.dumps(event).decode(), timedelta(days=days)))


def _earlier(text: str, span: timedelta) -> str:
    for pattern, form in DATES:
        text = pattern.sub(lambda found, form=form: _moved(found[0], form, span), text)  # type: ignore[misc]
    return MILLISECONDS.sub(lambda found: str(int(found[0]) - span.days * DAY), text)


def _moved(text: str, form: str, span: timedelta) -> str:
    return (datetime.strptime(text, form).replace(tzinfo=UTC) - span).strftime(form)
