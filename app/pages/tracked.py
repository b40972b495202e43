"""Everything that a tracking page is made of: a shipment's rows, the time, the language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from app.lifecycle import State
from app.locales import day_in_words, local_date, time_in_words
from app.orders import Order
from app.pages.legs import NONE, Legs
from app.pages.privacy import personal_words
from app.shipments.answer import explained
from app.shipments.history import StoredEvent
from app.shipments.shipment import Shipment
from app.shops import Shop
from app.silence import Silence
from carriers.vocabulary import Direction


@dataclass(frozen=True)
class Tracked:
    """A shipment to be shown at `now`. `order` is none if it carries none; `page` is the page's own address.

    `linked` are the shipments that belong together with it, each with the address of its page.
    `silence`: that the carrier is asked in vain, and since when. `legs`, if the journey has several.
    """

    shipment: Shipment
    events: Mapping[str, StoredEvent]
    order: Order | None
    shop: Shop
    now: datetime
    locale: str
    page: str = ""
    silence: Silence | None = None
    linked: Sequence[tuple[Shipment, str]] = ()
    legs: Legs = NONE

    @cached_property
    def state(self) -> State:
        """The fold of all events."""
        return explained(self.shipment, self.events, self.now)

    @cached_property
    def certain(self) -> State:
        """The fold without doubtful readings of a carrier's codes, which never reach a recipient."""
        if not self.state.doubtful:
            return self.state
        sure = {key: event for key, event in self.events.items() if not event.doubtful}
        return explained(self.shipment, sure, self.now)

    @cached_property
    def personal(self) -> frozenset[str]:
        """The words that point at people."""
        return personal_words(self.shipment)

    @property
    def today(self) -> date:
        """The shop's day."""
        return local_date(self.now, self.shop.timezone)

    @property
    def comes_back(self) -> bool:
        """Whether this is a customer's return."""
        return self.shipment.direction is Direction.RETURN

    def day_text(self, day: date) -> str:
        """A day in words, with its year if that is not the present one."""
        return day_in_words(day, self.locale) + (f" {day.year}" if day.year != self.today.year else "")

    def clock_text(self, local_time: str) -> str:
        """A carrier's time of day in words, never shifted; empty for a date alone."""
        if len(local_time) == len("YYYY-MM-DD"):
            return ""
        return time_in_words(datetime.fromisoformat(local_time).time(), self.locale)


def local_day(local_time: str) -> date:
    """The day of a carrier's local time."""
    return date.fromisoformat(local_time[:10])
