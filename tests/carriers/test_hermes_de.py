"""Hermes Germany: answers of HSI in, meanings out; and the way it is asked."""

from datetime import UTC, date, datetime

from app.demo.stand_ins.hermes_de import HermesStandIn
from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.hermes_de import HermesGermany
from carriers.vocabulary import Status, SubStatus
from tests.carriers.line import line
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

NUMBER = "H0000000000000000001"
LATEST: dict[str, Meaning] = {
    "delivered": (Status.DELIVERED, None),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.EXCEPTION, SubStatus.HELD),
    "shop": (Status.AVAILABLE_FOR_PICKUP, None),
    "lost": (Status.EXCEPTION, SubStatus.LOST),
    "returned": (Status.RETURNED, None),
    "customs": (Status.EXCEPTION, SubStatus.CUSTOMS_HOLD),
    "app_words": (Status.DELIVERED, SubStatus.SAFE_PLACE),
    "many_parcels": (Status.IN_TRANSIT, SubStatus.ARRIVED),
    "dst_nights": (Status.OUT_FOR_DELIVERY, None),
    "dst_autumn_local": (Status.IN_TRANSIT, SubStatus.ARRIVED),
    "hostile": (Status.DELIVERED, None),
    "unlisted_code": None,
}
WHOLE: dict[str, list[Parcel]] = {"not_found": [Parcel(NUMBER, not_found=True, note="e003 Keine Daten vorhanden")]}


def parsed(name: str) -> list[Parcel]:
    return HermesGermany().parse(recorded("hermes_de", name))


test_the_newest_event_of_each_answer_means_what_the_customer_would_say = newest_means(HermesGermany(), LATEST)
test_an_error_about_a_number_is_its_not_being_known = answers_are(HermesGermany(), WHOLE)


def test_every_fixture_is_named_and_every_code_stands_in_the_table() -> None:
    lists = [within for within, _ in HermesGermany.table]

    assert {path.stem for path in recordings("hermes_de")} == {*LATEST, *WHOLE}
    assert (lists.count(""), lists.count("app")) == (43, 18)


def test_an_event_happens_where_it_was_scanned_and_the_forecast_is_kept() -> None:
    [parcel] = parsed("out_for_delivery")

    assert len(parcel.events) == 3
    assert parcel._replace(events=parcel.events[:1]) == Parcel(
        NUMBER,
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 4, 7, 12, tzinfo=UTC), "2026-03-04T08:12:00", OffsetSource.GIVEN),
                code="3000",
                text="In Zustellung",
                status=Status.OUT_FOR_DELIVERY,
                row="3000",
                place=Place("Köln", country="DE", name="Depot"),
            ),
        ),
        Eta(datetime(2026, 3, 4, 11, tzinfo=UTC), datetime(2026, 3, 4, 13, 30, tzinfo=UTC), date(2026, 3, 4)),
    )


def test_each_number_has_a_result_of_its_own() -> None:
    assert [(each.number, each.not_found, each.eta and each.eta.day) for each in parsed("many_parcels")] == [
        (NUMBER, False, None),
        ("H0000000000000000002", True, None),
        ("H0000000000000000003", False, date(2026, 3, 6)),
    ]
    assert parsed("delivered")[0].aliases == ("XX000000017DE",)


def test_the_apps_words_are_a_list_of_their_own() -> None:
    assert [event.row for event in parsed("app_words")[0].events] == ["app/DELIVERED_MAILBOX", "app/SORTED"]


def test_a_code_that_lost_its_zeros_is_the_same() -> None:
    body = recorded("hermes_de", "delivered").replace(b'"0000"', b"0")

    assert HermesGermany().parse(body) == parsed("delivered")


def test_an_offset_holds_and_without_one_berlins_also_in_the_nights_of_the_change() -> None:
    assert [event.moment.occurred_at for event in parsed("dst_nights")[0].events] == [
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    ]


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    HermesGermany(),
    [b"", b"[]", b"{}", b"<xml/>", b'{"shipmentinfo": []}', b'{"shipmentinfo": [{"id": 1}]}', b'{"shipm'],
)


async def test_numbers_are_asked_about_together_and_an_unknown_one_is_an_answer() -> None:
    async with line(HermesGermany(), HermesStandIn) as hermes:
        [answer] = await hermes.ask(NUMBER, "H0000000000000000002")
        hermes.journey = ""
        [unknown] = await hermes.parcels(NUMBER)

    assert [parcel.number for parcel in HermesGermany().parse(answer.body)] == [*answer.numbers]
    assert unknown == Parcel(NUMBER, not_found=True, note="e001 Sendung nicht gefunden")
    assert hermes.stand_in.requests[1] == (
        f"GET /services/hsi/shipmentinfo?shipmentID={NUMBER}&shipmentID=H0000000000000000002"
    )
