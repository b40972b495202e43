"""What is personal in the database, column by column: how long it is kept, and what an erasure makes of it.

Every column that can hold words, a document or a day is in one class; numbers, times, ids, digests and words of a
vocabulary name nobody. The retention job and the erasure act on these classes, so a column stands here or a test fails.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Table

from app.columns import HexKey, Word, metadata


class Kept(StrEnum):
    """How long a column's content is kept."""

    CONTACT = "contact"
    """Names a person, or is free text that may: emptied a shop's `contact_days` after the final status."""
    JOURNEY = "journey"
    """What happened to a parcel, under a pseudonym (its number, the order's): deleted with the shipment."""
    RAW = "raw"
    """As it came from a carrier, or as a receiver answered: `NOVE_RAW_DAYS`."""
    DAYS = "days"
    """Memory against repetition: deleted after days (answers to writes 72 h, ids of pushes 30 days)."""
    SETUP = "setup"
    """The shop's own settings, contracts and accounts: until the shop changes or removes them."""
    REQUEST = "request"
    """A request to erase: whom it is about until it is done, then what was done."""


PERSONAL: Mapping[str, Mapping[Kept, str]] = {
    "api_keys": {Kept.SETUP: "name prefix scopes"},
    "arrivals": {Kept.RAW: "reason", Kept.JOURNEY: "carrier source tracking_number state"},
    "attempts": {Kept.RAW: "outcome detail"},
    "bodies": {Kept.RAW: "content"},
    "carrier_accounts": {Kept.SETUP: "carrier name credentials base_url secret last_error disabled_reason"},
    "companies": {Kept.SETUP: "name"},
    "differences": {Kept.DAYS: "carrier list code now then by"},
    "endpoints": {Kept.SETUP: "url description types secrets payload_version disabled_reason last_error"},
    "erasures": {Kept.REQUEST: "kind shop_ids subject state cursor counts"},
    "events": {
        Kept.CONTACT: "text author",
        Kept.JOURNEY: "local_time offset_source code list context row place revision",
    },
    "handshakes": {Kept.DAYS: "subscription secret"},
    "idempotency_keys": {Kept.DAYS: "content_type body"},
    "mappings": {
        Kept.SETUP: "carrier list code context state author reason withdrawn_by withdrawn_reason",
    },
    "messages": {
        Kept.CONTACT: "payload",
        Kept.JOURNEY: "target cause channel audience type state reason",
    },
    "names": {Kept.JOURNEY: "carrier tracking_number outcome earlier"},
    "orders": {
        Kept.CONTACT: "recipient recipient_email buyer",
        Kept.JOURNEY: "reference platform promised_on total items",
    },
    "pushes": {Kept.DAYS: "message_id"},
    "replays": {Kept.SETUP: "author state"},
    "rules": {Kept.SETUP: "name audience channel occasion"},
    "shipments": {
        Kept.CONTACT: "recipient recipient_email recipient_phone recipient_name recipient_postcode buyer metadata "
        "pickup_point carrier_pickup_point",
        Kept.JOURNEY: "order_reference carrier tracking_number sender_reference service origin promised_on "
        "cash_on_delivery recipient_country tags eta_day eta_source carrier_service poll_note",
    },
    "shadows": {Kept.SETUP: "carrier"},
    "sightings": {Kept.CONTACT: "code text", Kept.JOURNEY: "carrier list context"},
    "shops": {Kept.SETUP: "name locale timezone mail_from staff_mail brand"},
    "subscriptions": {Kept.JOURNEY: "state reason name"},
    "token_keys": {Kept.SETUP: "sealed"},
    "unmapped": {Kept.CONTACT: "code text", Kept.JOURNEY: "carrier list"},
}
"""The columns of each class, by table."""


def classified() -> Iterator[tuple[str, str, Kept]]:
    """Every (table, column, class) that is said above."""
    for table, classes in PERSONAL.items():
        for kept, names in classes.items():
            for name in names.split():
                yield table, name, kept


def can_name(column: Column[Any]) -> bool:
    """Whether a column can hold what names a person."""
    if isinstance(column.type, HexKey | Word):
        return False
    return type(column.type).__name__ not in {"Uuid", "Integer", "BigInteger", "Float", "Boolean", "Instant"}


def emptied(table: Table) -> dict[str, Any]:
    """What takes the place of a row's personal content: nothing, in the column's own way."""
    names = PERSONAL[table.name].get(Kept.CONTACT, "").split()
    return {name: _nothing(table.c[name]) for name in names}


def about_a_shipment() -> list[Table]:
    """Every table whose rows are about one shipment, besides its own: what is erased with it."""
    return [each for each in metadata.sorted_tables if "shipment_id" in each.c]


def _nothing(column: Column[Any]) -> Any:
    if column.nullable:
        return None
    return {} if isinstance(column.type, JSON) else ""
