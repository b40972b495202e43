"""Poste Italiane: PDB and DoveQuando answers in, meanings out."""

from datetime import UTC, date, datetime
from operator import attrgetter

import orjson
import pytest
from pydantic import SecretStr

from carriers.event import Eta, Moment, OffsetSource, Parcel, Place, TrackingEvent, event_key
from carriers.poste_italiane import PosteCredentials, PosteItaliane
from carriers.vocabulary import Status, SubStatus
from tests.carriers.meanings import answers_are, refuses
from tests.recorded import recorded, recordings

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
NUMBER = "1UW0CN3000088"
KEYS = PosteCredentials(client_id="stand-in-client", secret_id=SecretStr("stand-in-secret"))

LATEST: dict[str, tuple[Status, SubStatus | None] | None] = {
    "delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "held": (Status.EXCEPTION, SubStatus.HELD),
    "announced": (Status.AWAITING_PICKUP, SubStatus.INFO_RECEIVED),
    "failed_wrong_address": (Status.FAILED_ATTEMPT, SubStatus.ADDRESS_ISSUE),
    "refused_at_the_door": (Status.EXCEPTION, SubStatus.REFUSED),
    "returning": (Status.EXCEPTION, SubStatus.RETURNING),
    "returned": (Status.RETURNED, None),
    "handed_to_post_office": (Status.AVAILABLE_FOR_PICKUP, SubStatus.POST_OFFICE),
    "handed_to_locker": (Status.AVAILABLE_FOR_PICKUP, SubStatus.LOCKER),
    "ready_for_collection": (Status.AVAILABLE_FOR_PICKUP, SubStatus.POST_OFFICE),
    "only_the_word_delivered": (Status.DELIVERED, None),
    "phase_only": (Status.OUT_FOR_DELIVERY, None),
    "code_only": (Status.IN_TRANSIT, None),
    "in_english": (Status.IN_TRANSIT, None),
    "bare_envelope": (Status.IN_TRANSIT, None),
    "unlisted_code": None,
    "hostile": None,
    "dst_nights": (Status.IN_TRANSIT, None),
    "dovequando_delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "dovequando_failed_in_box_4": (Status.FAILED_ATTEMPT, SubStatus.ADDRESS_ISSUE),
    "dovequando_returned": (Status.RETURNED, None),
    "dovequando_number_only": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "dovequando_hostile": None,
}
WHOLE = {
    "not_found": [Parcel("", not_found=True)],
    "not_found_empty_tracking": [Parcel(NUMBER, not_found=True, service="POSTEDELIVERY BUSINESS EXPRESS")],
    "error": [],
    "dovequando_not_found": [Parcel("RA00000000017", not_found=True)],
    "dovequando_old_number": [Parcel("RA00000000017", not_found=True)],
}


def parsed(name: str) -> list[Parcel]:
    return PosteItaliane().parse(recorded("poste_italiane", name))


@pytest.mark.parametrize(("answer", "meaning"), LATEST.items())
def test_the_newest_event_of_each_answer_means_what_the_customer_would_say(
    answer: str, meaning: tuple[Status, SubStatus | None] | None
) -> None:
    [parcel] = parsed(answer)

    assert max(parcel.events, key=attrgetter("moment.occurred_at")).meaning == meaning


test_an_answer_without_history_is_not_found_and_a_failure_is_nothing = answers_are(PosteItaliane(), WHOLE)


def test_every_fixture_is_named_in_a_test() -> None:
    named = {*LATEST, *WHOLE, "many_parcels"}

    assert {path.stem for path in recordings("poste_italiane")} == named


def test_an_event_keeps_the_code_the_phase_the_words_and_the_place() -> None:
    [parcel] = parsed("out_for_delivery")

    assert (parcel.number, parcel.service, parcel.eta) == (NUMBER, "POSTEDELIVERY BUSINESS EXPRESS", None)
    assert parcel.events[0] == TrackingEvent(
        Moment(datetime(2026, 3, 4, 7, 10, tzinfo=UTC), "2026-03-04T08:10:00", OffsetSource.CARRIER),
        code="INC",
        list="pdb",
        context="IN CONSEGNA",
        text="In consegna",
        status=Status.OUT_FOR_DELIVERY,
        row="text/in consegna",
        place=Place(city="Perugia", state="PG"),
    )


def test_an_answer_about_many_waybills_gives_each_its_own_parcel() -> None:
    assert [(parcel.number, len(parcel.events), parcel.not_found) for parcel in parsed("many_parcels")] == [
        (NUMBER, 2, False),
        ("3UWAB12345678", 1, False),
        ("RA12345678901", 0, True),
    ]


def test_a_public_search_has_instants_an_expected_day_and_its_own_order() -> None:
    [parcel] = parsed("dovequando_delivered")

    assert parcel.eta == Eta(
        datetime(2026, 3, 4, 23, tzinfo=UTC), datetime(2026, 3, 5, 22, 59, 59, tzinfo=UTC), date(2026, 3, 5)
    )
    assert parcel.events[1] == TrackingEvent(
        Moment(datetime(2026, 3, 5, 8, 40, tzinfo=UTC), "2026-03-05T09:40:00", OffsetSource.GIVEN),
        code="5",
        list="dovequando",
        text="la spedizione è stata consegnata",
        status=Status.DELIVERED,
        sub_status=SubStatus.TO_RECIPIENT,
        row="text/la spedizione è stata consegnata",
        place=Place(city="PERUGIA"),
        sequence=2,
    )


