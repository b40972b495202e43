"""Events that a shop posts itself, in bulk."""

from datetime import UTC, datetime

import orjson
import pytest
from httpx import AsyncClient

from carriers import Parcel, Place, Status, SubStatus, TrackingEvent, UnreadablePayload, detect
from carriers.base import Account, Credentials, RequestRefused
from carriers.event import Moment, OffsetSource, keyed
from carriers.own import Own
from carriers.reading import Json
from carriers.vocabulary import SUB_STATUSES, WEAK_SUB_STATUSES
from tests.carriers.meanings import newest_means
from tests.recorded import recorded

LATEST = {
    "delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.EXCEPTION, SubStatus.HELD),
    "failed_attempt": (Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT),
    "returned": (Status.RETURNED, None),
    "paperwork": (Status.AWAITING_PICKUP, SubStatus.INFO_RECEIVED),
}


test_latest_event = newest_means(Own(), LATEST, alone=True)


def test_whole_event() -> None:
    """Every word of the shop is kept, and its key is the event's id."""
    [parcel] = Own().parse(recorded("own", "delivered"))

    assert (parcel.number, len(parcel.events)) == ("BOTTEGA-0001", 2)
    assert parcel.events[0] == TrackingEvent(
        Moment(datetime(2026, 3, 2, 8, 30, tzinfo=UTC), "2026-03-02T09:30:00", OffsetSource.GIVEN),
        code="L1",
        text="Uscito dal laboratorio",
        status=Status.IN_TRANSIT,
        sub_status=SubStatus.DEPARTED,
        row="in_transit/departed",
        place=Place(name="Milano"),
        id="passo-1",
        by_instant=True,
    )


def test_many_parcels() -> None:
    """A list of objects gives as many parcels, in its order."""
    parcels = Own().parse(recorded("own", "many_parcels"))

    assert [(parcel.number, parcel.events[0].meaning) for parcel in parcels] == [
        ("BOTTEGA-0006", (Status.OUT_FOR_DELIVERY, None)),
        ("bottega0007", (Status.AVAILABLE_FOR_PICKUP, SubStatus.LOCKER)),
    ]


def posted(**event: Json) -> bytes:
    plain = {"occurred_at": "2026-03-02T09:30:00+01:00", "status": "in_transit"}
    return orjson.dumps({"tracking_number": "AB-12", "events": [plain, plain | event]})


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.PENDING])
def test_every_meaning(status: Status) -> None:
    """Every pair of the vocabulary can be posted; paperwork is weak, all else strong."""
    for sub_status in (None, *SUB_STATUSES[status]):
        [parcel] = Own().parse(posted(status=status, sub_status=sub_status))

        event = parcel.events[1]
        assert (event.meaning, event.weak, event.unmapped) == (
            (status, sub_status),
            sub_status in WEAK_SUB_STATUSES,
            False,
        )


@pytest.mark.parametrize(
    ("event", "complaint"),
    [
        ({"status": "pending"}, "events.1.status: 'pending'"),
        ({"status": "shipped"}, "events.1.status: 'shipped'"),
        ({"status": "in_transit/departed"}, "events.1.status: 'in_transit/departed'"),
        ({"status": None}, "events.1.status: "),
        ({"sub_status": "held"}, "events.1.sub_status: 'held' is none of in_transit"),
        ({"sub_status": "unheard"}, "events.1.sub_status: 'unheard'"),
        ({"occurred_at": "2026-03-02T09:30:00"}, "events.1.occurred_at: not an RFC 3339 time with offset"),
        ({"occurred_at": "2026-03-02"}, "events.1.occurred_at: not an RFC 3339 time with offset"),
        ({"occurred_at": "2026-02-30T09:30:00Z"}, "events.1.occurred_at: day is out of range"),
        ({"occurred_at": "2026-03-02T09:30:00+25:00"}, "events.1.occurred_at: "),
        ({"occurred_at": "0001-01-01T00:00:00+01:00"}, "a time out of range"),
        ({"occurred_at": 1772440200}, "events.1.occurred_at: "),
        ({"text": "a" * 501}, "events.1.text: "),
        ({"colour": "red"}, "events.1.colour: Extra inputs are not permitted"),
    ],
)
def test_field_that_does_not_fit(event: dict[str, Json], complaint: str) -> None:
    """A body with a wrong field is refused whole, and the field is named."""
    with pytest.raises(UnreadablePayload) as caught:
        Own().parse(posted(**event))

    assert str(caught.value).startswith(complaint)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"{}", "tracking_number: Field required"),
        (b"[{}]", "0.tracking_number: Field required"),
        (b'{"tracking_number": "AB-12", "events": []}', "events: "),
        (b'{"tracking_number": "A/12", "events": []}', "tracking_number: "),
        (b'{"tracking_number": "ABC", "events": []}', "tracking_number: "),
        (b"null", ": Input should be"),
        (b"not JSON", "not JSON: "),
        (recorded("own", "hostile"), "events.0.occurred_at: Input should be a valid string"),
    ],
)
def test_body_that_does_not_fit(body: bytes, complaint: str) -> None:
    """What is not the bulk form is refused."""
    with pytest.raises(UnreadablePayload) as caught:
        Own().parse(body)

    assert str(caught.value).startswith(complaint)


@pytest.mark.parametrize("number", ["ABCD", "1Z999AA10123456784", "a-b-c-d", "A" * 40])
def test_any_number(number: str) -> None:
    """Any number may be the shop's own, so none is ever taken for one."""
    body = orjson.dumps(
        {"tracking_number": number, "events": [{"occurred_at": "2026-03-02T09:30:00Z", "status": "delivered"}]}
    )

    assert isinstance(Own().parse(body)[0], Parcel)
    assert Own.slug not in [carrier.slug for carrier in detect(number)]


def test_a_number_too_short() -> None:
    """The rule is told in words."""
    body = {"tracking_number": "P1", "events": [{"occurred_at": "2026-03-02T09:30:00Z", "status": "delivered"}]}
    with pytest.raises(UnreadablePayload) as caught:
        Own().parse(orjson.dumps(body))

    assert str(caught.value) == "tracking_number: a tracking number has 4 to 40 letters, digits and hyphens"


async def test_is_not_polled() -> None:
    """There is nobody to ask."""
    assert not Own().polls
    async with AsyncClient(verify=False, trust_env=False) as http:
        with pytest.raises(RequestRefused, match="not polled"):
            await Own().fetch(http, Account(Credentials()), ["AB-12"])


def test_an_event_is_known_by_its_instant() -> None:
    """Whatever offset it is written with; the same wall time at another offset is another event."""
    times = ["2026-03-02T10:00:00+01:00", "2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z"]
    keys = []
    for at in times:
        body = {"tracking_number": "CLOCK-1", "events": [{"occurred_at": at, "status": "in_transit"}]}
        [parcel] = Own().parse(orjson.dumps(body))
        keys += [key for key, _ in keyed("own", parcel.number, parcel.events)]

    assert keys[0] == keys[1] != keys[2]
