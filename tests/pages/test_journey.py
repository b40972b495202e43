"""The timeline: by the carrier's own clock, without what is not of this journey."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from app.lifecycle import Source
from app.pages.journey import journey
from app.pages.view import view
from carriers.event import Place
from carriers.vocabulary import Direction, Status, SubStatus
from tests.pages.showing import ABSENT, ARRIVED, AT_DEPOT, COLLECTED, DELIVERED, NOW, OUT, at, said, tracked


def test_the_newest_stands_first_with_meaning_words_and_town() -> None:
    shown = [(e.day, e.clock, e.heading, e.words, e.town) for e in journey(tracked(COLLECTED, OUT, ARRIVED, AT_DEPOT))]

    assert shown == [
        ("venerdì 13 marzo", "08:10", "In consegna", "", "Firenze"),
        ("venerdì 13 marzo", "06:20", "Nella filiale di consegna", "ARRIVATA IN FILIALE", "Firenze"),
        ("giovedì 12 marzo", "05:50", "Arrivato in filiale", "ARRIVATA IN FILIALE", "Bologna"),
        ("mercoledì 11 marzo", "17:40", "Partito", "RITIRATA", "Milano"),
    ]


def test_days_group_what_happened_on_them() -> None:
    days = view(tracked(COLLECTED, OUT, ARRIVED, AT_DEPOT, locale="en")).days

    assert [(day.heading, day.date, len(day.events)) for day in days] == [
        ("Friday 13 March", "2026-03-13", 2),
        ("Thursday 12 March", "2026-03-12", 1),
        ("Wednesday 11 March", "2026-03-11", 1),
    ]


def test_wall_times_are_never_shifted_when_clocks_change() -> None:
    """The hour that comes twice is shown twice, in the true order; the one that is skipped does not appear."""
    autumn = tracked(
        said(at("2026-10-25T02:30", fold=1), Status.IN_TRANSIT, SubStatus.ARRIVED, "second"),
        said(at("2026-10-25T02:40", fold=0), Status.IN_TRANSIT, SubStatus.DEPARTED, "first"),
        said(at("2026-10-24T23:59"), Status.IN_TRANSIT, SubStatus.PICKED_UP, "before"),
        now=at("2026-10-25T12:00").occurred_at,
        created_at=at("2026-10-24T10:00").occurred_at,
    )
    spring = tracked(
        said(at("2026-03-29T03:01"), Status.IN_TRANSIT, SubStatus.ARRIVED, "after"),
        said(at("2026-03-29T01:59"), Status.IN_TRANSIT, SubStatus.DEPARTED, "before"),
        now=at("2026-03-29T12:00").occurred_at,
    )

    assert [(e.local_time, e.clock, e.text) for e in journey(autumn)] == [
        ("2026-10-25T02:30:00", "02:30", "second"),
        ("2026-10-25T02:40:00", "02:40", "first"),
        ("2026-10-24T23:59:00", "23:59", "before"),
    ]
    assert [(e.clock, e.text) for e in journey(spring)] == [("03:01", "after"), ("01:59", "before")]


def test_a_far_carriers_clock_and_country_are_its_own() -> None:
    there = at("2026-03-12T23:30", ZoneInfo("Asia/Shanghai"))

    [shown] = journey(tracked(said(there, Status.IN_TRANSIT, place=Place("Shenzhen", country="CN"))))

    assert (shown.day, shown.clock, shown.town) == ("giovedì 12 marzo", "23:30", "Shenzhen, Cina")


def test_a_date_alone_has_no_time() -> None:
    [shown] = journey(tracked(said("2026-03-12", Status.IN_TRANSIT, None, "PARTITA")))

    assert (shown.local_time, shown.day, shown.clock) == ("2026-03-12", "giovedì 12 marzo", "")


def test_what_is_not_of_this_journey_is_not_shown() -> None:
    withdrawn = said("2026-03-13T09:00", Status.DELIVERED, None, "withdrawn")._replace(withdrawn=True)
    events = (
        COLLECTED,
        said("2026-03-01T09:00", Status.DELIVERED, None, "before the shipment"),
        said("2026-03-01T09:00", None, None, "a note before the shipment"),
        said("2026-03-13T20:00", Status.DELIVERED, None, "waiting"),
        said("2026-03-13T20:00", None, None, "a note to come"),
        said("2026-03-20T20:00", Status.DELIVERED, None, "too far ahead"),
    )
    shown = tracked(*events, withdrawn, shipped_at=at("2026-03-11T12:00").occurred_at)

    assert [event.text for event in journey(shown)] == ["RITIRATA"]


def test_another_parcels_events_under_the_same_number_are_not_shown() -> None:
    later = NOW + timedelta(days=60)
    shown = tracked(
        COLLECTED,
        DELIVERED,
        said("2026-05-02T09:00", Status.IN_TRANSIT, SubStatus.PICKED_UP, "recycled"),
        said("2026-05-02T10:00", None, None, "a note of the other parcel"),
        now=later,
    )

    assert [event.text for event in journey(shown)] == ["CONSEGNATA", "RITIRATA"]


def test_what_had_no_effect_is_the_carriers_words_alone() -> None:
    shown = tracked(
        COLLECTED,
        DELIVERED,
        said("2026-03-13T13:00", Status.IN_TRANSIT, SubStatus.ARRIVED, "scan after delivery"),
        said("2026-03-12T10:00", Status.AWAITING_PICKUP, SubStatus.INFO_RECEIVED, "paperwork"),
        said("2026-03-12T11:00", None, None, "a note"),
        said("2026-03-12T12:00", None, None, ""),
    )

    assert [(event.label, event.heading) for event in journey(shown)] == [
        ("", "scan after delivery"),
        ("Consegnato", "Consegnato"),
        ("", "a note"),
        ("", "paperwork"),
        ("Partito", "Partito"),
    ]


def test_a_persons_word_stands_against_the_carriers() -> None:
    shown = tracked(
        said("2026-03-13T10:00", Status.DELIVERED, None, "CONSEGNATA"),
        said("2026-03-13T11:00", Status.EXCEPTION, SubStatus.LOST, "", source=Source.OVERRIDE),
        said("2026-03-12T10:00", Status.IN_TRANSIT, SubStatus.ARRIVED, "ARRIVATA"),
    )

    assert view(shown).status_label == "Smarrito"
    assert [event.heading for event in journey(shown)] == ["Smarrito", "Consegnato", "Arrivato in filiale"]


def test_a_returns_delivery_is_its_arrival() -> None:
    shown = journey(tracked(ABSENT, DELIVERED, direction=Direction.RETURN))

    assert [(event.status, event.label) for event in shown] == [
        (Status.RETURNED, "Reso arrivato"),
        (Status.FAILED_ATTEMPT, "Consegna non riuscita"),
    ]


def test_half_days_have_room_for_their_letters() -> None:
    """`8:10 AM` is wider than `08:10`: where it is written so, the page keeps it clear of the line beside it."""
    shown = {locale: view(tracked(OUT, locale=locale)) for locale in ("it", "en", "en-US")}

    assert {locale: (page.events[0].clock, page.half_days) for locale, page in shown.items()} == {
        "it": ("08:10", False),
        "en": ("08:10", False),
        "en-US": ("8:10\u202fAM", True),
    }
