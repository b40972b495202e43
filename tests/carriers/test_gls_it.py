"""GLS Italy's XML and the GLS group's JSON, as events."""

from datetime import UTC, datetime

import pytest

from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent
from carriers.gls_it import GlsItaly
from carriers.vocabulary import Status, SubStatus
from tests.carriers.meanings import refuses
from tests.carriers.newest import in_order
from tests.recorded import recorded, recordings

Meaning = tuple[Status, SubStatus | None] | None

OUT = (Status.OUT_FOR_DELIVERY, None)
DELIVERED = (Status.DELIVERED, SubStatus.TO_RECIPIENT)
DEPOT = (Status.IN_TRANSIT, SubStatus.AT_DESTINATION_DEPOT)
RETURNING = (Status.EXCEPTION, SubStatus.RETURNING)
NEWEST: dict[str, Meaning] = {
    "delivered": DELIVERED,
    "out_for_delivery": OUT,
    "failed_attempt": (Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT),
    "held": (Status.EXCEPTION, SubStatus.HELD),
    "depot": (Status.AVAILABLE_FOR_PICKUP, SubStatus.DEPOT),
    "returning": RETURNING,
    "returned": (Status.RETURNED, None),
    "returned_by_head": (Status.RETURNED, None),
    "return_note": RETURNING,
    "return_note_in_head": RETURNING,
    "forwarded": DELIVERED,
    "international": (Status.DELIVERED, None),
    "pickup": (Status.AWAITING_PICKUP, SubStatus.PICKUP_SCHEDULED),
    "pickup_with_shipment": (Status.IN_TRANSIT, SubStatus.DEPARTED),
    "head_delivery": (Status.DELIVERED, None),
    "short_codes": DELIVERED,
    "without_codes": DELIVERED,
    "one_tracking_each": OUT,
    "dst_nights": DEPOT,
    "padded_codes": (Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT),
    "same_day": (Status.IN_TRANSIT, None),
    "unlisted_code": None,
}
OTHER = {
    "not_found": [Parcel("", not_found=True, note="Spedizione non trovata")],
    "error": [],
    "error_other_name": [Parcel("", not_found=True, note="Nessuna spedizione")],
    "empty": [Parcel("", not_found=True)],
    "many_parcels": [Parcel(f"M1{number}", aliases=(number,)) for number in ("620873111", "620873112")],
    "hostile": [Parcel(""), Parcel("")],
    "group": [
        Parcel("500000000012", aliases=("50000000001",)),
        Parcel("500000000013"),
        Parcel("500000000014"),
        Parcel("500000000099", not_found=True, note="Parcel not found"),
    ],
    "group_hostile": [Parcel("5"), Parcel("1")],
}


def parcel(name: str) -> Parcel:
    [found] = GlsItaly().parse(recorded("gls_it", name))
    return found


def told(name: str) -> list[tuple[str, str, str | None]]:
    """Code, context and table row of each event."""
    return [(event.code, event.context, event.row) for event in parcel(name).events]


@pytest.mark.parametrize(("answer", "meaning"), NEWEST.items())
def test_newest_event(answer: str, meaning: Meaning) -> None:
    """The newest event of each answer means what the recipient would say."""
    assert max(parcel(answer).events, key=in_order).meaning == meaning


@pytest.mark.parametrize(("answer", "parcels"), OTHER.items())
def test_parcels_of_an_answer(answer: str, parcels: list[Parcel]) -> None:
    """Unknown numbers, errors, several parcels, nonsense in a valid envelope."""
    found = GlsItaly().parse(recorded("gls_it", answer))

    assert [Parcel(p.number, not_found=p.not_found, aliases=p.aliases, note=p.note) for p in found] == parcels


def test_every_recording_is_named() -> None:
    """No fixture lies unread."""
    assert {path.stem for path in recordings("gls_it")} == NEWEST.keys() | OTHER.keys()


