"""The point about time: every one aware, and both nights when the clocks change where a carrier tells local time."""

from datetime import UTC, datetime, time, timedelta
from functools import cache

from app.grading.answers import recorded
from app.grading.card import Fault, NotApplicable, Subject
from carriers.event import Moment, OffsetSource
from carriers.times import zone

ZONES = (
    *("Europe/London", "Europe/Rome", "Europe/Athens", "America/St_Johns", "America/Halifax", "America/New_York"),
    *("America/Chicago", "America/Denver", "America/Los_Angeles", "Australia/Adelaide", "Australia/Sydney"),
    "Pacific/Auckland",
)
"""One zone of each kind that changes its clocks where parcels are carried."""

NIGHT = time(4)
"""Until when a night lasts: clocks change before."""

_LOCAL = (OffsetSource.CARRIER, OffsetSource.PLACE)


def zones(subject: Subject) -> str:
    """Local times are put into their zone, in the spring night without its hour and the autumn night with two."""
    moments = [event.moment for each in recorded(subject) for event in each.events]
    if naive := [moment for moment in moments if moment.occurred_at.tzinfo is not UTC]:
        raise Fault(f"the time {naive[0].local_time} is not aware UTC")
    local = [moment for moment in moments if moment.until is None and moment.offset_source in _LOCAL]
    if not local:
        raise NotApplicable("times carry their offset, or nobody knows their zone")
    if reason := subject.unsaid("dst_nights"):
        raise NotApplicable(reason)
    changes = [change for moment in local if (change := change_of(moment))]
    for change, night in ((1, "spring"), (-1, "autumn")):
        if change not in changes:
            raise Fault(
                f"no recording has a local time before 4 in the {night} night when the clocks change, in its zone, "
                "the doubled hour as the earlier one: compose dst_nights"
            )
    return f"{len(moments)} times aware; {len(changes)} of {len(local)} local ones in nights when the clocks change"


def change_of(moment: Moment) -> int:
    """1 for a local time in a spring night in which the clocks of its zone are put forward, -1 in autumn, else 0."""
    local = datetime.fromisoformat(moment.local_time)
    if local.time() >= NIGHT:
        return 0
    for name, change in _changing(local.date().isoformat()):
        if local.replace(tzinfo=zone(name)).astimezone(UTC) == moment.occurred_at:
            return change
    return 0


@cache
def _changing(day: str) -> list[tuple[str, int]]:
    """The zones whose clocks change on a day, and which way."""
    start = datetime.fromisoformat(day)
    found = []
    for name in ZONES:
        before, after = (moment.replace(tzinfo=zone(name)).utcoffset() for moment in (start, start + timedelta(days=1)))
        if before is not None and after is not None and before != after:
            found.append((name, 1 if after > before else -1))
    return found
