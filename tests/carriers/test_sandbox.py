"""The sandbox: its answers read, its pushes verified, its interface asked over real HTTP."""

from datetime import UTC, date, datetime, timedelta
from operator import attrgetter

import pytest
from pydantic import ValidationError

from app.demo.journeys import JOURNEYS
from app.demo.stand_ins.sandbox import answer, sandbox_push, tell
from carriers import Eta, Parcel, Place, Status, SubStatus, TrackingEvent, detect
from carriers.base import BadSignature, Verified
from carriers.event import Moment, OffsetSource, keyed
from carriers.sandbox import JOURNEYS as NAMED
from carriers.sandbox import Sandbox, SandboxCredentials
from tests.carriers.meanings import refuses
from tests.recorded import recorded

LATEST = {
    "delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.EXCEPTION, SubStatus.HELD),
    "ready": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),
    "returned": (Status.RETURNED, None),
    "disorder": (Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT),
    "push": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "unlisted_code": None,
}
START = datetime(2026, 3, 2, 7, tzinfo=UTC)

occurred = attrgetter("moment.occurred_at")


def newest(parcel: Parcel) -> TrackingEvent:
    return max(parcel.events, key=occurred)


@pytest.mark.parametrize(("recording", "meaning"), LATEST.items())
def test_latest_event(recording: str, meaning: tuple[Status, SubStatus | None] | None) -> None:
    """The newest event of each answer means what the customer would say."""
    [parcel] = Sandbox().parse(recorded("sandbox", recording))

    assert newest(parcel).meaning == meaning


def test_whole_event() -> None:
    """An event has the time as printed, words, town and an id of its own."""
    [parcel] = Sandbox().parse(recorded("sandbox", "delivered"))

    assert (parcel.number, len(parcel.events), parcel.eta) == ("SANDBOX-DELIVERED-1", 7, Eta(day=date(2026, 3, 3)))
    assert parcel.events[1] == TrackingEvent(
        Moment(datetime(2026, 3, 2, 12, tzinfo=UTC), "2026-03-02T13:00:00", OffsetSource.GIVEN),
        code="collected",
        text="Ritirata dal mittente",
        status=Status.IN_TRANSIT,
        sub_status=SubStatus.PICKED_UP,
        row="collected",
        place=Place(city="Milano"),
        id="SANDBOX-DELIVERED-1.1",
    )


def test_not_found_and_many_parcels() -> None:
    """Each number has its parcel, in the answer's order; an unknown one says so, one without events is known."""
    [unknown] = Sandbox().parse(recorded("sandbox", "not_found"))
    assert unknown._replace(note="") == Parcel("SANDBOX-NOWHERE-1", not_found=True)
    assert unknown.note == f"a number names its journey, one of {', '.join(JOURNEYS)}"
    assert [
        (parcel.number, parcel.not_found, len(parcel.events))
        for parcel in Sandbox().parse(recorded("sandbox", "many_parcels"))
    ] == [
        ("SANDBOX-DELIVERED-1", False, 7),
        ("SANDBOX-NOWHERE-1", True, 0),
        ("SANDBOX-LOST-1", False, 6),
        ("SANDBOX-STALE-1", False, 0),
    ]


def test_hostile() -> None:
    """Wrong types are passed over; what is left of an event stays, without status."""
    parcels = Sandbox().parse(recorded("sandbox", "hostile"))

    assert [(parcel.number, [(event.code, event.row) for event in parcel.events]) for parcel in parcels] == [
        ("", []),
        ("12345678", [("", None), ("lost", "lost")]),
    ]


test_not_the_sandbox = refuses(
    Sandbox(), [b"", b"[]", b"{}", b'{"parcels": []}', b'{"carrier": "own", "parcels": []}', b'{"carrier": "sandbox"}']
)


def test_numbers() -> None:
    """A sandbox number is seen to be one."""
    assert [carrier.slug for carrier in detect("sandbox-delivered-42")] == ["sandbox"]
    assert not Sandbox().matches("SANDBOX-DELIVERED")


def test_a_number_names_a_journey() -> None:
    """The sandbox takes a number of each journey that there is, and of no other."""
    assert tuple(JOURNEYS) == NAMED
    assert all(Sandbox().accepts(f"SANDBOX-{name}-1") for name in JOURNEYS)
    assert not Sandbox().accepts("SANDBOX-NOPE-1")
    assert not Sandbox().accepts("SANDBOX-DELIVERED")