def test_a_whole_parcel() -> None:
    """Everything that an answer says; the number is the printed one, with the sede before it."""
    [first, _] = GlsItaly().parse(recorded("gls_it", "many_parcels"))

    assert first == Parcel(
        "M1620873111",
        (
            TrackingEvent(
                Moment(datetime(2026, 3, 4, 7, 5, tzinfo=UTC), "2026-03-04T08:05:00", OffsetSource.CARRIER),
                "905",
                text="In consegna nella città",
                status=Status.OUT_FOR_DELIVERY,
                row="905",
                place=Place(city="Lecce"),
            ),
            TrackingEvent(
                Moment(
                    datetime(2026, 3, 1, 23, tzinfo=UTC),
                    "2026-03-02",
                    OffsetSource.CARRIER,
                    datetime(2026, 3, 2, 22, 59, 59, tzinfo=UTC),
                ),
                "901",
                text="Spedizione registrata",
                status=Status.AWAITING_PICKUP,
                sub_status=SubStatus.INFO_RECEIVED,
                weak=True,
                row="901",
                place=Place(city="Milano"),
            ),
        ),
        aliases=("620873111",),
    )


@pytest.mark.parametrize("answer", ["delivered", "returned", "held"])
def test_nothing_personal_is_kept(answer: str) -> None:
    """Recipient, signer and the notes beside an event stay in the raw body."""
    assert b"Bianchi" in recorded("gls_it", answer)
    assert "Bianchi" not in repr(parcel(answer))


def test_the_table_holds_every_code() -> None:
    """19 shipment states with their short forms and 64 reasons, each also for the return leg; the other lists apart."""
    lists = [within for within, _ in GlsItaly.table]

    assert {within: lists.count(within) for within in lists} == {
        "": 83,
        "return": 83,
        "pickup": 3,
        "head": 1,
        "head return": 1,
        "note": 1,
        "text": 6,
        "text return": 6,
        "group status": 12,
        "group event": 12,
    }


def test_the_return_leg_ends_with_the_sender() -> None:
    """Out for delivery on the way home is still returning, and delivered there is returned; the head adds nothing."""
    legs = [event for event in parcel("returned").events if event.list == "return"]

    assert [(event.code, event.meaning, event.context) for event in legs] == [
        ("906", (Status.RETURNED, None), "return leg"),
        ("905", RETURNING, "return leg"),
        ("902", RETURNING, "return leg"),
    ]
    assert parcel("returned").note == "Resa con spedizione LE629000001"
    assert not [event for event in parcel("returned").events if event.status is Status.DELIVERED]


def test_a_return_told_by_the_head_of_its_leg_alone() -> None:
    """A return leg without a list is told by its head, as a return and not as a delivery."""
    assert told("returned_by_head")[:2] == [("consegnato", "return leg", "head return/consegnato"), ("29", "", "29")]


def test_a_return_announced_in_a_note_only() -> None:
    """The note outweighs the code beside it, in an event or in the head, and names the return shipment."""
    assert told("return_note")[0] == ("906", "note", "note/resa con spedizione")
    assert told("return_note_in_head")[:2] == [("non consegnato", "note", "note/resa con spedizione"), ("1", "", "1")]
    assert parcel("return_note").note == parcel("return_note_in_head").note == "Resa con spedizione LE629000001"


def test_a_forwarded_leg_belongs_to_the_shipment() -> None:
    """Its codes mean what they mean everywhere; its number is another one of the parcel."""
    assert told("forwarded")[-2:] == [("906", "forwarded leg", "906"), ("904", "forwarded leg", "904")]
    assert parcel("forwarded").aliases == ("620873111", "LE628000001", "628000001")


def test_abroad_there_are_texts_only() -> None:
    """A text counts as a whole; the head tells the delivery that nobody's text tells."""
    assert told("international") == [
        ("consegnato", "", "head/consegnato"),
        ("61", "", "61"),
        ("902", "", "902"),
        ("901", "", "901"),
        ("", "text", None),
        ("", "text", "text/in consegna"),
        ("", "text", "text/in transito"),
    ]


