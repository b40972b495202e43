"""What carriers send when something is wrong, over all of them: half an answer, a page, another encoding, too much."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest

from app.grading.disorder import told
from app.grading.recordings import Recording, recordings_of
from app.polling.answers import read_answers
from app.polling.claiming import Batch
from app.shipments.shipment import Shipment
from carriers import Parcel, UnreadablePayload, carrier
from carriers.base import Answer
from carriers.reading import MAX_ARRAY
from tests.carriers.repeating import parts
from tests.carriers.test_contract import SLUGS, every
from tests.recorded import FOLDER

PAGES = (
    b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>",
    b"<html><head><title>Sign in</title></head><body><form action='/login'><input name='user'/></form></body></html>",
    b"<html><body><table><tr><td>delivered</td><td>2026-03-04</td></tr></table></body></html>",
    b"Service temporarily unavailable. Please try again later.\n",
)
"""What a gateway, a firewall or a login answers in the carrier's place, with a status of 200."""

MANY = 1_000
NOW = datetime(2026, 3, 10, tzinfo=UTC)


def readable(slug: str) -> list[Recording]:
    """The carrier's recordings in which there is a parcel."""
    return recordings_of(carrier(slug), FOLDER / slug).readable


def parcels_in(slug: str, body: bytes) -> list[Parcel]:
    """What is read; nothing of what is refused."""
    try:
        return carrier(slug).parse(body)
    except UnreadablePayload:
        return []


def keys(slug: str, parcels: list[Parcel]) -> set[tuple[str, str]]:
    """Number and key of every event."""
    return {(number, key) for number, (known, _) in told(slug, parcels).items() for key in known}


@every
def test_a_page_is_refused(slug: str) -> None:
    """HTML or a sentence is nobody's answer."""
    for page in PAGES:
        with pytest.raises(UnreadablePayload):
            carrier(slug).parse(page)


@every
def test_half_an_answer_tells_nothing_new(slug: str) -> None:
    """Wherever it is cut off, it is refused, or tells only what the whole does."""
    for each in readable(slug):
        whole = keys(slug, each.parcels or [])
        for twelfth in range(1, 12):
            half = each.body[: len(each.body) * twelfth // 12]
            assert keys(slug, parcels_in(slug, half)) <= whole, (each.path.name, twelfth)


@every
@pytest.mark.parametrize("charset", ["iso-8859-1", "cp1252", "utf-16"])
def test_another_encoding_changes_no_meaning(slug: str, charset: str) -> None:
    """An answer in another encoding than the documented one is refused, or its events are the same."""
    for each in readable(slug):
        try:
            body = each.body.decode().encode(charset)
        except UnicodeError:
            continue
        found = parcels_in(slug, body)
        assert not found or keys(slug, found) == keys(slug, each.parcels or []), each.path.name


@every
def test_a_parcel_that_comes_twice_is_one(slug: str) -> None:
    """Each of its events is stored once, and it stands where one of them does; so is an event that bears an id."""
    for each in readable(slug):
        for part in parts(each.body):
            found = parcels_in(slug, part(2))
            named = all(event.id for parcel in found for event in parcel.events)
            if len(found) > len(each.parcels or []) or (found and named):
                assert told(slug, found) == told(slug, each.parcels or []), each.path.name


@every
def test_thousands_of_events(slug: str) -> None:
    """They are read, or refused as too many; the work grows with their number, not with its square."""
    each = max(readable(slug), key=lambda one: sum(1 for _ in one.events))
    before = sum(1 for _ in each.events)
    for part in parts(each.body):
        found = parcels_in(slug, part(2))
        if len(found) == len(each.parcels or ()) and sum(len(parcel.events) for parcel in found) > before:
            assert calls(slug, part(80)) < 6 * calls(slug, part(20))
            assert sum(len(parcel.events) for parcel in parcels_in(slug, part(MANY))) <= 2 * MAX_ARRAY
            return


def calls(slug: str, body: bytes) -> int:
    """How many functions are called to read a body that has been read before."""
    count = 0

    def counted(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    parcels_in(slug, body)
    sys.setprofile(cast(Callable[..., Any], counted))
    try:
        parcels_in(slug, body)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if carrier(slug).polls])
def test_another_customers_parcel_is_not_ours(slug: str) -> None:
    """What an answer says of a number that was not asked about is nobody's; see `renames` for the one exception."""
    for each in readable(slug):
        parcels = each.parcels or []
        named = all(parcel.number.strip() for parcel in parcels) and not (carrier(slug).renames and len(parcels) == 1)
        for strangers in (("STRANGER-1",), ("STRANGER-1", "STRANGER-2")):
            if named or len(strangers) > 1:
                brought = read_answers(batch(slug, strangers), [Answer(each.body, strangers)], {}, NOW)
                assert (brought.new, brought.spoilt) == ([], []), each.path.name


def batch(slug: str, numbers: tuple[str, ...]) -> Batch:
    """Shipments with these numbers, asked about in one call."""
    nothing: dict[str, Any] = dict.fromkeys(Shipment._fields)
    shipments = tuple(
        Shipment(**nothing | {"id": UUID(int=nth), "carrier": slug, "tracking_number": number})
        for nth, number in enumerate(numbers, 1)
    )
    account = SimpleNamespace(id=UUID(int=9), company_id=UUID(int=8), carrier=slug)
    return Batch(cast(Any, account), shipments, NOW, probe=False)
