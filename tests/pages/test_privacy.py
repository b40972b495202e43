"""Nobody's personal details stand on a page, whoever wrote them and wherever."""

import pytest

from app.pages.privacy import without_people
from app.pages.shape import ShownPoint
from app.pages.view import view
from carriers.event import Place
from carriers.vocabulary import Status, SubStatus
from tests.pages.showing import said, tracked
from tests.pages.test_view import html_of

RECIPIENT = {
    "name": "Canarina Uccelli",
    "company": "Voliera Srl",
    "email": "canarina.gialla@piuma.example",
    "phone": "+39 347 9988776",
    "street": "Via Gabbianella 77",
    "postcode": "50123",
    "city": "Firenze",
    "state": "FI",
    "country": "IT",
    "locale": "it",
}
BUYER = {"name": "Pettirosso Nidi", "email": "pettirosso@nido.example"}
CANARIES = (
    *("Canarina", "Uccelli", "Voliera", "piuma", "gialla", "347", "9988776", "Gabbianella", "77", "50123"),
    *("Pettirosso", "Nidi", "nido.example", "Merli"),
)
WORDINGS = (
    "Consegnata a Canarina Uccelli",
    "Delivered, signed by: C. UCCELLI",
    "CANARINA UCCELLI assente",
    "Firmato da Merli",
    "Chiamare +39 347 9988776",
    "Scrivere a canarina.gialla@piuma.example",
    "Lasciata in via Gabbianella, 77",
    "Destinatario: Merli, 50123",
    "Ritirata da PETTIROSSO",
    "Left with neighbour Merli",
    "Voliera chiusa",
)


@pytest.mark.parametrize("locale", ["it", "en"])
def test_no_canary_is_on_the_page_or_in_its_json(locale: str) -> None:
    places = [
        Place(city="Firenze", postcode="50123", name="Canarina Uccelli", country="IT"),
        Place(name="Via Gabbianella 77"),
    ]
    events = [
        said(f"2026-03-13T08:{nth:02}", status, None, text, place=places[nth % 2])
        for nth, text in enumerate(WORDINGS)
        for status in (Status.IN_TRANSIT, None)
    ]
    ready = said("2026-03-13T12:00", Status.AVAILABLE_FOR_PICKUP, SubStatus.LOCKER, "Locker c/o Merli")

    shown = view(
        tracked(
            *events,
            ready,
            locale=locale,
            recipient=RECIPIENT,
            recipient_email=RECIPIENT["email"],
            recipient_phone="+393479988776",
            recipient_name="canarina uccelli",
            recipient_postcode="50123",
            buyer=BUYER,
            pickup_point={"name": "Uccelli Canarina", "address": "Via Gabbianella, 77 - Firenze"},
            carrier_pickup_point="",
        )
    )

    for text in (html_of(shown), shown.model_dump_json()):
        assert [canary for canary in CANARIES if canary.casefold() in text.casefold()] == []
    assert shown.destination == "Firenze (50…)"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("ARRIVATA IN FILIALE", "ARRIVATA IN FILIALE"),
        ("Delivered - Signed for by: J.SMITH", "Delivered"),
        ("Consegnata a ROSSI", ""),
        ("Pacco consegnato al destinatario", "Pacco consegnato al destinatario"),
        ("Il pacco è stato ritirato da Bianchi", "Il pacco è stato"),
        ("Received by MOLLER at reception", ""),
        ("Avvisare il 055/1234567", "Avvisare il …"),
        ("Left with neighbour (Verdi)", ""),
        ("In consegna con furgone 12", "In consegna con furgone 12"),
        ("Sig. Verdi assente", ""),
        ("", ""),
    ],
)
def test_wordings_lose_their_people(text: str, kept: str) -> None:
    assert without_people(text, frozenset()) == kept


def test_a_pickup_point_may_share_a_word_with_the_recipient() -> None:
    """Whose name or street is common must find the way all the same."""
    recipient = {**RECIPIENT, "name": "Anna Rossi", "street": "Via Garibaldi 12"}
    ready = said("2026-03-13T12:00", Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT)

    shops = {"name": "Edicola Rossi", "address": "Piazza Garibaldi 4"}
    theirs = {"name": "Rossi Anna", "address": "via Garibaldi, 12"}

    assert view(tracked(ready, recipient=recipient, pickup_point=shops)).pickup_point == ShownPoint(**shops)
    assert view(tracked(ready, recipient=recipient, pickup_point=theirs)).pickup_point is None
    assert view(tracked(ready, recipient=recipient, carrier_pickup_point="Anna Rossi")).pickup_point is None
