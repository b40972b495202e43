"""A shipment as a shop posts it: one strict model for the API, orders and imports alike."""

import re
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from app.shipments.written import NOT_BLANK, Amount, Country, Day, Instant
from carriers import candidates, carriers
from carriers.own import Own
from carriers.vocabulary import Direction

NUMBER = re.compile(r"[A-Za-z0-9-]{4,40}")
Slug = Annotated[str, StringConstraints(max_length=40)]
Short = Annotated[str, StringConstraints(max_length=100, strip_whitespace=True)]
Line = Annotated[str, StringConstraints(max_length=300, strip_whitespace=True)]
Address = Annotated[str, StringConstraints(max_length=2048, strip_whitespace=True, pattern=r"^https?://\S+$")]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=50, strip_whitespace=True), NOT_BLANK]
REFERENCE = StringConstraints(min_length=1, max_length=60, strip_whitespace=True)
_SLUG = re.compile(r"[a-z0-9_-]{1,40}")
UNKNOWN, UNSAID = "", "-"
MOST_CANDIDATES = 10
MOST_LEGS = 5
ONE_OR_SEVERAL = "send `carrier`, or several `carriers` one of which it is, and not both"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # what ends a line, of a mail's header too


def _unnamed(value: object) -> object:
    return UNKNOWN if value is None else value


