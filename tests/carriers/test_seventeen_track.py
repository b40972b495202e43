"""17TRACK: recordings in, meanings out; its push; and the way it is asked."""

from datetime import UTC, date, datetime

import pytest

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.seventeen_track import WORDS, SeventeenTrackStandIn
from carriers.base import CarrierError, CredentialsRefused, RateLimited, RequestRefused
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.seventeen_track import SeventeenTrack
from carriers.vocabulary import Status, SubStatus
from tests.carriers.aggregated import Meaning, newest, pushed, told_in_full
from tests.carriers.line import line
from tests.carriers.meanings import answers_are, refuses
from tests.recorded import recorded, recordings

S, U = Status, SubStatus
NUMBER = "RB123456785GB"
LATEST: dict[str, Meaning] = {
    "delivered": (S.DELIVERED, None),
    "out_for_delivery": (S.OUT_FOR_DELIVERY, None),
    "held": (S.EXCEPTION, U.CUSTOMS_HOLD),
    "ready": (S.AVAILABLE_FOR_PICKUP, None),
    "absent": (S.FAILED_ATTEMPT, U.RECIPIENT_ABSENT),
    "announced": (S.AWAITING_PICKUP, U.INFO_RECEIVED),
    "returned": (S.RETURNED, None),
    "two_providers": (S.OUT_FOR_DELIVERY, None),
    "older": (S.IN_TRANSIT, U.ARRIVED),
    "expired": None,
    "many_parcels": (S.DELIVERED, None),
    "unlisted_code": (S.IN_TRANSIT, U.ARRIVED),
    "push": (S.OUT_FOR_DELIVERY, None),
    "first_version": (S.DELIVERED, None),
    "first_version_push": (S.IN_TRANSIT, None),
    "track_list": (S.OUT_FOR_DELIVERY, None),
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {
    "not_found": [Parcel(NUMBER, not_found=True)],
    "nothing_yet": [Parcel(NUMBER, not_found=True, note="No tracking information at this time.")],
    "push_stopped": [Parcel("RR123456789CN")],  # what was told before holds
    "error": [],
}


def parsed(name: str) -> list[Parcel]:
    return SeventeenTrack().parse(recorded("seventeen_track", name))


@pytest.mark.parametrize(("answer", "meaning"), LATEST.items())
def test_the_newest_event_of_each_answer_means_what_the_customer_would_say(answer: str, meaning: Meaning) -> None:
    assert newest(SeventeenTrack(), answer).meaning == meaning


test_an_answer_about_nothing_is_not_found_or_tells_of_no_parcel = answers_are(SeventeenTrack(), WHOLE)


def test_every_fixture_is_named() -> None:
    assert {path.stem for path in recordings("seventeen_track")} == {*LATEST, *WHOLE}


async def test_every_journey_is_understood_and_the_courier_is_named() -> None:
    await told_in_full(SeventeenTrack(), SeventeenTrackStandIn, NUMBER, WORDS)


async def test_a_push_is_known_by_its_signature() -> None:
    assert (await pushed(SeventeenTrack(), SeventeenTrackStandIn, NUMBER)).message_id == ""


def test_a_delivery_in_full() -> None:
    [parcel] = parsed("delivered")

    assert parcel.events[0] == TrackingEvent(
        Moment(datetime(2026, 3, 6, 10, tzinfo=UTC), "2026-03-06T11:00:00", OffsetSource.GIVEN),
        code="Delivered_Other",
        list="seventeen_track",
        text="Consegnato",  # who signed is left out
        status=S.DELIVERED,
        row="seventeen_track/Delivered_Other",
        place=Place("Firenze", country="GB"),
    )
    assert parcel.eta == Eta(None, datetime(2026, 3, 7, 23, 59, 59, tzinfo=UTC), date(2026, 3, 7))


def test_what_two_providers_say_alike_is_one_event() -> None:
    assert len(parsed("two_providers")[0].events) == 3


def test_an_unlisted_code_of_an_event_says_nothing_and_the_whole_says_what_it_says() -> None:
    head, event, _ = parsed("unlisted_code")[0].events

    assert (head.row, event.code, event.row) == ("seventeen_track/InTransit_Arrival", "Levitating_Other", None)


def test_where_events_are_texts_alone_the_newest_status_is_an_event() -> None:
    [parcel] = parsed("older")

    assert [(event.code, event.text, event.row) for event in parcel.events] == [
        ("InTransit_Arrival", "Arrived", "seventeen_track/InTransit_Arrival"),
        ("", "Arrived", "seventeen_track/event"),
        ("", "Accepted", "seventeen_track/event"),
    ]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    SeventeenTrack(),
    [b"", b"[]", b"{}", b"<xml/>", b'{"code": 0}', b'{"code": 0, "data": {}}', b'{"event": "x", "data": {}}'],
)


async def test_what_is_not_registered_is_registered_once() -> None:
    async with line(SeventeenTrack(), SeventeenTrackStandIn) as asked:
        await asked.parcels(NUMBER)
        await asked.parcels(NUMBER, "RB000000019GB")

        told, register = "POST /track/v2.4/gettrackinfo", "POST /track/v2.4/register"
        assert asked.stand_in.requests == [told, register, told] * 2


@pytest.mark.parametrize(
    ("body", "error", "text"),
    [
        (recorded("seventeen_track", "error"), CredentialsRefused, "Invalid security key"),
        (b'{"code": 0, "data": {"errors": [{"code": -18010013, "message": "bad data"}]}}', RequestRefused, "bad data"),
        (
            b'{"code": 0, "data": {"rejected": [{"number": "RB123456785GB", "error": {"code": -18019902}},'
            b' {"number": "RB123456785GB", "error": {"code": -18019908}}]}}',
            RateLimited,
            "quota",
        ),
    ],
)
async def test_what_it_says_in_http_200_is_an_error(body: bytes, error: type[CarrierError], text: str) -> None:
    async with line(SeventeenTrack(), SeventeenTrackStandIn) as asked:
        asked.stand_in.faults.extend([Fault(body=body)] * 2)
        with pytest.raises(error, match=text):
            await asked.parcels(NUMBER)
