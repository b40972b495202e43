"""A parcel's journey as its recipient sees it: what happened, where, by the carrier's own clock."""

from collections.abc import Iterator
from datetime import timedelta

from app.lifecycle import Reason
from app.locales import country_in_words, label
from app.pages.privacy import without_people
from app.pages.shape import ShownEvent
from app.pages.tracked import Tracked, local_day
from app.shipments.answer import newest_first
from app.shipments.history import StoredEvent
from carriers.vocabulary import Status, SubStatus

HIDDEN = frozenset(
    {
        Reason.WITHDRAWN,
        Reason.WAITING,
        Reason.TOO_FAR_AHEAD,
        Reason.BEFORE_SHIPMENT,
        Reason.RECYCLED,
        Reason.EARLIER_PARCEL,
        Reason.BEYOND_LIMIT,
        Reason.OVERRIDDEN,  # a person has said that it is not so
    }
)
# The fold's bounds, for notes: they move nothing, so it does not ask when they were.
_LEEWAY = timedelta(minutes=10)
_BEFORE_SHIPMENT = timedelta(days=7)


def journey(tracked: Tracked) -> tuple[ShownEvent, ...]:
    """The events worth showing, newest first. One that has no effect, or is doubtful, is the carrier's words alone."""
    return tuple(filter(None, (_shown(tracked, event) for event in _of_this_parcel(tracked))))


def _of_this_parcel(tracked: Tracked) -> Iterator[StoredEvent]:
    """Without those that the fold sets aside as not of this journey, and without the notes that are as far off."""
    newest, set_aside = newest_first(tracked.events), tracked.state.set_aside
    recycled = [event.occurred_at for event in newest if set_aside.get(event.key) is Reason.RECYCLED]
    end = min([tracked.now + _LEEWAY, *recycled])
    shipped_at, begins_after = tracked.shipment.shipped_at, tracked.shipment.begins_after
    for event in newest:
        reason = set_aside.get(event.key)
        if reason in HIDDEN:
            continue
        too_early = shipped_at is not None and shipped_at - event.occurred_at > _BEFORE_SHIPMENT
        too_early = too_early or (begins_after is not None and event.occurred_at <= begins_after)
        if reason is Reason.NO_STATUS and (too_early or event.occurred_at > end):
            continue
        yield event


def _shown(tracked: Tracked, event: StoredEvent) -> ShownEvent | None:
    """None if there is nothing to say of it."""
    status, sub_status = _meaning(tracked, event)
    legs, doubtful = tracked.legs, event.doubtful
    # "Delivered" and the like, of a carrier that only passes it on, would be read as the end of the journey.
    text = "" if legs.passed_on(event.key) and not doubtful else without_people(event.text, tracked.personal)
    handed_over = legs.hand_over(event.key, tracked.locale) if status else ""
    if status is None and not text:
        return None
    return ShownEvent(
        local_time=event.local_time,
        status=status,
        sub_status=sub_status,
        label=handed_over or (label(status, sub_status, tracked.locale, tracked.shipment.direction) if status else ""),
        text=text,
        carrier="" if handed_over else legs.carrier_of(event.key),
        town=_town(tracked, event),
        day=tracked.day_text(local_day(event.local_time)),
        clock=tracked.clock_text(event.local_time),
    )


def _meaning(tracked: Tracked, event: StoredEvent) -> tuple[Status | None, SubStatus | None]:
    """What the event means on this shipment, as the fold reads it: a return's delivery is its arrival."""
    if event.doubtful or event.key in tracked.state.set_aside:
        return None, None
    if tracked.comes_back and event.status is Status.DELIVERED:
        return Status.RETURNED, None
    return event.status, event.sub_status


def _town(tracked: Tracked, event: StoredEvent) -> str:
    """The town, with its country when that is not the recipient's. A place's name stands in for a missing town."""
    place = event.place or {}
    country = place.get("country", "")
    abroad = country and country != tracked.shipment.recipient_country
    parts = (
        place.get("city") or without_people(place.get("name", ""), tracked.personal),
        country_in_words(country, tracked.locale) if abroad else "",
    )
    return ", ".join(filter(None, parts))
