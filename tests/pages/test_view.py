"""What the page says of a shipment, in every status and both languages."""

from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest

from app.locales import label
from app.pages.rendering import rendered
from app.pages.shape import ShownCarrier, ShownItem, ShownOrder, ShownPoint, TrackingView
from app.pages.tracked import Tracked
from app.pages.view import ITEMS, view
from carriers.event import Place
from carriers.vocabulary import SUB_STATUSES, Direction, Status, SubStatus
from tests.pages.showing import (
    ABSENT,
    ARRIVED,
    COLLECTED,
    DELIVERED,
    HELD,
    NOW,
    ON_ITS_WAY,
    ORDER_ROW,
    OUT,
    READY,
    RECIPIENT,
    REGISTERED,
    SHOP_ROW,
    at,
    said,
    tracked,
)

MEANINGS = [(status, sub) for status in Status for sub in [None, *sorted(SUB_STATUSES[status])]]


class Skeleton(HTMLParser):
    """The elements of a page, with the names of their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]

    def handle_data(self, data: str) -> None:
        self.text += data


def html_of(shown: TrackingView) -> str:
    return bytes(rendered("tracking.html", shown.locale, view=shown, refresh=None).body).decode()


@pytest.mark.parametrize("locale", ["it", "en"])
@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize(("status", "sub"), MEANINGS)
def test_every_meaning_is_headline_sentence_and_page(
    locale: str, direction: Direction, status: Status, sub: SubStatus | None
) -> None:
    events = [] if status is Status.PENDING else [said("2026-03-13T08:10", status, sub, weak=False)]

    shown = view(tracked(*events, locale=locale, direction=direction))

    if direction is Direction.RETURN and status is Status.DELIVERED:
        status, sub = Status.RETURNED, None
    page = Skeleton(html_of(shown))
    heading = label(status, sub, locale, direction)
    assert (shown.status, shown.sub_status, shown.status_label) == (status, sub, heading)
    assert [event.label for event in shown.events] == [heading] * len(events)
    assert shown.sentence
    assert shown.sentence in page.text
    assert heading in page.text
    assert not {"None", "{", "}"} & set(page.text.partition("</style>")[2].split())
    assert [tag for tag, _ in page.elements].count("h1") == 1


def test_a_parcel_on_its_way_is_told_whole() -> None:
    day = at("2026-03-14")

    shown = view(tracked(*ON_ITS_WAY, eta_from=day.occurred_at, eta_to=day.until, parcel_count=2))

    assert shown.model_dump(mode="json", exclude={"events", "steps", "checked_at"}) == {
        "locale": "it",
        "page": "https://nove.example/t/abcdefghijklmnopqrstuvwx",
        "shop": {"name": "Bottega Prova", "website": "", "support_url": "", "support_email": "", "colour": ""},
        "direction": "outbound",
        "status": "in_transit",
        "status_id": 3,
        "sub_status": "at_destination_depot",
        "status_label": "Nella filiale di consegna",
        "sentence": "Il pacco è nella filiale che lo consegnerà.",
        "since": "2026-03-13T06:20:00",
        "since_text": "Da venerdì 13 marzo, 06:20",
        "final": False,
        "late": False,
        "stale": False,
        "notices": [],
        "eta": {
            "from": "2026-03-14",
            "to": "2026-03-14",
            "source": "carrier",
            "text": "sabato 14 marzo",
            "past": False,
        },
        "carrier": {
            "slug": "brt",
            "name": "BRT",
            "url": "https://vas.brt.it/vas/sped_det_show.hsm?nspediz=067012345678",
        },
        "tracking_number": "067012345678",
        "parcel_count": 2,
        "legs": [],
        "linked": [],
        "order": {
            "reference": "1042",
            "items": [{"name": "Tazza blu", "quantity": 2}, {"name": "Piatto", "quantity": 1}],
            "more_items": 0,
        },
        "pickup_point": None,
        "destination": "Firenze (50…)",
        "checked_text": "venerdì 13 marzo, 14:00",
    }


def test_facts_are_named_in_the_sentence() -> None:
    point = {"name": "Edicola Rossi", "address": "Piazza Garibaldi 4"}
    due = said("2026-03-13T11:35", Status.FAILED_ATTEMPT, SubStatus.PAYMENT_DUE)

    ready = view(tracked(*ON_ITS_WAY, READY, pickup_point=point))
    unpaid = view(tracked(due, locale="en", cash_on_delivery={"amount": "59.90", "currency": "EUR"}))
    arrived = view(tracked(ARRIVED))
    delivered = view(tracked(*ON_ITS_WAY, OUT, DELIVERED, locale="en"))

    assert ready.sentence == "Il pacco ti aspetta al punto di ritiro: Edicola Rossi."
    assert ready.pickup_point == ShownPoint(name="Edicola Rossi", address="Piazza Garibaldi 4")
    assert unpaid.sentence == "€59.90 is due on delivery."
    assert arrived.sentence == "Il pacco è arrivato in una sede del corriere: Bologna."
    assert delivered.sentence == "The carrier reports delivery on 13 March."
    assert (delivered.since_text, delivered.eta, delivered.pickup_point) == ("Friday 13 March, 12:47", None, None)


def test_expected_today_is_said_only_today() -> None:
    today = view(tracked(*ON_ITS_WAY, OUT))
    tomorrow = view(tracked(*ON_ITS_WAY, OUT, now=NOW + timedelta(days=1)))

    assert today.sentence == "Il pacco è sul mezzo del corriere: consegna prevista oggi."
    assert tomorrow.sentence == "Il pacco è sul mezzo del corriere."


@pytest.mark.parametrize(
    ("earliest", "latest", "text", "past"),
    [
        (at("2026-03-13").occurred_at, at("2026-03-13").until, "venerdì 13 marzo", False),
        (at("2026-03-14T10:00").occurred_at, at("2026-03-14T12:30").occurred_at, "sabato 14 marzo, 10:00–12:30", False),
        (at("2026-03-14T10:00").occurred_at, at("2026-03-14T10:00").occurred_at, "sabato 14 marzo", False),
        (
            at("2026-03-14").occurred_at,
            at("2026-03-16").until,
            "tra sabato 14 marzo e lunedì 16 marzo",
            False,
        ),
        (None, at("2026-03-12").until, "giovedì 12 marzo", True),
        # A whole day of New York is that day in Rome as well; so are the days on which clocks change.
        (
            at("2026-03-14", ZoneInfo("America/New_York")).occurred_at,
            at("2026-03-14", ZoneInfo("America/New_York")).until,
            "sabato 14 marzo",
            False,
        ),
        (
            at("2026-03-29T00:00").occurred_at,
            at("2026-03-29T23:59:59").occurred_at,
            "domenica 29 marzo",
            False,
        ),
        (at("2026-12-31").occurred_at, at("2026-12-31").until, "giovedì 31 dicembre", False),
        (at("2027-01-02").occurred_at, at("2027-01-02").until, "sabato 2 gennaio 2027", False),
    ],
)
def test_the_estimate_in_words(earliest: object, latest: object, text: str, past: bool) -> None:
    shown = view(tracked(COLLECTED, eta_from=earliest, eta_to=latest))

    assert shown.eta is not None
    assert (shown.eta.text, shown.eta.past, shown.eta.source) == (text, past, "carrier")


def test_without_an_estimate_there_is_the_promise() -> None:
    promised = tracked(COLLECTED, promised_on=date(2026, 3, 14))
    by_order = tracked(COLLECTED, order=replace(ORDER_ROW, promised_on=date(2026, 3, 16)))
    a_return = tracked(COLLECTED, promised_on=date(2026, 3, 14), direction=Direction.RETURN)

    shown = [view(each).eta for each in (promised, by_order, a_return, tracked(COLLECTED))]

    assert [eta and (eta.text, eta.source) for eta in shown] == [
        ("sabato 14 marzo", "shop"),
        ("lunedì 16 marzo", "shop"),
        None,
        None,
    ]


def test_late_and_without_news() -> None:
    shown = view(tracked(REGISTERED, COLLECTED, late=True, stale=True))

    assert shown.notices == (
        "La consegna è in ritardo rispetto al giorno previsto: lo verifichiamo con il corriere.",
        "Il corriere non dà notizie dall'11 marzo.",
    )


def test_a_doubtful_reading_never_reaches_the_recipient() -> None:
    """The page says what held before it, and shows the carrier's words."""
    doubtful = said("2026-03-13T12:47", Status.DELIVERED, None, "CONSEGNATA AD ALTRI", doubtful=True)

    shown = view(tracked(*ON_ITS_WAY, doubtful))
    alone = view(tracked(doubtful))

    assert (shown.status, shown.sub_status) == (Status.IN_TRANSIT, SubStatus.AT_DESTINATION_DEPOT)
    assert shown.notices == ("L'ultima comunicazione del corriere è nel percorso qui sotto.",)
    newest = shown.events[0]
    assert (newest.status, newest.label, newest.text) == (None, "", "CONSEGNATA AD ALTRI")
    assert (alone.status, alone.sentence, alone.notices) == (Status.PENDING, shown.notices[0], ())


