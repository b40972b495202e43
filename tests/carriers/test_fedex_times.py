"""FedEx's times without an offset."""

from datetime import UTC, datetime

import orjson

from carriers.event import Moment, OffsetSource
from carriers.fedex import Fedex


def test_times_without_offset_are_those_of_their_places() -> None:
    """A scan's by its country, a delivery's by where the parcel is; a country of several zones leaves them open."""
    scans = [
        {"date": "2026-06-12T09:00:00", "eventType": "OD", "scanLocation": {"countryCode": "IT"}},
        {"date": "2026-06-10T09:00:00", "eventType": "PU", "scanLocation": {"countryCode": "US"}},
    ]
    shipment = {
        "latestStatusDetail": {"code": "DL", "scanLocation": {"countryCode": "IT"}},
        "dateAndTimes": [
            {"type": "ACTUAL_DELIVERY", "dateTime": "2026-06-12T10:15:00"},
            {"type": "ACTUAL_PICKUP", "dateTime": "2026-06-10T09:00:00"},
        ],
        "scanEvents": scans,
    }
    result = {"trackingNumber": "111111111111", "trackResults": [shipment]}

    [parcel] = Fedex().parse(orjson.dumps({"output": {"completeTrackResults": [result]}}))

    assert [(event.code, event.moment) for event in parcel.events] == [
        ("OD", Moment(datetime(2026, 6, 12, 7, tzinfo=UTC), "2026-06-12T09:00:00", OffsetSource.PLACE)),
        ("PU", Moment(datetime(2026, 6, 10, 9, tzinfo=UTC), "2026-06-10T09:00:00", OffsetSource.UNKNOWN)),
        ("DL", Moment(datetime(2026, 6, 12, 8, 15, tzinfo=UTC), "2026-06-12T10:15:00", OffsetSource.PLACE)),
    ]
