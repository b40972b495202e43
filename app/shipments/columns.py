"""From what a shop posts to the columns of `shipments`."""

from datetime import datetime, time
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from app.shipments.contacts import normal_email, normal_name, normal_phone
from app.shipments.posting import ChangedShipment, PostedOrder, Recipient
from app.shipments.shipment import Shipment

PLAIN = (
    "account_id",
    "service",
    "parcel_count",
    "deliver_by",
    "shipped_at",
    "promised_on",
    "parent_id",
    "tags",
    "metadata",
)
OBJECTS = ("origin", "pickup_point", "buyer", "cash_on_delivery")


def columns(posted: ChangedShipment) -> dict[str, Any]:
    """The columns that the posted fields set; fields left out are left alone."""
    given = posted.model_fields_set
    values: dict[str, Any] = {name: getattr(posted, name) for name in PLAIN if name in given}
    for name in OBJECTS:
        if name in given:
            part = getattr(posted, name)
            values[name] = None if part is None else part.model_dump(mode="json", exclude_none=True)
    if "recipient" in given:
        values.update(recipient_columns(posted.recipient))
    return values


_Change = TypeVar("_Change", bound=ChangedShipment)


def merged(before: Shipment, posted: _Change) -> _Change:
    """The change with the fields of the recipient that it does not name as they are; none forgets all of them."""
    if posted.recipient is None or not before.recipient:
        return posted
    given = {name: getattr(posted.recipient, name) for name in posted.recipient.model_fields_set}
    recipient = Recipient.model_construct(**{**Recipient.model_validate(before.recipient).model_dump(), **given})
    return posted.model_copy(update={"recipient": recipient})


def recipient_columns(recipient: Recipient | None) -> dict[str, Any]:
    """The recipient as posted, and in the forms that look-ups go by."""
    if recipient is None:
        return dict.fromkeys(
            (
                "recipient",
                "recipient_email",
                "recipient_phone",
                "recipient_name",
                "recipient_postcode",
                "recipient_country",
            )
        )
    return {
        "recipient": {name: value for name, value in recipient.model_dump(mode="json").items() if value},
        "recipient_email": normal_email(recipient.email),
        "recipient_phone": normal_phone(recipient.phone, recipient.country),
        "recipient_name": normal_name(recipient.name),
        "recipient_postcode": recipient.postcode.replace(" ", "").upper() or None,
        "recipient_country": recipient.country,
    }


def order_columns(order: PostedOrder) -> dict[str, Any]:
    """The columns of `orders` that a posted order sets."""
    given = order.model_fields_set - {"reference"}
    return {name: value for name, value in order.model_dump(mode="json").items() if name in given} | {
        name: getattr(order, name) for name in ("placed_at",) if name in given
    }


def late_at(promised_on: Any, deliver_by: datetime | None, timezone: str) -> datetime | None:
    """When the promise is broken: at the end of the promised day in the shop's zone, or at the marketplace's limit."""
    limits = [deliver_by] if deliver_by else []
    if promised_on is not None:
        limits.append(datetime.combine(promised_on, time(23, 59, 59), ZoneInfo(timezone)))
    return min(limits, default=None)
