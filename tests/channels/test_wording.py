"""What an e-mail says: in both languages, to recipients and to staff, as text and as HTML that says the same."""

from html.parser import HTMLParser
from typing import Any

import pytest

from app.channels.wording import email_for
from carriers.vocabulary import SUB_STATUSES, Direction, Status, SubStatus

TOLD: dict[str, Any] = {
    "audience": "recipient",
    "rule": "on_its_way",
    "occasion": "status",
    "locale": "it",
    "timezone": "Europe/Rome",
    "status": "in_transit",
    "sub_status": "picked_up",
    "direction": "outbound",
    "occurred_at": "2026-03-13T09:32:00+00:00",
    "shop_name": "Bottega Verdi",
    "carrier_name": "BRT",
    "tracking_number": "084512345678901",
    "order_reference": "1042",
    "recipient_name": "Anna Bianchi",
    "tracking_page": "https://track.bottega.example/t/AbC",
    "carrier_url": "https://carrier.example/084512345678901",
    "pickup_point": None,
    "eta": {"from": "2026-03-16", "to": "2026-03-17", "source": "carrier"},
    "parcel_count": 2,
}
MEANINGS = [(status, sub) for status in Status for sub in [None, *sorted(SUB_STATUSES[status])]]


class Shown(HTMLParser):
    """What a reader of HTML sees, and where its links lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str | None] = []
        self.tags: set[str] = set()
        self._quiet = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._quiet += tag in ("style", "title")
        if tag == "a":
            self.links.append(dict(attributes)["href"])

    def handle_endtag(self, tag: str) -> None:
        self._quiet -= tag in ("style", "title")

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._quiet:
            self.words.append(data.strip())

    @property
    def text(self) -> str:
        return "\n".join(self.words)


def test_a_recipient_is_told_what_happened_in_italian() -> None:
    subject, text, _ = email_for(TOLD)

    assert subject == "Partito: il tuo ordine 1042"
    assert text == (
        "Bottega Verdi\n"
        "\n"
        "Partito\n"
        "\n"
        "Il corriere ha preso in carico il pacco il 13 marzo.\n"
        "Consegna prevista tra lunedì 16 marzo e martedì 17 marzo\n"
        "\n"
        "Segui la spedizione:\n"
        "https://track.bottega.example/t/AbC\n"
        "\n"
        "Ordine: 1042\n"
        "Corriere: BRT\n"
        "Numero di spedizione: 084512345678901\n"
        "  https://carrier.example/084512345678901\n"
        "Colli: 2\n"
        "Segnalato: venerdì 13 marzo, 10:32\n"
        "\n"
        "-- \n"
        "Ricevi questo messaggio perché Bottega Verdi ti ha spedito un pacco. "
        "Per qualsiasi domanda rispondi a questa e-mail."
    )


def test_a_recipient_is_told_where_to_collect_in_english() -> None:
    point = {"id": "7", "name": "Edicola Rossi", "address": "Via Garibaldi 12, Genova"}
    subject, text, _ = email_for(
        {**TOLD, "locale": "en", "status": "available_for_pickup", "sub_status": None, "pickup_point": point}
    )

    assert subject == "Ready to collect: your order 1042"
    assert text == (
        "Bottega Verdi\n"
        "\n"
        "Ready to collect\n"
        "\n"
        "The parcel is waiting for you at Edicola Rossi.\n"
        "\n"
        "Via Garibaldi 12, Genova\n"
        "\n"
        "Track the parcel:\n"
        "https://track.bottega.example/t/AbC\n"
        "\n"
        "Order: 1042\n"
        "Carrier: BRT\n"
        "Tracking number: 084512345678901\n"
        "  https://carrier.example/084512345678901\n"
        "Parcels: 2\n"
        "Reported: Friday 13 March, 10:32\n"
        "\n"
        "-- \n"
        "You get this message because Bottega Verdi has sent you a parcel. "
        "If you have a question, reply to this e-mail."
    )


def test_staff_are_told_which_shipment_and_what_the_carrier_said() -> None:
    subject, text, _ = email_for(
        {
            **TOLD,
            "audience": "staff",
            "occasion": "failed_twice",
            "status": "failed_attempt",
            "sub_status": "recipient_absent",
            "eta": "2026-03-16",
            "carrier_text": "DESTINATARIO ASSENTE",
        }
    )

    assert subject == "Consegna non riuscita due volte: BRT 084512345678901, ordine 1042"
    assert text == (
        "Bottega Verdi\n"
        "\n"
        "Consegna non riuscita due volte\n"
        "\n"
        "Il corriere segnala almeno due tentativi di consegna non riusciti. "
        "Senza istruzioni il pacco può andare in giacenza o rientrare.\n"
        "\n"
        "Apri la spedizione:\n"
        "https://track.bottega.example/t/AbC\n"
        "\n"
        "Stato: Destinatario assente\n"
        "Ordine: 1042\n"
        "Destinatario: Anna Bianchi\n"
        "Corriere: BRT\n"
        "Numero di spedizione: 084512345678901\n"
        "  https://carrier.example/084512345678901\n"
        "Colli: 2\n"
        "Consegna prevista: lunedì 16 marzo\n"
        "Parole del corriere: DESTINATARIO ASSENTE\n"
        "Segnalato: venerdì 13 marzo, 10:32\n"
        "\n"
        "-- \n"
        "Avviso di Nove per Bottega Verdi."
    )


@pytest.mark.parametrize(
    ("occasion", "locale", "subject", "lead"),
    [
        ("status", "it", "In giacenza: BRT 084512345678901, ordine 1042", "Il corriere segnala: in giacenza."),
        ("status", "en", "Held: BRT 084512345678901, order 1042", "The carrier reports: held."),
        (
            "late",
            "en",
            "Late: BRT 084512345678901, order 1042",
            "The shipment is past its expected day of delivery and is not reported as delivered.",
        ),
        (
            "stale",
            "it",
            "Nessun aggiornamento: BRT 084512345678901, ordine 1042",
            "Il corriere non dà notizie dal 13 marzo.",
        ),
    ],
)
def test_each_occasion_has_its_own_words_for_staff(occasion: str, locale: str, subject: str, lead: str) -> None:
    told = {**TOLD, "audience": "staff", "status": "exception", "sub_status": "held"}

    got, text, _ = email_for({**told, "occasion": occasion, "locale": locale})

    assert (got, text.split("\n")[4]) == (subject, lead)


@pytest.mark.parametrize("audience", ["recipient", "staff"])
@pytest.mark.parametrize("locale", ["it", "en-GB"])
@pytest.mark.parametrize("occasion", ["status", "late", "stale", "failed_twice"])
@pytest.mark.parametrize("direction", Direction)
def test_every_meaning_can_be_told_and_html_says_what_the_text_says(
    audience: str, locale: str, occasion: str, direction: Direction
) -> None:
    for status, sub in MEANINGS:
        told = {**TOLD, "audience": audience, "locale": locale, "occasion": occasion, "direction": direction}
        subject, text, html = email_for({**told, "status": status, "sub_status": sub})

        shown = Shown(html)
        assert subject
        for line in filter(None, text.split("\n")):
            words = line.strip().split(": ", 1)
            assert line == "-- " or line.strip() in shown.links or all(w.rstrip(":") in shown.text for w in words), line


def test_little_is_known_and_little_is_said() -> None:
    told = {name: TOLD[name] for name in ("audience", "locale", "shop_name", "carrier_name", "tracking_number")}

    subject, text, html = email_for({**told, "status": "delivered", "sub_status": None, "eta": None})

    assert subject == "Consegnato: il tuo pacco"
    assert text.startswith(
        "Bottega Verdi\n\nConsegnato\n\nIl corriere segnala la consegna.\n\n"
        "Corriere: BRT\nNumero di spedizione: 084512345678901\n\n-- \n"
    )
    assert Shown(html).links == []


def test_a_return_is_told_as_a_return() -> None:
    subject, text, _ = email_for({**TOLD, "status": "returned", "sub_status": None, "direction": "return"})

    assert subject == "Reso arrivato: reso dell'ordine 1042"
    assert "Il tuo reso è arrivato al nostro magazzino." in text
    assert "Segui il reso:" in text


def test_a_time_is_told_in_the_recipients_zone_and_a_date_stays_a_date() -> None:
    told = {**TOLD, "occurred_at": "2026-03-07T23:30:00Z", "eta": {"from": "2026-03-16T23:30:00Z", "to": None}}
    _, text, _ = email_for(told)

    assert "in carico il pacco l'8 marzo." in text
    assert "Consegna prevista martedì 17 marzo" in text
    assert "Segnalato: domenica 8 marzo, 00:30" in text


def test_the_expected_day_is_not_told_once_it_means_nothing() -> None:
    for status in ("delivered", "exception", "available_for_pickup", "returned"):
        assert "Consegna prevista" not in email_for({**TOLD, "status": status, "sub_status": None})[1]


def test_an_unknown_language_is_told_in_english() -> None:
    assert email_for({**TOLD, "locale": "de-AT"})[0] == "Picked up: your order 1042"


def test_no_text_of_anyone_becomes_markup_or_a_script() -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'"
    told = dict.fromkeys(("shop_name", "carrier_name", "tracking_number", "order_reference", "carrier_text"), evil)
    links = {"tracking_page": "javascript:alert(1)", "carrier_url": 'https://x.example/"onclick="alert(1)'}

    _, _, html = email_for({**TOLD, **told, **links, "audience": "staff"})

    shown = Shown(html)
    assert not {"script", "img"} & shown.tags
    assert shown.links == ['https://x.example/"onclick="alert(1)']


def test_nothing_is_fetched_when_the_mail_is_opened() -> None:
    _, _, html = email_for(TOLD)

    assert Shown(html).tags.isdisjoint({"img", "link", "script", "iframe"})
    assert "url(" not in html


def test_a_payload_that_is_none_of_e_mail_names_its_fields_and_shows_nothing_of_them() -> None:
    with pytest.raises(ValueError, match=r"^the message's payload is not one of e-mail: eta, locale, status$"):
        email_for({**TOLD, "locale": None, "status": "Anna", "eta": "Anna Bianchi"})


@pytest.mark.parametrize("sub", [None, SubStatus.LOCKER])
def test_a_pickup_point_may_be_a_plain_name(sub: SubStatus | None) -> None:
    _, text, _ = email_for(
        {**TOLD, "status": "available_for_pickup", "sub_status": sub, "pickup_point": "Edicola Rossi"}
    )

    assert text.count("Edicola Rossi") == 1
