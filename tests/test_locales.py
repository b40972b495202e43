"""Every status and sub-status has words in every language, complete with and without the facts that they name."""

import csv
import json
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from app.locales import (
    Facts,
    amount_in_words,
    choose,
    date_in_words,
    day_in_words,
    label,
    local_date,
    moment_in_words,
    phrase,
    sentence,
    stale_label,
    stale_sentence,
    supported,
)
from carriers.vocabulary import SUB_STATUSES, Direction, Status, SubStatus

FOLDER = Path("app/locales")
MEANINGS = [(status, sub) for status in Status for sub in [None, *sorted(SUB_STATUSES[status])]]
ALL_FACTS = Facts(date(2026, 3, 8), date(2026, 3, 13), "Edicola Rossi", "59,90 €", 1, 3)


def rows(language: str) -> list[dict[str, str]]:
    with (FOLDER / f"{language}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("language", supported())
@pytest.mark.parametrize(("status", "sub"), MEANINGS)
def test_every_meaning_has_a_row_of_its_own_in_every_language(language: str, status: Status, sub: SubStatus) -> None:
    [row] = [
        row for row in rows(language) if (row["form"], row["status"], row["sub_status"]) == ("plain", status, sub or "")
    ]

    assert label(status, sub, language) == row["label"] != ""


@pytest.mark.parametrize("language", supported())
@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("formal", [False, True])
@pytest.mark.parametrize(("status", "sub"), MEANINGS)
def test_every_sentence_is_whole_with_all_facts_and_with_none(
    language: str, direction: Direction, formal: bool, status: Status, sub: SubStatus
) -> None:
    for facts in (ALL_FACTS, Facts(), Facts(place="Edicola Rossi"), Facts(delivered=0, parcels=2), Facts(today=False)):
        text = sentence(status, sub, language, direction, facts, formal=formal)

        assert re.fullmatch(r"[A-ZÈ0-9].*[.]", text), text
        assert not re.search(r"[{}]|None|  | [.,;:]", text), text


@pytest.mark.parametrize("language", supported())
def test_every_row_is_of_the_vocabulary_and_has_a_form_for_missing_facts(language: str) -> None:
    seen = set()
    for row in rows(language):
        key = (row["form"], row["status"], row["sub_status"])
        assert key not in seen
        seen.add(key)
        assert key[1:] in [("stale", ""), *((status, sub or "") for status, sub in MEANINGS)], key
        assert bool(row["without"]) == ("{" in row["sentence"] or row["status"] == Status.OUT_FOR_DELIVERY), row
        assert "{" not in row["without"], row


def test_the_languages_have_the_same_phrases() -> None:
    phrases = {name: json.loads((FOLDER / f"{name}.json").read_text("utf-8")) for name in supported()}

    placeholders = [{k: set(re.findall(r"\{(\w+)\}", v)) for k, v in each.items()} for each in phrases.values()]
    assert placeholders[0] == placeholders[1]


@pytest.mark.parametrize(
    ("status", "sub", "facts", "italian", "english"),
    [
        (
            Status.DELIVERED,
            None,
            Facts(on=date(2026, 3, 14)),
            "Il corriere segnala la consegna il 14 marzo.",
            "The carrier reports delivery on 14 March.",
        ),
        (
            Status.DELIVERED,
            None,
            Facts(on=date(2026, 3, 8)),
            "Il corriere segnala la consegna l'8 marzo.",
            "The carrier reports delivery on 8 March.",
        ),
        (
            Status.DELIVERED,
            None,
            Facts(on=date(2026, 3, 18)),
            "Il corriere segnala la consegna il 18 marzo.",
            "The carrier reports delivery on 18 March.",
        ),
        (Status.DELIVERED, None, Facts(), "Il corriere segnala la consegna.", "The carrier reports delivery."),
        (
            Status.IN_TRANSIT,
            SubStatus.DELIVERY_SCHEDULED,
            Facts(day=date(2026, 3, 13)),
            "La consegna è concordata per venerdì 13 marzo.",
            "Delivery is agreed for Friday 13 March.",
        ),
        (
            Status.FAILED_ATTEMPT,
            SubStatus.PAYMENT_DUE,
            Facts(amount="59,90 €"),
            "Alla consegna servono 59,90 €.",
            "59,90 € is due on delivery.",
        ),
        (
            Status.EXCEPTION,
            SubStatus.INCOMPLETE,
            Facts(delivered=0, parcels=3),
            "Consegnati 0 colli su 3.",
            "0 of 3 parcels delivered.",
        ),
        (
            Status.AVAILABLE_FOR_PICKUP,
            None,
            Facts(place="Edicola {Rossi}"),
            "Il pacco ti aspetta presso Edicola {Rossi}.",
            "The parcel is waiting for you at Edicola {Rossi}.",
        ),
        (
            Status.OUT_FOR_DELIVERY,
            None,
            Facts(),
            "Il pacco è sul mezzo del corriere: consegna prevista oggi.",
            "The parcel is on the delivery vehicle: expected today.",
        ),
        (
            Status.OUT_FOR_DELIVERY,
            None,
            Facts(today=False),
            "Il pacco è sul mezzo del corriere.",
            "The parcel is on the delivery vehicle.",
        ),
    ],
)
def test_sentences_name_what_is_known(
    status: Status, sub: SubStatus | None, facts: Facts, italian: str, english: str
) -> None:
    assert sentence(status, sub, "it", facts=facts) == italian
    assert sentence(status, sub, "en", facts=facts) == english


def test_a_return_is_told_as_one() -> None:
    assert label("returned", None, "it", "return") == "Reso arrivato"
    assert sentence("returned", None, "it", "return") == "Il tuo reso è arrivato al nostro magazzino."
    assert sentence("returned", None, "en", "return") == "Your return has reached our warehouse."
    assert sentence("returned", None, "it") == "Il pacco è tornato al mittente."
    assert sentence("in_transit", "departed", "it", "return") == "Il pacco ha lasciato una sede del corriere."


def test_the_formal_form_says_lei() -> None:
    assert sentence("exception", "refused", "it", formal=True) == (
        "Il pacco risulta rifiutato; se non è così, ci scriva."
    )
    assert sentence("returned", None, "it", "return", formal=True) == "Il suo reso è arrivato al nostro magazzino."
    for status, sub in MEANINGS:
        for direction in Direction:
            text = sentence(status, sub, "it", direction, ALL_FACTS, formal=True)
            assert not re.search(r"\b(ti|tuo|tua|scrivici|controllali|puoi)\b", text), text


def test_a_shipment_without_news() -> None:
    assert stale_label("it") == "Nessun aggiornamento"
    assert stale_sentence("it", date(2026, 3, 14)) == "Il corriere non dà notizie dal 14 marzo."
    assert stale_sentence("it", date(2026, 3, 11)) == "Il corriere non dà notizie dall'11 marzo."
    assert stale_sentence("en") == "There has been no news from the carrier for some days."


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (("it-CH", "en"), "it-CH"),
        (("IT_it",), "IT_it"),
        (("de", "it"), "it"),
        (("de-AT", "fr", None), "en"),
        ((None, "", "it"), "it"),
        ((), "en"),
        (("../etc/passwd",), "en"),
    ],
)
def test_the_first_language_with_words_is_chosen(wanted: tuple[str | None, ...], chosen: str) -> None:
    assert choose(*wanted) == chosen


