"""What the demo's shop ships: parcels of the sandbox and of six real carriers, to made-up people."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.demo.journeys import JOURNEYS, Happened, so_far
from app.demo.stand_ins.base import History
from carriers.vocabulary import Status

LONGEST = max(legs[-1].hours for legs in JOURNEYS.values())
"""Hours of the longest journey."""

STAGGER = 24.0
"""Hours of a journey by which the last parcels set out after the first."""

COPIES = 3
PRINTED = timedelta(seconds=90)
"""An hour of a real carrier's journey in its printed times: some print minutes, so steps must lie minutes apart."""

ENDS: Mapping[str, Status] = {
    "DELIVERED": Status.DELIVERED,
    "HELD": Status.EXCEPTION,
    "FAILED": Status.DELIVERED,
    "RETURNED": Status.RETURNED,
    "LOST": Status.EXCEPTION,
    "DELAYED": Status.DELIVERED,
    "PICKUP": Status.DELIVERED,
    "DAMAGED": Status.EXCEPTION,
    "REFUSED": Status.RETURNED,
    "CUSTOMS": Status.DELIVERED,
    "STALE": Status.IN_TRANSIT,
    "DISORDER": Status.DELIVERED,
}
"""The status that each journey ends in, when all its events have been taken in."""

REAL: Mapping[str, Sequence[tuple[str, str]]] = {
    "brt": (("020061200101001", "DELIVERED"), ("020061200102001", "HELD"), ("020061200103", "PICKUP")),
    "gls_it": (("M1629000101", "DELIVERED"), ("M1629000102", "FAILED"), ("M1629000103", "RETURNED")),
    "poste_italiane": (("1UW0000000101", "DELIVERED"), ("1UW0000000102", "FAILED"), ("1UW0000000103", "RETURNED")),
    "dhl_unified": (("3000000101", "DELIVERED"), ("3000000102", "CUSTOMS"), ("3000000103", "REFUSED")),
    "ups": (("1ZDEM0006800000101", "DELIVERED"), ("1ZDEM0006800000102", "PICKUP"), ("1ZDEM0006800000103", "RETURNED")),
    "fedex": (("770000000101", "DELIVERED"), ("770000000102", "DELAYED"), ("770000000103", "CUSTOMS")),
}
"""Numbers of real carriers' shapes with the journeys that these can tell: BRT, say, has no word for "back again"."""

PEOPLE = (
    ("Giulia Ferri", "giulia.ferri@example.com", "50122", "Firenze", "it"),
    ("Marco Lodi", "marco.lodi@example.com", "50134", "Firenze", "it"),
    ("Sara Conti", "sara.conti@example.com", "50019", "Sesto Fiorentino", "it"),
    ("Emma Clarke", "emma.clarke@example.com", "50125", "Firenze", "en"),
    ("Paolo Neri", "paolo.neri@example.com", "50053", "Empoli", "it"),
    ("Anna Bassi", "anna.bassi@example.com", "59100", "Prato", "it"),
    ("Liam Byrne", "liam.byrne@example.com", "50014", "Fiesole", "en"),
    ("Chiara Riva", "chiara.riva@example.com", "50018", "Scandicci", "it"),
)
GOODS = (
    ("TAZZA-01", "Tazza in ceramica", 1450),
    ("LANA-07", "Plaid di lana", 5990),
    ("OLIO-03", "Olio extravergine, 3 bottiglie", 3600),
    ("LUME-02", "Lampada da tavolo", 8900),
    ("PANE-05", "Tagliere in ulivo", 2790),
)


@dataclass(frozen=True, slots=True)
class DemoParcel:
    """A parcel: the journey it makes, how many hours of it after the others, and where it ends.

    A parcel without journey has been posted but not handed over. `returns`: it goes back to the shop.
    """

    carrier: str
    number: str
    journey: str
    ends: Status
    after: float = 0.0
    returns: bool = False