class Posted(BaseModel):
    """What every posted object shares: unknown fields are refused, and so are control characters."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_max_length=2048)

    @field_validator("*", mode="after")
    @classmethod
    def _clean(cls, value: object) -> object:
        texts = value if isinstance(value, list) else [value]
        if any(isinstance(text, str) and _CONTROL.search(text) for text in texts):
            raise ValueError("must not contain control characters")
        return value


class Money(Posted):
    """An amount as a decimal text, and its currency."""

    amount: Amount
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class Recipient(Posted):
    """Who gets the parcel. `email` is where messages go."""

    name: Line = ""
    company: Line = ""
    email: Annotated[str, StringConstraints(max_length=254, strip_whitespace=True)] = ""
    phone: Short = ""
    street: Line = ""
    postcode: Short = ""
    city: Short = ""
    state: Short = ""
    country: Country | None = None
    locale: Annotated[str, StringConstraints(max_length=20, pattern=r"^([A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*)?$")] = ""

    @field_validator("email")
    @classmethod
    def _email(cls, value: str) -> str:
        if value and not re.fullmatch(r"[^\s@<>\",;:]+@[^\s@<>\",;:]+\.[^\s@<>\",;:.]+", value):
            raise ValueError("must be one e-mail address, such as anna@example.com")
        return value


class Buyer(Posted):
    """Who ordered, when it is someone else."""

    name: Line = ""
    email: Annotated[str, StringConstraints(max_length=254, strip_whitespace=True)] = ""


class Origin(Posted):
    """Where the parcel starts."""

    postcode: Short = ""
    country: Country | None = None


class PickupPoint(Posted):
    """Where the recipient will collect the parcel."""

    id: Short = ""
    name: Line = ""
    address: Line = ""


class Item(Posted):
    """A line of an order."""

    sku: Short = ""
    name: Line = ""
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    image_url: Address | None = None
    url: Address | None = None


class PostedOrder(Posted):
    """An order as it comes with a shipment."""

    reference: Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True), NOT_BLANK]
    placed_at: Instant | None = None
    platform: Short = ""
    total: Money | None = None
    items: Annotated[list[Item], Field(max_length=1000)] = []


class PostedLeg(Posted):
    """A later leg of the journey: another carrier has the parcel then, under another number."""

    carrier: Slug
    tracking_number: Annotated[str, StringConstraints(max_length=60)]

    @field_validator("carrier")
    @classmethod
    def _known(cls, value: str) -> str:
        return known_carrier(value)

    @field_validator("tracking_number")
    @classmethod
    def _number(cls, value: str, info: ValidationInfo) -> str:
        return number_of(value, info.data.get("carrier", UNKNOWN))


class ChangedShipment(Posted):
    """What of a shipment a shop may change later; fields left out stay as they are."""

    account_id: UUID | None = None
    service: Short = ""
    origin: Origin | None = None
    parcel_count: Annotated[int, Field(ge=1, le=10_000)] | None = None
    pickup_point: PickupPoint | None = None
    deliver_by: Instant | None = None
    order: PostedOrder | None = None
    recipient: Recipient | None = None
    buyer: Buyer | None = None
    shipped_at: Instant | None = None
    promised_on: Day | None = None
    cash_on_delivery: Money | None = None
    parent_id: UUID | None = None
    legs: Annotated[list[PostedLeg], Field(max_length=MOST_LEGS)] = []
    tags: Annotated[list[Tag], Field(max_length=50)] = []
    metadata: dict[str, Any] = {}

    @field_validator("legs")
    @classmethod
    def _each_once(cls, value: list[PostedLeg]) -> list[PostedLeg]:
        if len({(each.carrier, each.tracking_number) for each in value}) < len(value):
            raise ValueError("the same leg is there twice")
        return value

    @field_validator("metadata")
    @classmethod
    def _small(cls, value: dict[str, Any]) -> dict[str, Any]:
        if len(value) > 100 or len(repr(value)) > 16_384:
            raise ValueError("must have at most 100 entries and 16 KiB")
        return value


def _each_known(value: list[str]) -> list[str]:
    if Own.slug in value:
        raise ValueError("`own` is never asked, so nothing would tell that it is with it: leave it out")
    return [known_carrier(slug) for slug in dict.fromkeys(value)]


Several = Annotated[list[Slug], Field(max_length=MOST_CANDIDATES), AfterValidator(_each_known)]
"""Carriers, one of which it is."""


class PostedShipment(ChangedShipment):
    """A shipment: its carrier, and a tracking number or the sender's reference.

    Where the carrier is not known: `carriers`, one of which it is, or `"carrier": null` for all whose numbers look like
    this one. They are tried, and the first that knows the number is taken; until then `carrier_settled` is false.
    """

    carriers: Several = []
    carrier: Annotated[
        str,
        BeforeValidator(_unnamed),
        StringConstraints(max_length=40),
        WithJsonSchema({"anyOf": [{"type": "string", "maxLength": 40}, {"type": "null"}], "title": "Carrier"}),
        Field(validate_default=True, json_schema_extra=lambda schema: schema.pop("default", None)),
    ] = UNSAID
    tracking_number: Annotated[str, StringConstraints(max_length=60)] | None = None
    sender_reference: Annotated[str, REFERENCE, NOT_BLANK] | None = None
    direction: Direction = Direction.OUTBOUND
    return_of: UUID | None = None
    """The outbound shipment of which it is the customer's return: `parent_id` and `direction` in one."""

    @field_validator("carrier")
    @classmethod
    def _one_or_several(cls, value: str, info: ValidationInfo) -> str:
        several: list[str] | None = info.data.get("carriers")
        if several is None:  # they are what is wrong
            return UNKNOWN
        if value not in (UNSAID, UNKNOWN):
            if several:
                raise ValueError(ONE_OR_SEVERAL)
            return known_carrier(value)
        if value == UNSAID and not several:
            raise ValueError("name the carrier, or several `carriers` one of which it is; null for whatever it can be")
        return several[0] if len(several) == 1 else UNKNOWN

    @field_validator("tracking_number")
    @classmethod
    def _number(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None:
            return None
        for slug in info.data.get("carriers", []):
            number_of(value, slug)
        return number_of(value, info.data.get("carrier", UNKNOWN))

    @property
    def possible(self) -> tuple[str, ...]:
        """The carriers that it may be with, the likeliest first: one, if the shop has named it; none that is known."""
        if self.carrier:
            return (self.carrier,)
        if self.carriers:
            return tuple(self.carriers)
        alike = (each for each in candidates(self.tracking_number or "") if each.possible)
        return tuple(each.carrier.slug for each in alike)[:MOST_CANDIDATES]

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.tracking_number is None and self.sender_reference is None:
            raise ValueError("give a tracking_number, or a sender_reference by which the carrier knows the parcel")
        if self.tracking_number is None and self.carrier == UNKNOWN:
            raise ValueError("give the tracking_number: by a sender_reference alone, one carrier is asked")
        if self.return_of is not None and {"parent_id", "direction"} & self.model_fields_set:
            raise ValueError("leave `parent_id` and `direction` out: `return_of` says both")
        if self.legs and UNKNOWN in (self.carrier, self.tracking_number or UNKNOWN):
            raise ValueError("legs: name the carrier and the tracking_number of the first leg, too")
        return self


def known_carrier(slug: str) -> str:
    """The slug of a carrier; ValueError if there is none such."""
    if slug not in carriers():
        named = f" {slug!r}" if _SLUG.fullmatch(slug) else ""  # what is no slug may be anything, as somebody's name
        raise ValueError(f"unknown carrier{named}; GET /v1/carriers lists them, `own` is for one without adapter")
    return slug


def normal_number(value: str, carrier: str = "") -> str:
    """A tracking number without spaces, in upper case but for carrier `own`; ValueError if it cannot be one."""
    number = value.replace(" ", "")
    if carrier != "own":
        number = number.upper()
    if not NUMBER.fullmatch(number):
        raise ValueError("a tracking number has 4 to 40 letters, digits and hyphens")
    return number


def number_of(value: str, carrier: str) -> str:
    """The same for a number of this carrier (empty if it is not known); ValueError if the carrier can have no such."""
    number = normal_number(value, carrier)
    if carrier and not (known := carriers()[carrier]).accepts(number):
        raise ValueError(f"not a number that {known.name} can have; one looks like {known.example}")
    return number
