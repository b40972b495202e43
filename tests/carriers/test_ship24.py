"""Ship24: recordings in, meanings out; its push; and the way it is asked."""

from datetime import UTC, datetime

import pytest

from app.demo.stand_ins.ship24 import WORDS, Ship24StandIn
from carriers.base import BadSignature, RequestRefused
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.ship24 import Ship24
from carriers.vocabulary import Status, SubStatus
from tests.carriers.aggregated import Meaning, newest, pushed, told_in_full
from tests.carriers.line import line
from tests.carriers.meanings import answers_are, refuses
from tests.recorded import recorded, recordings

S, U = Status, SubStatus
NUMBER = "S24DEMO456393"
LATEST: dict[str, Meaning] = {
    "delivered": (S.DELIVERED, None),
    "out_for_delivery": (S.OUT_FOR_DELIVERY, None),
    "held": (S.EXCEPTION, U.CUSTOMS_HOLD),
    "ready": (S.AVAILABLE_FOR_PICKUP, None),
    "absent": (S.FAILED_ATTEMPT, None),
    "push": (S.OUT_FOR_DELIVERY, None),
    "returned": (S.EXCEPTION, U.RETURNING),
    "no_time": (S.AWAITING_PICKUP, U.INFO_RECEIVED),
    "head_alone": (S.DELIVERED, None),
    "many_parcels": (S.DELIVERED, None),
    "unlisted_code": None,
    "hostile": None,
}
WHOLE: dict[str, list[Parcel]] = {
    "not_found": [
        Parcel(
            NUMBER,
            eta=Eta(latest=datetime(2026, 3, 6, 18, tzinfo=UTC)),
            not_found=True,
            aliases=("8R00000000017",),
            service="Colissimo",
        )
    ],
    "not_found_by_code": [Parcel("", not_found=True)],
    "made": [Parcel("9405500205903062410241", not_found=True)],
    "error": [],
}


def parsed(name: str) -> list[Parcel]:
    return Ship24().parse(recorded("ship24", name))


@pytest.mark.parametrize(("answer", "meaning"), LATEST.items())
def test_the_newest_event_of_each_answer_means_what_the_customer_would_say(answer: str, meaning: Meaning) -> None:
    assert newest(Ship24(), answer).meaning == meaning


test_an_answer_about_nothing_is_not_found_or_tells_of_no_parcel = answers_are(Ship24(), WHOLE)


def test_every_fixture_is_named() -> None:
    assert {path.stem for path in recordings("ship24")} == {*LATEST, *WHOLE}


async def test_every_journey_is_understood_and_the_courier_is_named() -> None:
    await told_in_full(Ship24(), Ship24StandIn, NUMBER, WORDS)


async def test_a_push_is_known_by_its_signature() -> None:
    assert (await pushed(Ship24(), Ship24StandIn, NUMBER)).message_id == "m-S24DEMO456393-7"


def test_a_delivery_in_full() -> None:
    """Of two events of one instant the order says which is the later; a milestone decides where there is no code."""
    [parcel] = parsed("delivered")

    assert parcel.events[0] == TrackingEvent(
        Moment(datetime(2026, 3, 6, 8, tzinfo=UTC), "2026-03-06T08:00:00", OffsetSource.UNKNOWN),
        code="delivery_delivered",
        list="ship24",
        text="Delivered",  # who signed is left out
        status=S.DELIVERED,
        row="ship24/delivery_delivered",
        place=Place(name="Paris, FR"),
        id="e-4",
        sequence=4,
    )
    assert [(event.moment.offset_source, event.list, event.meaning) for event in parcel.events[1:]] == [
        (OffsetSource.UNKNOWN, "ship24", (S.OUT_FOR_DELIVERY, None)),
        (OffsetSource.GIVEN, "ship24 milestone", (S.IN_TRANSIT, None)),
        (OffsetSource.UNKNOWN, "ship24", (S.IN_TRANSIT, U.PICKED_UP)),
    ]
    assert "BIANCHI" not in str(parcel)


def test_a_day_without_a_time() -> None:
    assert newest(Ship24(), "no_time").moment.local_time == "2026-03-06"


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    Ship24(), [b"", b"[]", b"{}", b"<xml/>", b'{"data": null}', b'{"trackings": [{}]}', b'{"trackings": 5}']
)


async def test_what_cannot_be_made_is_told() -> None:
    async with line(Ship24(), Ship24StandIn) as asked:
        with pytest.raises(RequestRefused, match="trackingNumber is required"):
            await asked.parcels("")


def test_the_secret_goes_behind_its_word() -> None:
    with pytest.raises(BadSignature):
        Ship24().verify({"authorization": "whsec_good"}, b"{}", ("whsec_good",))
