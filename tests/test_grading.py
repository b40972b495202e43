"""The grade card: a sound adapter has no failed point, and each way of being wrong fails the point that it is about."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from app.cli.skeleton import of_its_own
from app.grading import Outcome, grade
from app.grading.recordings import IN_A_PROJECT
from carriers import Carrier, Parcel, Status
from carriers.base import Verified
from carriers.event import TrackingEvent

FOLDER = IN_A_PROJECT / "acme"


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The class that `nove carrier new` writes, in the folder of its package."""
    for path, text in of_its_own("acme").items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    yield import_module("nove_acme").Acme
    sys.modules.pop("nove_acme")


def failed(kind: type[Carrier]) -> dict[str, str]:
    """The failed points and what is to be mended."""
    return {point.name: point.found for point in grade(kind()).failed}


def altered(acme: Any, **changes: Any) -> type[Carrier]:
    """The adapter with other attributes, in the same module."""
    kind: type[Carrier] = type("Acme", (acme,), {"__module__": acme.__module__, "__doc__": "Acme."} | changes)
    return kind


def each_event(acme: Any, change: Any) -> type[Carrier]:
    """The adapter that changes each event."""

    def parse(self: Carrier, body: bytes) -> list[Parcel]:
        read: list[Parcel] = acme.parse(self, body)
        return [parcel._replace(events=tuple(map(change, parcel.events))) for parcel in read]

    return altered(acme, parse=parse)


def test_what_is_new_is_sound(acme: Any) -> None:
    """Every point is passed from the first minute, and nothing is left out."""
    card = grade(acme())

    assert {point.outcome for point in card.points} == {Outcome.PASSED}, card.points


@pytest.mark.parametrize(
    ("changes", "points"),
    [
        ({"slug": "Acme!"}, {"identity"}),
        ({"name": ""}, {"identity"}),
        ({"number_form": ".*"}, {"numbers"}),
        ({"number_form": "[0-9]+"}, {"numbers"}),
        ({"batch_size": 0}, {"ways in"}),
        ({"pushes": False}, {"ways in"}),
        ({"table": {}}, {"rows"}),
    ],
)
def test_what_a_class_says_of_itself(acme: Any, changes: dict[str, Any], points: set[str]) -> None:
    """Each wrong attribute fails its point."""
    assert points <= set(failed(altered(acme, **changes)))


@pytest.mark.parametrize(
    ("change", "points"),
    [
        (lambda event: event._replace(status=event.status or Status.IN_TRANSIT), {"unlisted code"}),
        (lambda event: event._replace(text="\0"), {"recordings"}),
        (lambda event: event._replace(moment=event.moment._replace(local_time="yesterday")), {"recordings"}),
    ],
)
def test_what_is_read_wrongly(acme: Any, change: Any, points: set[str]) -> None:
    """A guess, a text that cannot be printed, a time that is none."""
    assert points <= set(failed(each_event(acme, change)))


def test_an_event_that_is_another_one_each_time(acme: Any) -> None:
    """An id that the adapter makes up makes every repetition news."""
    numbers = count()

    found = failed(each_event(acme, lambda event: event._replace(id=str(next(numbers)))))

    assert {"recordings", "repeated"} <= set(found)


def test_a_status_by_position(acme: Any) -> None:
    """Whoever believes that the first of a list is the newest is told to sort by time."""

    def first_alone(self: Carrier, body: bytes) -> list[Parcel]:
        return [parcel._replace(events=parcel.events[:1]) for parcel in acme.parse(self, body)]

    assert "sort by time" in failed(altered(acme, parse=first_alone))["disorder"]


def test_an_error_of_pythons_own(acme: Any) -> None:
    """Only UnreadablePayload is a refusal."""

    def careless(self: Carrier, body: bytes) -> list[Parcel]:
        return list(acme.parse(self, body)) if body[0] else []

    assert failed(altered(acme, parse=careless)) == {
        "hostile input": "`parse` raises IndexError: index out of range, for b''"
    }


@pytest.mark.parametrize(
    ("secrets_used", "says"),
    [
        (lambda secrets: secrets[:1], "`verify` must try each of the account's secrets"),
        (lambda secrets: [*secrets, "a-made-up-secret"], "another account's secret"),
    ],
)
def test_secrets(acme: Any, secrets_used: Any, says: str) -> None:
    """All of the account's are tried, and none else."""

    def verify(self: Carrier, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Verified:
        given: Verified = acme.verify(self, headers, body, secrets_used(secrets))
        return given

    assert says in failed(altered(acme, verify=verify)).get("push", "")


def test_a_push_that_anybody_can_send(acme: Any) -> None:
    """What signs and checks nothing has failed; what does not sign is believed for the address."""

    def believe(self: Carrier, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Verified:
        return Verified()

    points = {point.name: point for point in grade(altered(acme, verify=Carrier.verify, signs=False)()).points}

    assert failed(altered(acme, verify=believe)) == {"push": "`verify` believes a push without signature"}
    assert points["push"].outcome is Outcome.NOT_APPLICABLE
    assert "secret address" in points["push"].found


@pytest.mark.parametrize(
    ("missing", "points"),
    [
        ("returned.json", {"recordings", "statuses"}),
        ("dst_nights.json", {"zones"}),
        ("error.json", {"recordings", "error"}),
        ("not_found.json", {"recordings", "not found"}),
        ("unlisted_code.json", {"recordings", "unlisted code"}),
        ("pushes/signed.json", {"push", "replay"}),
    ],
)
def test_a_recording_that_is_missing(acme: Any, missing: str, points: set[str]) -> None:
    """Each is asked for by the point that needs it."""
    (FOLDER / missing).unlink()

    assert set(failed(acme)) == points


def test_what_the_carrier_never_says(acme: Any) -> None:
    """A meaning that the class excuses is no fault, and the card gives the reason."""
    (FOLDER / "error.json").unlink()
    card = grade(altered(acme, unsaid=(("error", "it never fails"),))())
    [error] = [point for point in card.points if point.name == "error"]

    assert card.failed == []
    assert (error.outcome, error.found) == (Outcome.NOT_APPLICABLE, "it never fails")


def test_one_night_is_not_both(acme: Any) -> None:
    """The autumn night alone leaves the spring night to be shown."""

    def not_in_march(event: TrackingEvent) -> bool:
        return not event.moment.local_time.startswith("2026-03-29")

    def parse(self: Carrier, body: bytes) -> list[Parcel]:
        return [each._replace(events=tuple(filter(not_in_march, each.events))) for each in acme.parse(self, body)]

    assert "spring night" in failed(altered(acme, parse=parse))["zones"]