def test_dates_and_amounts_follow_the_country_and_the_words_the_language() -> None:
    day = date(2026, 3, 13)

    assert [date_in_words(day, tag) for tag in ("it", "en", "en-US", "it-CH", "it-XX", "de")] == [
        "13 marzo",
        "13 March",
        "March 13",
        "13 marzo",
        "13 marzo",
        "13. März",
    ]
    assert [day_in_words(day, tag) for tag in ("it", "en", "en-US")] == [
        "venerdì 13 marzo",
        "Friday 13 March",
        "Friday March 13",
    ]
    assert label("delivered", None, "it-CH") == "Consegnato"
    assert amount_in_words("59.90", "EUR", "it").replace("\xa0", " ") == "59,90 €"
    assert amount_in_words("59.90", "EUR", "en") == "€59.90"


def test_a_moment_is_told_in_the_readers_zone() -> None:
    moment = datetime(2026, 3, 13, 23, 32, tzinfo=UTC)

    assert moment_in_words(moment, "it", "Europe/Rome") == "sabato 14 marzo, 00:32"
    assert local_date(moment, "Europe/Rome") == date(2026, 3, 14)
    assert local_date(moment, "America/New_York") == date(2026, 3, 13)


def test_what_is_no_status_has_no_words() -> None:
    with pytest.raises(ValueError, match="no status"):
        label("nowhere", None, "it")


def test_a_phrase_is_filled_in() -> None:
    assert phrase("subject_order", "it-IT", label="In consegna", order="1042") == "In consegna: il tuo ordine 1042"
