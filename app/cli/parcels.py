"""A parcel as `nove parse` prints it."""

import orjson

from app.standing import facts_of, folded
from carriers import Eta, Parcel, TrackingEvent


def line(carrier: str, parcel: Parcel) -> str:
    """One JSON object; its status is the fold as at the last event's time."""
    state = folded(facts_of(carrier, parcel))
    return orjson.dumps(
        {
            "carrier": carrier,
            "tracking_number": parcel.number,
            "status": state.status,
            "sub_status": state.sub_status,
            "not_found": parcel.not_found,
            "eta": eta(parcel.eta),
            "events": [event(each) for each in parcel.events],
        }
    ).decode()


def event(said: TrackingEvent) -> dict[str, str | None]:
    """An event for programs; `row` names the table row that gave it its status, none for an unlisted code."""
    return {
        "occurred_at": said.moment.occurred_at.isoformat(),
        "local_time": said.moment.local_time,
        "code": said.code,
        "text": said.text,
        "status": said.status,
        "sub_status": said.sub_status,
        "place": str(said.place) if said.place else None,
        "row": said.row,
    }


def eta(expected: Eta | None) -> dict[str, str | None] | None:
    """The expected delivery: two times, or a day as both; none when the carrier expects nothing."""
    if expected is None:
        return None
    day = expected.day.isoformat() if expected.day else None
    return {
        "from": expected.earliest.isoformat() if expected.earliest else day,
        "to": expected.latest.isoformat() if expected.latest else day,
        "source": "carrier",
    }
