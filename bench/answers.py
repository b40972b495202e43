"""Carriers' answers about parcels at the end of their way, for goals 6 and 7.

They are the answers composed for the tests (`tests/carriers/<slug>/`) with all the fields that the carrier documents,
the rows of each repeated, some days earlier each time, until there are `EVENTS` of them. Each is told of `PARCELS`
parcels that were scanned at minutes and seconds of their own: a reader that remembers what it has read does not meet
the same times again, as it does meet the same towns and words.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from random import Random
from typing import Any

import orjson

from bench.documented import DOCUMENTED, filled
from carriers import Carrier, UnreadablePayload, carriers
from tests.recorded import recorded

EVENTS = 12
PARCELS = 40
NAMES = ("delivered", "out_for_delivery", "returned", "held", "failed_attempt")
"""The journeys; those count that the carrier has."""

DATES = (
    (re.compile(r"\b20\d{2}-\d{2}-\d{2}(?=\b|T)"), "%Y-%m-%d"),
    (re.compile(r"\b20\d{6}\b"), "%Y%m%d"),
    (re.compile(r"\b\d{2}\.\d{2}\.20\d{2}\b"), "%d.%m.%Y"),
    (re.compile(r"\b\d{2}/\d{2}/20\d{2}\b"), "%d/%m/%Y"),
)
CLOCKS = (
    (re.compile(r"([T ]\d\d):\d\d:\d\d"), r"\g<1>:{0}:{1}"),
    (re.compile(r'("gmtTime":"\d\d):\d\d:\d\d'), r"\g<1>:{0}:{1}"),
    (re.compile(r'("(?:time|gmtTime)":"\d{1,2})\d{4}(?=")'), r"\g<1>{0}{1}"),
    (re.compile(r'("ora":"\d\d\.)\d\d(?=")'), r"\g<1>{0}"),
)
"""Times of day as the carriers print them, and the same with another minute and second."""
MILLISECONDS = re.compile(r"\b1[5-9]\d{11}\b")
DAY = 86_400_000


def answers() -> dict[str, list[bytes]]:
    """By the carrier's slug its answers; of those that are polled and answer in JSON, aggregators left out."""
    asked = [each for each in carriers().values() if each.polls and not each.couriers and each.slug != "sandbox"]
    return {carrier.slug: bodies for carrier in asked if (bodies := list(lengthened(carrier)))}


def lengthened(carrier: Carrier) -> Iterator[bytes]:
    """The carrier's recorded answers in JSON, each as so many of as many events; none if it has no such answer."""
    for name in NAMES:
        try:
            answer = orjson.loads(recorded(carrier.slug, name))
            if not any(parcel.events for parcel in carrier.parse(orjson.dumps(answer))):
                continue
        except (ValueError, UnreadablePayload):  # it has no such answer, or none in JSON
            continue
        if not (lists := list(_lists(answer))):  # it tells the present state alone
            continue
        events = max(lists, key=len)
        rows = list(islice(_repeated(events), EVENTS))
        dice = Random(name)
        for _ in range(PARCELS):
            events[:] = [rows[0], *(_elsewhen(row, dice) for row in rows[1:])]  # the newest is the head's too
            body = orjson.dumps(filled(answer, DOCUMENTED.get(carrier.slug)))
            [parcel] = carrier.parse(body)
            assert len(parcel.events) >= EVENTS - 2, f"{carrier.slug} {name}: {len(parcel.events)} events"
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


def _elsewhen(event: Any, dice: Random) -> Any:
    """The event at another minute and second of its hour."""
    text, other = orjson.dumps(event).decode(), (f"{dice.randrange(60):02}", f"{dice.randrange(60):02}")
    for pattern, printed in CLOCKS:
        text = pattern.sub(printed.format(*other), text)
    return orjson.loads(text)


def _earlier(text: str, span: timedelta) -> str:
    for pattern, form in DATES:
        text = pattern.sub(lambda found, form=form: _moved(found[0], form, span), text)  # type: ignore[misc]
    return MILLISECONDS.sub(lambda found: str(int(found[0]) - span.days * DAY), text)


def _moved(text: str, form: str, span: timedelta) -> str:
    return (datetime.strptime(text, form).replace(tzinfo=UTC) - span).strftime(form)
