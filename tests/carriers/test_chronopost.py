"""Chronopost's tracking service, as events."""

from datetime import UTC, datetime

from carriers.chronopost import Chronopost
from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.vocabulary import Status, SubStatus
from tests.carriers.meanings import Meaning, answers_are, newest_means, refuses
from tests.recorded import recorded, recordings

S, B = Status, SubStatus
TAKEN = (S.DELIVERED, B.TO_RECIPIENT)

NEWEST: dict[str, Meaning] = {
    "delivered": TAKEN,
    "out_for_delivery": (S.OUT_FOR_DELIVERY, None),
    "failed_attempt": (S.FAILED_ATTEMPT, B.RECIPIENT_ABSENT),
    "held": (S.EXCEPTION, B.HELD),
    "returned": (S.RETURNED, None),
    "available": (S.AVAILABLE_FOR_PICKUP, B.PICKUP_POINT),
    "collected": (S.DELIVERED, B.COLLECTED),
    "delivered_after_all": TAKEN,
    "postponed": (S.IN_TRANSIT, B.DELAYED),
    "partner_code": (S.DELIVERED, None),
    "notice": None,
    "dst_nights": (S.IN_TRANSIT, None),
    "newest_first": (S.OUT_FOR_DELIVERY, None),
    "unlisted_code": None,
    "hostile": (S.OUT_FOR_DELIVERY, None),
}
OTHER = {"not_found": [Parcel("XX000000001FR", not_found=True)], "error": []}


def parcel(name: str) -> Parcel:
    [found] = Chronopost().parse(recorded("chronopost", name))
    return found


def told(name: str) -> list[tuple[str, str | None, str, bool]]:
    """Code, row, what decided, and whether it is doubtful; newest first."""
    return [(event.code, event.row, event.context, event.doubtful) for event in parcel(name).events]


test_newest_event = newest_means(Chronopost(), NEWEST, alone=True)
test_answers_without_events = answers_are(Chronopost(), OTHER)
"""Not found is an answer without events; an error code tells of no parcel."""


def test_every_recording_is_named() -> None:
    """No fixture lies unread."""
    assert {path.stem for path in recordings("chronopost")} == {*NEWEST, *OTHER}


def test_the_older_operation_tells_the_same_in_a_list_of_another_name() -> None:
    body = recorded("chronopost", "delivered").replace(b"trackSkybillV2Response", b"trackSkybillResponse")

    assert Chronopost().parse(body.replace(b"listEventInfoComp", b"listEvents")) == Chronopost().parse(
        recorded("chronopost", "delivered")
    )


def test_a_whole_parcel() -> None:
    """Everything that an answer says, the partner's number and the pick-up point with it."""
    assert parcel("available")._replace(events=parcel("available").events[:1]) == Parcel(
        "XX000000001FR",
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 3, 11, 20, tzinfo=UTC), "2026-03-03T12:20:00", OffsetSource.GIVEN),
                "AB",
                text="Envoi disponible en point de retrait",
                status=S.AVAILABLE_FOR_PICKUP,
                sub_status=B.PICKUP_POINT,
                row="AB",
                place=Place(postcode="75012", name="Relais"),
            ),
        ),
        aliases=("6A00000000009",),
        pickup_point="TABAC DU PORT",
    )


def test_a_delivery_means_what_came_before_it() -> None:
    """Collected where it waited, unless it left again; back with the sender (our inference) where it was returning."""
    assert told("collected")[0] == ("D", "D after/AB", "after AB", False)
    assert told("delivered_after_all")[0] == ("D", "D", "", False)
    assert told("returned")[0] == ("D", "D after/R", "after R", True)


def test_a_label_is_checked_where_a_code_is_used_by_others() -> None:
    """A D that its label denies is doubtful; an SD that is put off is late; a D inside another code is none."""
    assert told("partner_code")[0] == ("D", "D unsaid/D", "label", True)
    assert told("postponed")[0] == ("SD", "SD label/report", "label", False)
    assert told("unlisted_code")[0] == ("ZD", None, "", False)


def test_the_order_of_the_answer_does_not_matter() -> None:
    """Newest first is read like oldest first."""
    assert [event.code for event in parcel("newest_first").events] == ["TA", "SD", "DC"]


def test_nothing_personal_is_kept() -> None:
    """The consignee's name stays in the raw body."""
    assert b"ROSSI" in recorded("chronopost", "delivered")
    assert "ROSSI" not in repr(parcel("delivered"))


def test_times_without_offset_are_those_of_paris() -> None:
    """Also in both nights of the clock change."""
    assert [event.moment.occurred_at.isoformat() for event in parcel("dst_nights").events] == [
        "2026-10-25T00:30:00+00:00",
        "2026-03-29T01:30:00+00:00",
        "2026-03-27T23:00:00+00:00",
    ]


def test_the_table_holds_every_code() -> None:
    """26 observed codes; the other lists are labels and neighbours."""
    lists = [within for within, _ in Chronopost.table]

    assert {within: lists.count(within) for within in lists} == {
        "": 26,
        "SD label": 6,
        "D after": 2,
        "D label": 7,
        "D unsaid": 1,
    }


test_another_body_is_refused = refuses(
    Chronopost(),
    [
        b"",
        b"{}",
        b"<html><body>challenge</body></html>",
        b"<trackSkybillV2Response/>",
        b"<return><errorCode/></return>",
    ],
)