def test_the_status_holds_since_it_has_this_name() -> None:
    """Not since the parcel first moved; for a pending one since it was registered, by the shop's clock."""
    again = said("2026-03-13T14:30", Status.EXCEPTION, SubStatus.HELD, "GIACENZA APERTA")

    held = view(tracked(*ON_ITS_WAY, OUT, ABSENT, HELD, again, locale="en"))
    pending = view(tracked(locale="en"))
    last_year = view(tracked(said("2025-12-30", Status.IN_TRANSIT), locale="en"))

    assert (held.since, held.since_text) == ("2026-03-13T14:00:00", "Since Friday 13 March, 14:00")
    assert (pending.since, pending.since_text) == ("2026-03-10T15:00:00", "Since Tuesday 10 March, 15:00")
    assert (last_year.since, last_year.since_text) == ("2025-12-30", "Since Tuesday 30 December 2025")


def test_an_own_carrier_has_no_name_and_a_long_order_is_cut() -> None:
    items = [{"sku": f"S-{n}"} for n in range(ITEMS + 5)]

    shown = view(tracked(carrier="own", order=replace(ORDER_ROW, items=[{"sku": "", "name": ""}, *items])))

    assert shown.carrier == ShownCarrier(slug="own", name="", url=None)
    assert shown.order == ShownOrder(
        reference="1042", items=tuple(ShownItem(name=f"S-{n}", quantity=1) for n in range(ITEMS)), more_items=5
    )


