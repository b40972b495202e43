"""What a row of an answer says, and where, as one value that an adapter remembers: the row adds but its time.

The same words are said at the same place with every parcel, so that a row costs one look-up and one event made of it.
"""

from carriers.event import Moment, Place, Said, TrackingEvent
from carriers.vocabulary import Status, SubStatus

_new = tuple.__new__

Told = tuple[
    str, str, str, str, Status | None, SubStatus | None, bool, bool, str | None, Place | None, str, int, str, bool
]
"""The fields of a `TrackingEvent` behind its moment, in their order."""


def told_of(said: Said, place: Place | None = None, *, by_instant: bool = False) -> Told:
    """What is said at a place."""
    return (*said, place, "", 0, "", by_instant)


def told_at(moment: Moment, what: Told) -> TrackingEvent:
    """The event that says it at this time."""
    return _new(TrackingEvent, (moment,) + what)  # noqa: RUF005  (half the time of a star)
