"""The facts that an e-mail is made of, as they are stored with the message."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator

from carriers.vocabulary import Direction, Status, SubStatus

Occasion = Literal["status", "late", "stale", "failed_twice"]
"""What a message is about: a change of status, or what only time or counting shows."""


class PickupPoint(BaseModel):
    """Where a parcel waits."""

    model_config = ConfigDict(frozen=True)

    name: str = ""
    address: str = ""


class Eta(BaseModel):
    """When delivery is expected: a day, or from one to another; instants or dates."""

    model_config = ConfigDict(frozen=True)

    first: AwareDatetime | date | None = Field(None, alias="from")
    last: AwareDatetime | date | None = Field(None, alias="to")


class Told(BaseModel):
    """The facts that a message was made of. `rule` and others that no sentence names are left aside."""

    model_config = ConfigDict(frozen=True)

    audience: Literal["recipient", "staff"]
    occasion: Occasion = "status"
    locale: str
    timezone: str = "UTC"
    formal: bool = False
    status: Status
    sub_status: SubStatus | None = None
    direction: Direction = Direction.OUTBOUND
    occurred_at: AwareDatetime | None = None
    shop_name: str
    carrier_name: str
    tracking_number: str
    order_reference: str = ""
    recipient_name: str = ""
    tracking_page: str = ""
    carrier_url: str = ""
    pickup_point: PickupPoint | None = None
    eta: Eta | None = None
    parcel_count: int | None = None
    delivered_count: int | None = None
    amount: str = ""
    carrier_text: str = ""

    @field_validator("order_reference", "recipient_name", "tracking_page", "carrier_url", "amount", mode="before")
    @classmethod
    def _nothing(cls, value: object) -> object:
        return "" if value is None else value

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, OSError) as error:
            raise ValueError("no such time zone") from error
        return value

    @field_validator("tracking_page", "carrier_url")
    @classmethod
    def _link(cls, value: str) -> str:
        return value if value.startswith(("https://", "http://")) else ""

    @field_validator("pickup_point", mode="before")
    @classmethod
    def _point(cls, value: object) -> object:
        return {"name": value} if isinstance(value, str) and value else value or None

    @field_validator("eta", mode="before")
    @classmethod
    def _eta(cls, value: object) -> object:
        return {"from": value, "to": value} if isinstance(value, str) and value else value or None


def read_told(payload: Mapping[str, Any]) -> Told:
    """The facts of a payload; ValueError names the fields that are wrong, and shows nothing of them."""
    try:
        return Told.model_validate(payload)
    except ValidationError as error:
        fields = ", ".join(sorted({str(each["loc"][0]) for each in error.errors()}))
        raise ValueError(f"the message's payload is not one of e-mail: {fields}") from None
