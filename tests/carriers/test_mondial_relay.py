"""Mondial Relay: answers of the tracing in, meanings out; and the way it is asked."""

from datetime import UTC, datetime

import pytest

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.mondial_relay import MondialRelayStandIn
from carriers.base import CarrierError, CarrierUnavailable, CredentialsRefused, RequestRefused
from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.mondial_relay import MondialRelay
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import line
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "31230001"

LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, None),
    "out_for_delivery": (Status.IN_TRANSIT, None),
    "held": (Status.EXCEPTION, None),
    "returned": (Status.EXCEPTION, SubStatus.RETURNING),
    "ready": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),
    "state_alone": (Status.DELIVERED, None),
    "unlisted_code": (Status.AWAITING_PICKUP, SubStatus.INFO_RECEIVED),
    "dst_nights": (Status.IN_TRANSIT, None),
    "older_names": (Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),
    "hostile": (Status.IN_TRANSIT, None),
}
WHOLE: dict[str, list[Parcel]] = {"not_found": [Parcel("", not_found=True)], "error": []}


def parsed(name: str) -> list[Parcel]:
    return MondialRelay().parse(recorded("mondial_relay", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(MondialRelay(), LATEST)
test_a_state_that_is_an_error_is_not_found_or_tells_of_no_parcel = answers_are(MondialRelay(), WHOLE)


def test_every_fixture_is_named_and_all_states_and_errors_stand_in_the_table() -> None:
    lists = [within for within, _ in MondialRelay.table]

    assert {path.stem for path in recordings("mondial_relay")} == {*LATEST, *WHOLE}
    assert [lists.count(each) for each in ("state", "answer", "text")] == [10, 7, len(lists) - 17]


def test_an_event_is_known_by_its_text_and_waits_at_its_relay() -> None:
    [parcel] = parsed("ready")

    assert len(parcel.events) == 3
    assert parcel._replace(events=parcel.events[2:]) == Parcel(
        "",
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 4, 13, 20, tzinfo=UTC), "2026-03-04T14:20:00", OffsetSource.CARRIER),
                list="text",
                text="DISPONIBLE AU POINT RELAIS",
                status=Status.AVAILABLE_FOR_PICKUP,
                sub_status=SubStatus.PICKUP_POINT,
                row="text/disponible*point relais",
                place=Place("PARIS", country="FR", code="012345"),
            ),
        ),
        pickup_point="TABAC DE LA GARE, 012345",
        note="COLIS LIVRÉ AU POINT RELAIS",
    )


def test_a_state_that_no_text_tells_is_an_event_and_a_delivery_by_it_doubtful() -> None:
    head, *others = parsed("state_alone")[0].events

    assert (head.row, head.doubtful, head.moment, head.sequence) == ("state/82", True, others[-1].moment, 1)
    assert head.moment.local_time == "2026-03-05"
    assert [event.unmapped for event in others] == [False, True]
    assert parsed("held")[0].events[0].row == "state/83"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Colis livré au destinataire", Status.DELIVERED),
        ("Colis livré au Point Relais®", Status.AVAILABLE_FOR_PICKUP),
        ("COLIS LIVRÉ AU RELAIS", Status.AVAILABLE_FOR_PICKUP),
        ("LIVRÉ", Status.DELIVERED),
        ("Colis non livré", None),
    ],
)
def test_a_text_says_who_has_the_parcel(text: str, status: Status | None) -> None:
    body = recorded("mondial_relay", "unlisted_code").replace(b"COLIS SUR LA LUNE", text.encode())
    told = [event.status for event in MondialRelay().parse(body)[0].events if event.list == "text"]

    assert told == [status]


def test_nights_of_the_clock_change_keep_the_printed_time() -> None:
    assert [event.moment for event in parsed("dst_nights")[0].events] == [
        Moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2026-03-29T02:30:00", OffsetSource.CARRIER),
        Moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:30:00", OffsetSource.CARRIER),
    ]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    MondialRelay(), [b"", b"{}", b"<html/>", b"<TrackResponse/>", b"<WSI2_TracingColisDetailleResult/>"]
)


async def test_an_unknown_number_is_an_answer_and_a_wrong_brand_is_refused() -> None:
    async with line(MondialRelay(), MondialRelayStandIn) as relay:
        relay.journey = ""
        assert await relay.parcels(NUMBER) == [Parcel("", not_found=True)]

        with pytest.raises(CredentialsRefused, match="Mondial Relay says 1"):
            await relay.ask(NUMBER, enseigne="BDOTHER1")


async def test_an_error_inside_an_answer_has_its_name() -> None:
    errors: dict[str, type[CarrierError]] = {
        "97": CredentialsRefused,
        "24": RequestRefused,
        "99": CarrierUnavailable,
        "61": RequestRefused,
    }
    async with line(MondialRelay(), MondialRelayStandIn) as relay:
        for stat, error in errors.items():
            relay.stand_in.faults.append(Fault(body=recorded("mondial_relay", "error").replace(b"97", stat.encode())))
            with pytest.raises(error, match=f"Mondial Relay says {stat}"):
                await relay.ask(NUMBER)