def test_speed_is_all_there_is_to_set() -> None:
    """An account needs nothing; a speed is above nought and at most a million."""
    assert SandboxCredentials().speed == 1
    for speed in (0, -1, 1_000_001, float("nan"), "fast"):
        with pytest.raises(ValidationError):
            SandboxCredentials.model_validate({"speed": speed})


# What it tells


def told(number: str, hours: float) -> Parcel:
    [parcel] = Sandbox().parse(answer([tell(number, START, 1, START + timedelta(hours=hours))]))
    return parcel


def test_disorder() -> None:
    """A DISORDER journey is told out of order, and so late that gaps fill up later; in the end it is whole."""
    hourly = [told("SANDBOX-DISORDER-1", hours) for hours in range(68)]
    steps = [sorted(int(event.id.rpartition(".")[2]) for event in parcel.events) for parcel in hourly]

    assert hourly == [told("SANDBOX-DISORDER-1", hours) for hours in range(68)]
    assert any(told_so_far != list(range(len(told_so_far))) for told_so_far in steps)
    assert steps[-1] == list(range(len(JOURNEYS["DISORDER"])))
    assert list(hourly[-1].events) != sorted(hourly[-1].events, key=occurred)


@pytest.mark.parametrize("name", JOURNEYS)
def test_history_only_grows(name: str) -> None:
    """What has been told stays told, under the same key: an answer is a complete history at every hour."""
    number, before = f"SANDBOX-{name}-5", set[str]()
    for hours in range(0, 120, 2):
        parcel = told(number, hours)
        keys = {key for key, _ in keyed("sandbox", number, parcel.events)}
        assert before <= keys
        assert len(keys) == len(parcel.events)
        before = keys


# Pushes

SECRET = "a secret of the account"
NOW = START + timedelta(hours=31, microseconds=400)


def test_push() -> None:
    """The newest step alone is pushed, the same event as in an answer, and its signature holds."""
    push = sandbox_push("SANDBOX-DELIVERED-1", START, 1, NOW, SECRET)

    assert push is not None
    [parcel] = Sandbox().parse(push.body)
    assert parcel.events == (newest(told("SANDBOX-DELIVERED-1", 31)),)
    for secrets in ([SECRET], ["another", SECRET], [SECRET, ""]):
        assert Sandbox().verify(push.headers, push.body, secrets) == Verified(
            "SANDBOX-DELIVERED-1.6", NOW.replace(microsecond=0)
        )


def test_nothing_to_push() -> None:
    """Before the first step, and for a number without journey, there is no push."""
    assert sandbox_push("SANDBOX-DELIVERED-1", START, 1, START, SECRET) is None
    assert sandbox_push("SANDBOX-NOWHERE-1", START, 1, NOW, SECRET) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"sandbox-signature": "0" * 64},
        {"sandbox-signature": ""},
        {"sandbox-signature": "è"},
        {"sandbox-id": "SANDBOX-DELIVERED-1.5"},
        {"sandbox-timestamp": "1772550000"},
        {"sandbox-timestamp": "soon"},
    ],
)
def test_push_with_a_changed_header(changed: dict[str, str]) -> None:
    """Id, time and signature hold together; one changed, the push is refused."""
    push = sandbox_push("SANDBOX-DELIVERED-1", START, 1, NOW, SECRET)

    assert push is not None
    with pytest.raises(BadSignature):
        Sandbox().verify({**push.headers, **changed}, push.body, [SECRET])


def test_push_that_is_not_signed_for_us() -> None:
    """A changed body, another secret, no secret, an empty one or no header: refused."""
    push = sandbox_push("SANDBOX-DELIVERED-1", START, 1, NOW, SECRET)
    blank = sandbox_push("SANDBOX-DELIVERED-1", START, 1, NOW, "")

    assert push is not None
    assert blank is not None
    for headers, body, secrets in (
        (push.headers, push.body + b" ", [SECRET]),
        (push.headers, push.body, ["another"]),
        (push.headers, push.body, []),
        (blank.headers, blank.body, [""]),
        ({}, push.body, [SECRET]),
    ):
        with pytest.raises(BadSignature):
            Sandbox().verify(headers, body, secrets)
