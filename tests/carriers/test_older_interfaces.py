"""Older interfaces that are read but not asked: every part of an answer lands where the newer one's would."""

from datetime import UTC, date, datetime

from carriers import parse
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place
from tests.recorded import recorded


def test_ups_older_interfaces() -> None:
    """Place, time, service and day stand under other names there; the trio of gmt has dots in it."""
    [[xml], [soap], [json]] = (parse("ups", recorded("ups", f"older_{form}")) for form in ("xml", "soap", "json"))

    assert (xml.number, xml.service, xml.eta) == ("1Z12345E0291980793", "2ND DAY AIR", None)
    assert xml.events[0].place == Place("ANYTOWN", "30340", "GA", "US")
    assert (soap.eta, soap.events[0].moment.offset_source) == (Eta(day=date(2026, 3, 12)), OffsetSource.PLACE)
    read = datetime(2026, 3, 10, 10, 30, tzinfo=UTC)
    assert json.events[1].moment == Moment(read, "2026-03-10T06:30:00", OffsetSource.GIVEN)


def test_fedex_soap() -> None:
    """The reply tells each number, its reason, its day and its own error."""
    [delivered] = parse("fedex", recorded("fedex", "soap_delivered"))
    absent, unknown = parse("fedex", recorded("fedex", "soap_several"))

    assert [(event.code, event.place) for event in delivered.events] == [
        ("DL", Place("Norton", "24273", "VA", "US")),
        ("OD", Place("KINGSPORT", "37663", "TN", "US")),
    ]
    assert (absent.number, absent.events[0].row) == ("449044304137821", "reason/08")
    assert absent.eta == Eta(day=date(2026, 3, 3))
    assert unknown == Parcel("000000000000", not_found=True)


def test_fedex_soap_of_a_number_used_again() -> None:
    """Of several shipments under one number the newest is told."""
    [parcel] = parse("fedex", recorded("fedex", "soap_reused_number"))

    assert ([event.code for event in parcel.events], parcel.note[:11]) == (["AR"], "2 shipments")