def test_codes_of_a_pickup_are_a_list_of_their_own() -> None:
    """901 and 902 of a pickup are no 901 and 902 of a shipment, and 910 is no problem there."""
    assert told("pickup_with_shipment") == [
        ("910", "", "pickup/910"),
        ("901", "", "pickup/901"),
        ("902", "", "pickup/902"),
        ("902", "", "902"),
        ("901", "", "901"),
    ]
    assert parcel("pickup").number == "9660004359"
    assert parcel("pickup_with_shipment").aliases == ("620873111", "9660004359")


def test_an_undelivered_head_tells_nothing() -> None:
    """ "Non consegnato" is what every parcel under way has, beside the date of an attempt."""
    assert [code for code, _, _ in told("failed_attempt")] == ["1", "905", "904", "903", "902", "901"]


def test_the_head_tells_a_delivery_without_event_once() -> None:
    """One event more where the list lacks it, none where it has it."""
    assert [code for code, _, _ in told("head_delivery")][:2] == ["consegnato", "905"]
    assert [code for code, _, _ in told("delivered")][:2] == ["906", "1"]


def test_an_event_without_code_is_known_by_its_whole_text() -> None:
    """ "In consegna domani" is nobody's text."""
    assert [row for _, _, row in told("without_codes")] == [
        "text/consegnata",
        None,
        "text/destinatario assente",
        "text/spedizione registrata",
    ]


def test_the_short_code_of_two_states_is_doubtful() -> None:
    """99 stands for 909 and for 910."""
    assert [event.code for event in parcel("short_codes").events if event.doubtful] == ["99"]


def test_an_unlisted_code_moves_nothing() -> None:
    """Not even beside a text that says "delivered"."""
    assert [event.row for event in parcel("unlisted_code").events if event.unmapped] == [None]


def test_the_list_orders_events_of_one_day() -> None:
    """Without hours the list's order is all there is: newest first."""
    assert [(event.code, event.sequence) for event in parcel("same_day").events] == [("903", 2), ("16", 1), ("902", 0)]


def test_both_clock_changes() -> None:
    """The doubled hour of autumn is the earlier one, the missing one of spring is read with winter's offset."""
    assert [(event.moment.occurred_at.isoformat(), event.moment.until) for event in parcel("dst_nights").events] == [
        ("2026-10-25T00:30:00+00:00", None),
        ("2026-03-29T01:30:00+00:00", None),
        ("2026-03-28T23:00:00+00:00", datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC)),
    ]


def test_the_group_api() -> None:
    """A head status that no event tells becomes one, FINAL says nothing, a code without row moves nothing."""
    found = GlsItaly().parse(recorded("gls_it", "group"))

    assert [[event.row for event in each.events] for each in found] == [
        ["group event/INBOUD.NORMAL", "group event/INTIAL.PREADVICE"],
        ["group status/INDELIVERY", "group event/INBOUD.NORMAL"],
        ["group event/DELIVD.PARCELSHOP", None],
        [],
    ]
    assert found[0].events[0].moment == Moment(
        datetime(2026, 3, 4, 20, 46, 14, tzinfo=UTC), "2026-03-04T21:46:14", OffsetSource.GIVEN
    )


test_another_body_is_refused = refuses(
    GlsItaly(),
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"parcels": []}',
        b'{"parcels": [{"id": 1}]}',
        b"<ELENCO><Altro/></ELENCO>",
        b"<return><ESITO>0</ESITO></return>",
        b"<html><body>maintenance</body></html>",
        b"\xff\xfe\x00",
    ],
)


def test_the_public_page_takes_printed_numbers_only() -> None:
    """Sede and number apart."""
    assert GlsItaly().tracking_url("m1 620873111") == (
        "https://www.gls-italy.com/index.php?option=com_gls&view=track_e_trace&mode=search&diretto=yes"
        "&locpartenza=M1&numsped=620873111"
    )
    assert GlsItaly().tracking_url("620873111") == ""