def test_the_number_of_the_envelope_is_no_part_of_what_a_movement_is_known_by() -> None:
    """It decides what the newest movement means; once a newer one comes, the movement is still the same event."""
    first = {"statoLavorazione": "testo nuovo", "dataOra": 1772600000000, "box": "9"}
    second = {"statoLavorazione": "la spedizione è stata consegnata", "dataOra": 1772700000000}
    answers = [
        {"esitoRicerca": "3", "stato": "4", "listaMovimenti": [first]},
        {"esitoRicerca": "3", "stato": "5", "listaMovimenti": [first, second]},
        {"esitoRicerca": "3", "stato": "5", "listaMovimenti": [second, first]},
    ]

    early, late, turned = (PosteItaliane().parse(orjson.dumps(answer))[0].events for answer in answers)

    assert [(event.code, event.context, event.status) for event in (*early, *late)] == [
        ("9", "stato 4", Status.OUT_FOR_DELIVERY),
        ("9", "", None),
        ("-", "stato 5", Status.DELIVERED),
    ]
    assert turned == late
    assert event_key("poste_italiane", "", early[0]) == event_key("poste_italiane", "", late[0])


def test_the_way_back_is_the_context_of_a_return() -> None:
    [pdb], [search] = parsed("returned"), parsed("dovequando_returned")

    assert (pdb.events[0].context, pdb.events[0].row) == ("CONSEGNATA return", "return/delivered")
    assert (search.events[1].context, search.events[1].row) == ("return", "return/delivered")
    assert pdb.events[1].meaning == (Status.EXCEPTION, SubStatus.RETURNING)


@pytest.mark.parametrize("answer", ["handed_to_post_office", "only_the_word_delivered", "dovequando_number_only"])
def test_a_delivery_that_may_be_a_hand_over_is_doubtful(answer: str) -> None:
    [parcel] = parsed(answer)

    assert max(parcel.events, key=attrgetter("moment.occurred_at")).doubtful


def test_an_unlisted_code_with_unlisted_words_is_kept_without_status() -> None:
    event = parsed("unlisted_code")[0].events[0]

    assert (event.code, event.text, event.status, event.row, event.unmapped) == (
        "ZZZ",
        "Evento mai visto",
        None,
        None,
        True,
    )


def test_nights_of_the_clock_change_keep_the_printed_time() -> None:
    autumn, spring = (event.moment for event in parsed("dst_nights")[0].events)

    assert autumn == Moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:30:00", OffsetSource.CARRIER)
    assert spring == Moment(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2026-03-29T02:30:00", OffsetSource.CARRIER)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("LA SPEDIZIONE E' STATA CONSEGNATA", (Status.DELIVERED, SubStatus.TO_RECIPIENT)),
        ("La spedizione non è stata consegnata", (Status.FAILED_ATTEMPT, None)),
        ("La spedizione è stata consegnata al mittente", (Status.RETURNED, None)),
        ("da un nostro operatore presso l’ufficio postale", (Status.IN_TRANSIT, SubStatus.PICKED_UP)),
        ("la spedizione è stata presa in consegna", (Status.IN_TRANSIT, SubStatus.PICKED_UP)),
        ("Sono in corso delle verifiche sulla spedizione. Contatta assistenza", (Status.EXCEPTION, None)),
        ("a seguito di acquisto da poste.it", (Status.AWAITING_PICKUP, SubStatus.INFO_RECEIVED)),
        ("la spedizione sarà consegnata domani", None),
    ],
)
def test_returns_and_negatives_are_heard_before_a_delivery(
    text: str, meaning: tuple[Status, SubStatus | None] | None
) -> None:
    event = {"data": "2026-03-04 08:10:00", "StatusDescription": text}
    body = orjson.dumps({"return": {"outcome": "OK", "code": 0, "shipment": [{"tracking": [event]}]}})

    assert PosteItaliane().parse(body)[0].events[0].meaning == meaning


test_a_body_of_another_carrier_or_half_a_body_is_unreadable = refuses(
    PosteItaliane(),
    [
        b"",
        b"<xml/>",
        b"[]",
        b"{}",
        b'{"return": []}',
        b'{"return": {"x": 1}}',
        b'{"trackResponse": {"shipment": []}}',
        b'{"shipments": [{"id": "1"}]}',
        b'{"shipment": [{"trackingNumber": "1"}]}',
        b'{"esitoRicerca": "3", "listaMovimenti": [{"statoLav',
    ],
)


@pytest.mark.parametrize(
    ("number", "ours"),
    [
        ("1UW0CN3000088", True),
        ("3UWAB12345678", True),
        ("RA00000000017", True),
        ("CW000000000IT", True),
        ("2IMA0000000001", True),
        ("5P00000000001", True),
        ("1Z999AA10123456784", False),
        ("CW000000000DE", False),
    ],
)
def test_numbers_of_poste_are_known_by_their_form(number: str, ours: bool) -> None:
    assert PosteItaliane().matches(number) is ours


def test_every_word_of_the_carrier_stands_in_the_table_once_and_lists_are_apart() -> None:
    lists: dict[str, int] = {}
    for within, _ in PosteItaliane.table:
        lists[within] = lists.get(within, 0) + 1

    assert lists == {"pdb": 1, "dovequando": 4, "text": 36, "attempt": 3, "return": 1}