@dataclass(frozen=True, slots=True)
class Tempo:
    """When a demo of so many seconds began, and how fast its journeys go: they end at about three fifths of it."""

    begun: datetime
    seconds: float

    @property
    def speed(self) -> float:
        """By how much the hours of a journey are divided."""
        return (LONGEST + STAGGER) * 3600 / (0.58 * self.seconds)

    def after(self, hours: float) -> datetime:
        """The moment so many hours of a journey after the beginning."""
        return self.begun + timedelta(hours=hours) / self.speed

    def starts(self, parcel: DemoParcel) -> datetime:
        """When the parcel sets out; tomorrow for one without journey."""
        return self.after(parcel.after) if parcel.journey else self.begun + timedelta(days=1)

    def ends(self, parcel: DemoParcel) -> datetime | None:
        """When the parcel's last step takes place; none for one without journey."""
        return self.after(parcel.after + JOURNEYS[parcel.journey][-1].hours) if parcel.journey else None


def demo_parcels() -> list[DemoParcel]:
    """Every parcel of the demo, in the order in which the shop posts them."""
    return [*_of_sandbox(), *_of_real_carriers()]


def _of_sandbox() -> Iterator[DemoParcel]:
    for copy in range(COPIES):
        for place, (journey, ends) in enumerate(ENDS.items()):
            wait = STAGGER * (copy + place / len(ENDS)) / COPIES
            yield DemoParcel("sandbox", f"SANDBOX-{journey}-{copy + 1:03}", journey, ends, wait)
    for copy in range(COPIES):
        yield DemoParcel(
            "sandbox", f"SANDBOX-DELIVERED-R{copy + 1:02}", "DELIVERED", Status.RETURNED, copy * 8.0, returns=True
        )
    yield DemoParcel("sandbox", "SANDBOX-DELIVERED-TOMORROW", "", Status.PENDING)


def _of_real_carriers() -> Iterator[DemoParcel]:
    for carrier, numbers in REAL.items():
        for place, (number, journey) in enumerate(numbers):
            yield DemoParcel(carrier, number, journey, ENDS[journey], place * 8.0)


def posted(parcel: DemoParcel, place: int, tempo: Tempo) -> dict[str, Any]:
    """The parcel as the shop posts it, `place`th of all: with its recipient and its order."""
    name, email, postcode, city, locale = PEOPLE[place % len(PEOPLE)]
    sku, goods, cents = GOODS[place % len(GOODS)]
    quantity = 1 + place % 2
    shipment: dict[str, Any] = {
        "carrier": parcel.carrier,
        "tracking_number": parcel.number,
        "direction": "return" if parcel.returns else "outbound",
        "parcel_count": 1,
        "recipient": {
            "name": name,
            "email": email,
            "phone": f"+39 055 0000{place:03}",
            "street": f"Via di Prova {place + 1}",
            "postcode": postcode,
            "city": city,
            "country": "IT",
            "locale": locale,
        },
        "order": {
            "reference": f"D-{1001 + place}",
            "placed_at": (tempo.begun - timedelta(days=1, minutes=place)).isoformat(),
            "platform": "demo",
            "total": {"amount": f"{cents * quantity / 100:.2f}", "currency": "EUR"},
            "items": [{"sku": sku, "name": goods, "quantity": quantity}],
        },
        "tags": ["demo"],
    }
    if parcel.carrier == "sandbox":
        shipment["shipped_at"] = tempo.starts(parcel).isoformat()
    if parcel.journey == "DELAYED":
        shipment["deliver_by"] = tempo.after(parcel.after + 90).isoformat()
    return shipment


def history(parcels: Sequence[DemoParcel], tempo: Tempo, now: Callable[[], datetime]) -> History:
    """What a real carrier's stand-in knows: steps come to light at the demo's speed, as having happened before it."""
    mine = {parcel.number: parcel for parcel in parcels}

    def of(number: str) -> Sequence[Happened] | None:
        parcel = mine.get(number)
        if parcel is None:
            return None
        legs = JOURNEYS[parcel.journey]
        known = so_far(legs, tempo.starts(parcel), tempo.speed, now())
        return [
            Happened(leg.step, tempo.begun - (legs[-1].hours - leg.hours) * PRINTED, leg.town)
            for leg in legs[: len(known)]
        ]

    return of
