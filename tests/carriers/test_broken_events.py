"""Bodies whose events cannot be read: of all of them, it is refused with the reason; of some, the rest is kept."""

import orjson
import pytest

from carriers import UnreadablePayload, carrier

UNIT = "https://id.gs1.org/00/095211100000000014"
ARRIVED = {"type": "ObjectEvent", "action": "OBSERVE", "bizStep": "arriving", "epcList": [UNIT]}
SEEN = {**ARRIVED, "eventTime": "2026-03-05T04:10:00Z"}
GOOD: dict[str, object] = {
    "x12_214": "AT7*D1*NS***20260305*0842~",
    "edifact_iftsta": "STS+1+21'DTM+7:202603070842:203'",
    "gs1_epcis": SEEN,
}
BROKEN = [
    ("x12_214", "AT7*D1*NS***20261321*9942~", "AT7 D1 has the date '20261321' and the time '9942'"),
    ("x12_214", "AT7*X4~", "AT7 X4 has the date '' and the time ''"),
    ("edifact_iftsta", "STS+1+21'DTM+7:20261321:102'", "STS 21 has the times ['7:20261321:102']"),
    ("edifact_iftsta", "STS+1+21'", "STS 21 has the times []"),
    ("gs1_epcis", {**ARRIVED, "eventTime": "x"}, "eventTime is 'x'"),
    ("gs1_epcis", {**SEEN, "epcList": UNIT}, "epcList is no list"),
]
WITHOUT_NEWS = [
    ("x12_214", ""),
    ("x12_214", "AT7*B6****20260305*0842~"),
    ("edifact_iftsta", ""),
    ("edifact_iftsta", "STS'"),
    ("gs1_epcis", {**SEEN, "epcList": ["urn:epc:id:sgtin:9521110.012345.1"]}),
]


def body_of(slug: str, *events: object) -> bytes:
    """A body of the format that holds these events."""
    if slug == "gs1_epcis":
        return orjson.dumps(events)
    told = "".join(map(str, events))
    if slug == "x12_214":
        return f"ST*214*1~B10*PRO0001~{told}SE*3*1~".encode()
    return f"UNH+1+IFTSTA:D:99B:UN'CNI+1+CONS0001'{told}UNT+3+1'".encode()


@pytest.mark.parametrize(("slug", "broken", "reason"), BROKEN)
def test_a_body_whose_every_event_is_broken_is_refused(slug: str, broken: object, reason: str) -> None:
    """It does not pass for one without news; the first is named."""
    with pytest.raises(UnreadablePayload) as caught:
        carrier(slug).parse(body_of(slug, broken, broken))

    assert str(caught.value) == f"none of its events can be read: {reason}"


@pytest.mark.parametrize(("slug", "broken", "_reason"), BROKEN)
def test_what_can_be_read_beside_a_broken_event_is_kept(slug: str, broken: object, _reason: str) -> None:
    """As if that stood alone."""
    [alone] = carrier(slug).parse(body_of(slug, GOOD[slug]))

    assert carrier(slug).parse(body_of(slug, broken, GOOD[slug])) == [alone]
    assert len(alone.events) == 1


@pytest.mark.parametrize(("slug", "said"), WITHOUT_NEWS)
def test_a_whole_body_that_tells_nothing_is_no_broken_one(slug: str, said: object) -> None:
    """No event, one of the future alone, one without a status, one of goods that are no parcel."""
    body = body_of(slug, *([said] if said else []))

    assert [event for parcel in carrier(slug).parse(body) for event in parcel.events] == []
