"""What every parcel that an adapter gives must be: the right types, times in UTC, a row behind each meaning."""

import re
from collections.abc import Iterator
from datetime import UTC

from carriers.event import Parcel, TrackingEvent
from carriers.vocabulary import belongs

_DATE = r"\d{4}-\d\d-\d\d"
_TIME = rf"{_DATE}T\d\d:\d\d:\d\d"


def faults_of(parcel: Parcel) -> list[str]:
    """What is wrong with it, in words; nothing if it is sound."""
    return list(_faults(parcel))


def _faults(parcel: Parcel) -> Iterator[str]:
    if [type(parcel.number), type(parcel.events), type(parcel.not_found)] != [str, tuple, bool]:
        yield "its number, events or not_found are of another type than the contract's"
    elif not parcel.number.isprintable():
        yield "its number holds what cannot be printed"
    if parcel.not_found and parcel.events:
        yield "it is not found, and has events"
    if parcel.eta and any(
        end is not None and end.tzinfo is not UTC for end in (parcel.eta.earliest, parcel.eta.latest)
    ):
        yield "its expected delivery is not in UTC"
    for event in parcel.events:
        for fault in _event_faults(event):
            yield f"event {event.code or event.text!r}: {fault}"


def _event_faults(event: TrackingEvent) -> Iterator[str]:
    moment = event.moment
    if moment.occurred_at.tzinfo is not UTC or (moment.until is not None and moment.until.tzinfo is not UTC):
        yield f"its time {moment.occurred_at} is not aware UTC"
    elif moment.until is not None and moment.until <= moment.occurred_at:
        yield f"it ends at {moment.until}, before it begins"
    if not re.fullmatch(_DATE if moment.until else _TIME, moment.local_time):
        yield f"its local time {moment.local_time!r} is neither a date alone nor YYYY-MM-DDTHH:MM:SS"
    words = (event.code, event.list, event.context, event.text, event.id)
    if any(type(word) is not str for word in words):
        yield "its code, list, context, text or id is no text"
    elif not all(word.isprintable() for word in (event.code, event.text, event.id)):
        yield "its code, text or id holds what cannot be printed"
    elif len(event.text) > 500:
        yield "its text is longer than 500 characters"
    if event.status is not None and (not belongs(event.status, event.sub_status) or event.row is None):
        yield f"{event.status}/{event.sub_status} is no meaning of the vocabulary, or comes from no row"