HOSTILE = [
    "<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</title><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "<!--><iframe srcdoc=x>",
    "&lt;script&gt;",
    "\u202e<b>evil",
]


def dressed(text: str) -> Tracked:
    """A shipment with this text wherever a carrier or a shop may write."""
    brand = dict.fromkeys(("name", "website", "support_url", "support_email", "colour"), text)
    return tracked(
        said("2026-03-13T08:10", Status.IN_TRANSIT, SubStatus.ARRIVED, text, place=Place(text, country="IT")),
        said("2026-03-13T08:00", None, None, text, place=Place(name=text, country="IT")),
        shop=replace(SHOP_ROW, name=text, brand=brand),
        order=replace(ORDER_ROW, reference=text, items=[{"name": text, "quantity": 3}]),
        recipient={**RECIPIENT, "name": "", "postcode": "<b>", "city": text},
        pickup_point={"name": text, "address": text},
        carrier_pickup_point=text,
        tracking_number=text,
        order_reference=text,
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_what_others_write_stays_text(text: str) -> None:
    """The page has the same elements, attributes and links as with harmless words."""
    page, harmless = Skeleton(html_of(view(dressed(text)))), Skeleton(html_of(view(dressed("harmless words"))))

    assert page.elements == harmless.elements
    assert not [link for link in page.links if link.startswith(("javascript:", "data:text"))]
    assert page.text.count(text.strip(";")) == harmless.text.count("harmless words") == 14
