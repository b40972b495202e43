"""What a tracking page shows, as the page's template and its JSON take it. Keys are stable; new ones may be added.

Nothing here names a person or an address: of the recipient there is the town and the beginning of the postcode.
"""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from carriers.vocabulary import Direction, Status, SubStatus

StepName = Literal["prepared", "in_transit", "out_for_delivery", "ready", "returning", "delivered", "returned"]
Stage = Literal["done", "current", "problem", "upcoming"]


class Shown(BaseModel):
    """What every part shares: made once, then only read."""

    model_config = ConfigDict(frozen=True, serialize_by_alias=True, validate_by_name=True)


class ShownShop(Shown):
    """The shop and how to reach it, as far as it says."""

    name: str
    website: str = ""
    support_url: str = ""
    support_email: str = ""
    colour: str = Field("", description="`#rrggbb` of the brand, or empty")


class ShownCarrier(Shown):
    """The carrier, and its own page about the parcel.

    The name is empty for a carrier without an adapter; the slug, too, while it is one of several candidates.
    """

    slug: str
    name: str
    url: str | None


class ShownEta(Shown):
    """The expected delivery: days in the shop's time zone, and in words. `past` says that the last day is over."""

    first: date = Field(alias="from")
    last: date = Field(alias="to")
    source: Literal["carrier", "shop"]
    text: str
    past: bool


class ShownStep(Shown):
    """A step of the way, and how far the parcel is with it."""

    name: StepName
    label: str
    stage: Stage


class ShownEvent(Shown):
    """What happened, newest first. `local_time` is the carrier's own clock: `2026-03-14T10:32:00`, or a date alone.

    Without a status it is only what the carrier wrote. `carrier` is named where the journey has several.
    """

    local_time: str
    status: Status | None
    sub_status: SubStatus | None
    label: str
    text: str
    carrier: str = ""
    town: str
    day: str = Field(description="The day in words")
    clock: str = Field(description="The time of day in words; empty where the carrier gives a date alone")

    @property
    def heading(self) -> str:
        """What leads the line: the meaning, else the carrier's words."""
        return self.label or self.text

    @property
    def words(self) -> str:
        """The carrier's words where they stand beside the meaning and say more than it does."""
        return self.text if self.label and self.text.casefold() != self.label.casefold() else ""

    @property
    def more(self) -> str:
        """What stands below the heading: where, who says so, and in which words."""
        return " · ".join(filter(None, (self.town, self.carrier, self.words)))


class ShownLeg(Shown):
    """Another part of the journey, with a carrier and a number of its own, before the present one or after it."""

    name: Literal["before", "after"]
    label: str
    carrier: ShownCarrier
    tracking_number: str


class ShownItem(Shown):
    """A line of the order."""

    name: str
    quantity: int


class ShownOrder(Shown):
    """The order; `more_items` counts those that are left out of a long list."""

    reference: str
    items: tuple[ShownItem, ...]
    more_items: int


class ShownPoint(Shown):
    """Where the parcel waits, or will wait, for its recipient."""

    name: str
    address: str


class ShownLink(Shown):
    """Another shipment of the same journey: a return of this one, what this one is a return of, another parcel."""

    name: Literal["return", "outbound", "parcel"]
    label: str
    tracking_number: str
    status: Status
    status_label: str
    page: str


class Day(NamedTuple):
    """The events of one day, for the page."""

    heading: str
    date: str
    events: Sequence[ShownEvent]


class TrackingView(Shown):
    """A shipment as its recipient sees it."""

    locale: str
    page: str
    shop: ShownShop
    direction: Direction
    status: Status
    status_id: int
    sub_status: SubStatus | None
    status_label: str
    sentence: str
    since: str = Field(description="Local time of the carrier, or a date alone, from which status and sub-status hold")
    since_text: str
    final: bool
    late: bool
    stale: bool
    notices: tuple[str, ...] = Field(description="What else there is to know: no news, late")
    eta: ShownEta | None
    steps: tuple[ShownStep, ...]
    events: tuple[ShownEvent, ...]
    carrier: ShownCarrier
    tracking_number: str
    parcel_count: int | None
    legs: tuple[ShownLeg, ...] = Field((), description="The other parts of a journey with several carriers")
    linked: tuple[ShownLink, ...] = ()
    order: ShownOrder | None
    pickup_point: ShownPoint | None
    destination: str = Field(description="Town and the first two digits of the postcode")
    checked_at: datetime | None = Field(description="When the carrier last said, or was last asked, anything")
    checked_text: str

    @property
    def half_days(self) -> bool:
        """Whether times of day are written as `11:00 AM`, which needs more room than `11:00`."""
        return any(len(event.clock) > len("11:00") for event in self.events)

    @property
    def days(self) -> list[Day]:
        """The events by their day."""
        grouped = groupby(self.events, key=lambda event: (event.day, event.local_time[:10]))
        return [Day(heading, on, list(events)) for (heading, on), events in grouped]
