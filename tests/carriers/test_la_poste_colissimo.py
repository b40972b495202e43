"""La Poste's Suivi v2 and Colissimo's older service, as events."""

from datetime import UTC, date, datetime

import pytest

from carriers.event import Eta, Moment, OffsetSource, Parcel, TrackingEvent
from carriers.la_poste_colissimo import LaPosteColissimo
from carriers.vocabulary import Status, SubStatus
from tests.carriers.meanings import refuses
from tests.recorded import recorded, recordings

S, B = Status, SubStatus
OUT = (S.OUT_FOR_DELIVERY, None)

NEWEST: dict[str, tuple[Status, SubStatus | None] | None] = {
    "delivered": (S.DELIVERED, B.TO_RECIPIENT),
    "out_for_delivery": OUT,
    "held": (S.EXCEPTION, B.CUSTOMS_HOLD),
    "failed_attempt": (S.FAILED_ATTEMPT, None),
    "returned": (S.RETURNED, None),
    "counter": (S.AVAILABLE_FOR_PICKUP, B.POST_OFFICE),
    "relay_by_label": (S.AVAILABLE_FOR_PICKUP, B.PICKUP_POINT),
    "locker_by_label": (S.AVAILABLE_FOR_PICKUP, B.LOCKER),
    "relay_by_point": (S.AVAILABLE_FOR_PICKUP, B.PICKUP_POINT),
    "relay_by_holder": (S.AVAILABLE_FOR_PICKUP, B.PICKUP_POINT),
    "head_alone": (S.DELIVERED, None),
    "expected_hours": OUT,
    "dst_nights": (S.IN_TRANSIT, None),
    "unlisted_code": None,
    "hostile": (S.IN_TRANSIT, None),
    "merchant": (S.DELIVERED, B.TO_NEIGHBOUR),
}
OTHER = {
    "not_found": [Parcel("6A00000000001", not_found=True, note="Votre suivi n'est pas encore disponible.")],
    "bad_number": [Parcel("6A000000XX1", not_found=True, note="Le numéro que vous avez saisi n'est pas valide.")],
    "merchant_not_found": [Parcel("", not_found=True, note="Numéro de colis inconnu")],
    "error": [],
    "merchant_error": [],
}


def parsed(name: str) -> list[Parcel]:
    return LaPosteColissimo().parse(recorded("la_poste_colissimo", name))


@pytest.mark.parametrize(("answer", "meaning"), NEWEST.items())
def test_newest_event(answer: str, meaning: tuple[Status, SubStatus | None] | None) -> None:
    """The newest event of each answer means what the recipient would say."""
    [parcel] = parsed(answer)

    assert max(parcel.events, key=lambda event: event.moment.occurred_at).meaning == meaning


@pytest.mark.parametrize(("answer", "parcels"), OTHER.items())
def test_answers_without_events(answer: str, parcels: list[Parcel]) -> None:
    """A number that is not known (yet), or not La Poste's; errors tell of no parcel."""
    assert parsed(answer) == parcels


def test_every_recording_is_named() -> None:
    """No fixture lies unread."""
    assert {path.stem for path in recordings("la_poste_colissimo")} == {*NEWEST, *OTHER, "many_parcels"}


def test_a_whole_parcel() -> None:
    """Everything that an answer says; the timeline adds nothing."""
    [parcel] = parsed("out_for_delivery")

    assert parcel._replace(events=parcel.events[:1]) == Parcel(
        "6A00000000001",
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 4, 6, 45, tzinfo=UTC), "2026-03-04T07:45:00", OffsetSource.GIVEN),
                "MD2",
                text="Votre colis est sur son site de distribution. Nous préparons sa livraison.",
                status=S.OUT_FOR_DELIVERY,
                row="MD2",
            ),
        ),
        Eta(datetime(2026, 3, 3, 23, tzinfo=UTC), datetime(2026, 3, 4, 22, 59, 59, tzinfo=UTC), date(2026, 3, 4)),
        service="Colissimo",
    )
    assert [event.code for event in parcel.events] == ["MD2", "ET1", "PC1", "DR1"]


def test_several_numbers_of_one_call() -> None:
    """Each has its own return code; one that the gateway could not ask about is left out."""
    assert [(each.number, each.not_found, len(each.events)) for each in parsed("many_parcels")] == [
        ("6A00000000001", False, 1),
        ("6A00000000002", True, 0),
        ("AA123456789FR", False, 1),
    ]


@pytest.mark.parametrize(
    ("answer", "row", "context"),
    [
        ("counter", "AG1", ""),
        ("relay_by_label", "AG1 label/relais", "label"),
        ("relay_by_point", "AG1 point/A2P", "point A2P"),
        ("relay_by_holder", "AG1 holder/3", "holder 3"),
    ],
)
def test_where_an_item_waits_says_what_told_it(answer: str, row: str, context: str) -> None:
    """Label, removal point, branch, in that order."""
    [parcel] = parsed(answer)

    assert (parcel.events[0].row, parcel.events[0].context) == (row, context)


def test_a_delivery_told_by_the_head_alone_is_doubtful_and_told_once() -> None:
    """An event of its own where none tells it."""
    head = parsed("head_alone")[0].events[0]

    assert (head.row, head.doubtful) == ("head/deliveryDate", True)
    assert [event.list for event in parsed("delivered")[0].events] == [""] * 5


def test_an_expected_hour_goes_before_an_expected_day() -> None:
    """Both ends of it; a parcel that has arrived is expected no more."""
    assert parsed("expected_hours")[0].eta == Eta(
        datetime(2026, 3, 4, 9, tzinfo=UTC), datetime(2026, 3, 4, 11, tzinfo=UTC)
    )
    assert parsed("delivered")[0].eta is None


def test_times_without_offset_are_those_of_paris() -> None:
    """Also in both nights of the clock change, and a day alone spans its day."""
    assert [(event.moment.occurred_at.isoformat(), event.moment.until) for event in parsed("dst_nights")[0].events] == [
        ("2026-10-25T00:30:00+00:00", None),
        ("2026-03-29T01:30:00+00:00", None),
        ("2026-03-27T23:00:00+00:00", datetime(2026, 3, 28, 22, 59, 59, tzinfo=UTC)),
    ]


def test_the_table_holds_every_code() -> None:
    """23 codes of Suivi v2 and 60 of the merchant service; the other lists tell where an item waits."""
    lists = [within for within, _ in LaPosteColissimo.table]

    assert {within: lists.count(within) for within in lists} == {
        "": 23,
        "AG1 label": 9,
        "AG1 point": 2,
        "AG1 holder": 1,
        "head": 1,
        "merchant": 60,
    }


test_another_body_is_refused = refuses(
    LaPosteColissimo(),
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"shipment": {}}',
        b'{"code": "x y", "message": ""}',
        b"<html/>",
        b"<trackResponse/>",
    ],
)
