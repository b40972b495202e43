"""EPCIS documents, query results and bare events, as parcels."""

from datetime import UTC, datetime

import orjson
import pytest

from carriers.base import UnreadablePayload
from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.gs1_epcis import Gs1Epcis
from carriers.gs1_keys import location, parcel_number
from carriers.vocabulary import Status, SubStatus
from tests.carriers.meanings import Meaning, newest_means, refuses
from tests.recorded import recorded, recordings

S, B = Status, SubStatus
ONE, TWO, PALLET = "00095211100000000014", "00095211100000000021", "00095211100000000090"

NEWEST: dict[str, Meaning] = {
    "delivered": (S.DELIVERED, None),
    "out_for_delivery": (S.IN_TRANSIT, B.DEPARTED),  # EPCIS has no word for it
    "held": (S.EXCEPTION, B.HELD),
    "returned": (S.EXCEPTION, B.RETURNING),
    "damaged": (S.EXCEPTION, B.DAMAGED),
    "not_yet_moving": (S.AWAITING_PICKUP, B.INFO_RECEIVED),
    "bare_event": (S.IN_TRANSIT, B.ARRIVED),
    "withdrawn": (S.IN_TRANSIT, None),
    "many_parcels": (S.IN_TRANSIT, B.ARRIVED),
    "other_keys": (S.IN_TRANSIT, B.DEPARTED),
    "goods_state": None,
    "unlisted_code": None,
    "dst_nights": (S.IN_TRANSIT, B.ARRIVED),
    "hostile": (S.IN_TRANSIT, B.ARRIVED),
    "xml_document": (S.DELIVERED, None),
}


def parcels(name: str) -> list[Parcel]:
    return Gs1Epcis().parse(recorded("gs1_epcis", name))


def rows(parcel: Parcel) -> list[str | None]:
    return [event.row for event in parcel.events]


test_newest_event = newest_means(Gs1Epcis(), NEWEST)


def test_every_recording_is_named() -> None:
    """No fixture lies unread, and the table holds the whole vocabulary."""
    assert {path.stem for path in recordings("gs1_epcis")} == set(NEWEST)
    lists = [within for within, _ in Gs1Epcis.table]
    assert {each: lists.count(each) for each in lists} == {"": 41, "moving": 3, "disposition": 30, "destination": 2}


def test_an_event_in_whole() -> None:
    """Its id, its instant with the offset for showing, and the location's number."""
    assert parcels("held") == [
        Parcel(
            ONE,
            (
                TrackingEvent(
                    Moment(datetime(2026, 3, 5, 4, 10, tzinfo=UTC), "2026-03-05T05:10:00", OffsetSource.GIVEN),
                    "holding",
                    context="in_transit",
                    status=S.EXCEPTION,
                    sub_status=B.HELD,
                    row="holding",
                    place=Place(code="9521111000006"),
                    id="urn:uuid:00000000-0000-4000-8000-000000000005",
                    by_instant=True,
                ),
            ),
            aliases=(ONE[2:],),
        )
    ]


def test_receiving_is_the_delivery_at_the_end_of_the_way_alone() -> None:
    """Not at whoever holds the goods next; and doubtfully, for partners use the words differently."""
    [parcel] = parcels("delivered")

    assert rows(parcel) == ["destination/receiving", "receiving", "shipping"]
    assert [(event.doubtful, event.context) for event in parcel.events] == [
        (True, "at 9521111000020"),
        (False, "in_progress"),
        (False, "in_transit"),
    ]


def test_a_disposition_wins_unless_it_only_says_that_things_proceed() -> None:
    """What was just commissioned is called active, and is not with a carrier yet."""
    assert rows(parcels("returned")[0]) == ["disposition/returned"]
    assert rows(parcels("not_yet_moving")[0]) == ["packing", "commissioning"]
    assert rows(parcels("goods_state")[0]) == ["disposition/available"]


def test_an_error_declaration_takes_its_event_back() -> None:
    """Also if the event came in another body."""
    [parcel] = parcels("withdrawn")

    assert rows(parcel) == ["loading"]
    assert [len(each.withdrawn) for each in [parcel, *parcels("xml_document")]] == [1, 1, 0]


def test_what_happens_to_a_pallet_happens_to_what_is_on_it() -> None:
    """Until it is taken off."""
    assert {each.number: rows(each) for each in parcels("many_parcels")} == {
        PALLET: ["unloading", "unpacking", "arriving", "loading"],
        ONE: ["unloading", "unpacking", "arriving", "loading"],
        TWO: ["unpacking", "arriving", "loading"],
    }
    assert [each.number for each in parcels("xml_document")] == [ONE, PALLET]


def test_keys_of_consignments_and_shipments_are_numbers_too() -> None:
    """Items are not."""
    assert [each.number for each in parcels("other_keys")] == ["9521110XYZ-1", "95211100123456781"]


@pytest.mark.parametrize(
    ("key", "number"),
    [
        ("urn:epc:id:sscc:9521110.0000000001", ONE),
        ("https://example.com/shop/00/095211100000000014?a=1", ONE),
        ("https://id.gs1.org/00/0952111", ""),
        ("urn:epc:id:sscc:9521110.00", ""),
        ("urn:epc:id:ginc:9521110.xyz", "9521110xyz"),
        ("urn:epc:id:sgtin:9521110.012345.1", ""),
        ("https://id.gs1.org/414/9521111000006", ""),
    ],
)
def test_keys(key: str, number: str) -> None:
    """An URN gets its check digit."""
    assert parcel_number(key) == number


def test_locations() -> None:
    """Places and parties, in either form."""
    assert location("urn:epc:id:sgln:9521111.00000.0") == location("https://id.gs1.org/414/9521111000006")
    assert location("urn:epc:id:pgln:9521111.00000") == "9521111000006"
    assert location("geo:45.4,9.2") == ""


def test_an_instant_is_one_whatever_its_offset() -> None:
    """The doubled hour of autumn is told apart."""
    moments = [event.moment for event in parcels("dst_nights")[0].events]

    assert [(each.occurred_at.isoformat()[5:16], each.local_time[5:16]) for each in moments] == [
        ("10-25T01:30", "10-25T02:30"),
        ("10-25T00:30", "10-25T02:30"),
        ("03-29T01:30", "03-29T03:30"),
    ]


def test_a_body_that_comes_to_too_many_events_is_refused() -> None:
    """A pallet of thousands, told of a thousand times."""
    pallet, children = "urn:epc:id:sscc:9521110.0000000009", [f"urn:epc:id:sscc:9521110.{n:010d}" for n in range(5_000)]
    event = {"type": "ObjectEvent", "action": "OBSERVE", "bizStep": "arriving", "epcList": [pallet]}
    packed = {"type": "AggregationEvent", "action": "ADD", "parentID": pallet, "childEPCs": children}
    body = [
        {**packed, "bizStep": "packing", "eventTime": "2026-03-05T04:10:00Z"},
        *({**event, "eventTime": f"2026-03-06T04:{n:02d}:00Z"} for n in range(12)),
    ]
    with pytest.raises(UnreadablePayload, match="50000 events"):
        Gs1Epcis().parse(orjson.dumps(body))


test_another_body_is_refused = refuses(
    Gs1Epcis(), [b"", b"[]", b"{}", b"<a/>", b'{"type": "Event"}', b'[{"type": 7}]', b"<EPCISDocument>"]
)
