"""17TRACK's version 1 and the lines of its `gettracklist`, read as the later versions' items; neither is asked for.

Version 1 is still served (https://asset.17track.net/api/document/v1_en/index.html, 2026-11): `track.e` is one of seven
statuses, `z0` the newest event, `z1`, `z2` and `z9` the carriers' lists; of an event `a` is the time without a zone,
`c` and `d` the place, `z` the words (public clients, 2026-11).
"""

from typing import Any

from carriers.reading import Json, dicts, object_at, text_of

STATUSES = {
    "0": "NotFound",
    "10": "InTransit",
    "20": "Expired",
    "30": "PickUp",
    "35": "DeliveryFailure",
    "40": "Delivered",
    "50": "Exception",
}
"""The statuses of version 1 by their later names; 30, which is "ready, or out for delivery", has none."""


def newer(said: dict[str, Any]) -> dict[str, Json]:
    """What a later version would tell in `track_info` of an accepted number."""
    if "track" in said:
        return _first_version(object_at(said, "track"))
    if "package_status" in said and "track_info" not in said:
        event = {"time_iso": said.get("latest_event_time"), "description": said.get("latest_event_info")}
        return {"latest_status": {"status": said["package_status"]}, "latest_event": event}
    return object_at(said, "track_info")


def _first_version(track: dict[str, Json]) -> dict[str, Json]:
    newest = _event(object_at(track, "z0"))
    listed = [_event(each) for name in ("z1", "z2", "z9") for each in dicts(track.get(name))]
    return {
        "latest_status": {"status": STATUSES.get(text_of(track.get("e")), "")},
        "latest_event": newest,
        "tracking": {"providers": [{"events": [event for event in listed if event != newest]}]},
    }


def _event(said: dict[str, Json]) -> dict[str, Json]:
    place = " ".join(filter(None, (text_of(said.get("c")), text_of(said.get("d")))))
    return {"time_iso": said.get("a"), "description": said.get("z"), "location": place}
