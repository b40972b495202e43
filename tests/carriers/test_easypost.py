"""EasyPost: recordings in, meanings out; its push; and the way it is asked."""

import hmac
import json
import unicodedata
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from app.demo.stand_ins.easypost import WORDS, EasyPostStandIn
from carriers.base import BadSignature, RequestRefused
from carriers.easypost import EasyPost
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.vocabulary import Status, SubStatus
from tests.carriers.aggregated import Meaning, newest, pushed, told_in_full
from tests.carriers.line import line
from tests.carriers.meanings import answers_are, refuses
from tests.recorded import recorded, recordings

S, U = Status, SubStatus
NUMBER = "EZ4000000004"
LATEST: dict[str, Meaning] = {
    "delivered": (S.DELIVERED, None),
    "out_for_delivery": (S.OUT_FOR_DELIVERY, None),
    "held": (S.EXCEPTION, U.HELD),
    "ready": (S.AVAILABLE_FOR_PICKUP, U.PICKUP_POINT),
    "announced": (S.AWAITING_PICKUP, U.INFO_RECEIVED),
    "returned": (S.EXCEPTION, U.RETURNING),
    "attempted": (S.FAILED_ATTEMPT, None),
    "expired": None,
    "status_update": (S.IN_TRANSIT, None),
    "head_alone": (S.DELIVERED, None),
    "many_parcels": (S.DELIVERED, None),
    "unlisted_code": None,
    "push": (S.OUT_FOR_DELIVERY, None),
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {
    "not_found": [
        Parcel(NUMBER, eta=Eta(latest=datetime(2026, 3, 5, tzinfo=UTC)), not_found=True, service="First-Class")
    ],
    "not_found_in_list": [Parcel("", not_found=True)],
    "push_of_another_kind": [],
    "error": [],
}


def parsed(name: str) -> list[Parcel]:
    return EasyPost().parse(recorded("easypost", name))


@pytest.mark.parametrize(("answer", "meaning"), LATEST.items())
def test_the_newest_event_of_each_answer_means_what_the_customer_would_say(answer: str, meaning: Meaning) -> None:
    assert newest(EasyPost(), answer).meaning == meaning


test_an_answer_about_nothing_is_not_found_or_tells_of_no_parcel = answers_are(EasyPost(), WHOLE)


def test_every_fixture_is_named() -> None:
    assert {path.stem for path in recordings("easypost")} == {*LATEST, *WHOLE}


async def test_every_journey_is_understood_and_the_courier_is_named() -> None:
    await told_in_full(EasyPost(), EasyPostStandIn, NUMBER, WORDS)


async def test_a_push_is_known_by_its_signature() -> None:
    assert (await pushed(EasyPost(), EasyPostStandIn, NUMBER)).message_id == "evt_EZ4000000004_7"


def test_a_delivery_in_full() -> None:
    """The status decides over the detail; the second receipt at the origin is an arrival."""
    [parcel] = parsed("delivered")

    assert parcel.events[0] == TrackingEvent(
        Moment(datetime(2026, 3, 5, 15, 50, tzinfo=UTC), "2026-03-05T15:50:00", OffsetSource.GIVEN),
        code="delivered",
        list="easypost",
        context="arrived_at_destination",
        text="DELIVERED",  # who signed is left out
        status=S.DELIVERED,
        row="easypost/delivered",
        place=Place("AUSTIN", "78701", "TX", "US"),
    )
    assert [event.meaning for event in parcel.events[1:]] == [
        (S.OUT_FOR_DELIVERY, None),
        (S.IN_TRANSIT, U.ARRIVED),
        (S.IN_TRANSIT, U.PICKED_UP),
        (S.AWAITING_PICKUP, U.INFO_RECEIVED),
    ]


@pytest.mark.parametrize("status", ["available_for_pickup", "out_for_delivery"])
def test_a_detail_of_the_way_does_not_take_back_what_the_status_says_is_reached(status: str) -> None:
    detail = {"status": status, "status_detail": "arrived_at_destination", "datetime": "2026-03-05T15:50:00Z"}
    [parcel] = EasyPost().parse(json.dumps({"tracking_code": NUMBER, "tracking_details": [detail]}).encode())

    assert [event.status for event in parcel.events] == [S(status)]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    EasyPost(), [b"", b"[]", b"{}", b"<xml/>", b'{"tracking_code": "1"}', b'{"error": "x"}', b'{"trackers": 5}']
)


@pytest.mark.parametrize("when", ["2026-03-05T09:00:00Z", "Thu, 05 Mar 2026 09:00:00 +0000"])
def test_the_newer_signature_holds_over_the_older_and_says_when(when: str) -> None:
    """The secret counts in its decomposed form."""
    body, secret = recorded("easypost", "push"), "segr\u00e9to"
    key = unicodedata.normalize("NFKD", secret).encode()
    headers = {
        "x-hmac-signature-v2": "hmac-sha256-hex=" + hmac.digest(key, f"{when}POST/h".encode() + body, sha256).hex(),
        "x-hmac-signature": "hmac-sha256-hex=" + hmac.digest(key, body, sha256).hex(),
        "x-timestamp": when,
        "x-path": "/h",
    }

    assert EasyPost().verify(headers, body, (secret,)) == ("evt_1", datetime(2026, 3, 5, 9, tzinfo=UTC))
    with pytest.raises(BadSignature):
        EasyPost().verify(headers | {"x-path": "/other"}, body, (secret,))


async def test_a_tracker_is_made_once() -> None:
    async with line(EasyPost(), EasyPostStandIn) as asked:
        await asked.parcels(NUMBER)
        await asked.parcels(NUMBER)

        assert [request.split("?")[0] for request in asked.stand_in.requests] == [
            "GET /v2/trackers",
            "POST /v2/trackers",
            "GET /v2/trackers",
        ]


async def test_what_cannot_be_made_is_told() -> None:
    async with line(EasyPost(), EasyPostStandIn) as asked:
        with pytest.raises(RequestRefused):
            await asked.parcels("")
