"""The words of an e-mail: what happened, to whom it is told, and where to look, from the facts of a message.

`told` lists the fields of a payload. Text and HTML say the same and come from the templates beside this file.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from app.channels.letters import AMBER, BLUE, GREEN, Letter, Row, written
from app.channels.notices import notice_for
from app.channels.told import Told, read_told
from app.locales import (
    Facts,
    choose,
    day_in_words,
    label,
    local_date,
    moment_in_words,
    phrase,
    sentence,
    stale_label,
    stale_sentence,
)
from app.locales.saying import said_in
from carriers.vocabulary import Direction, Status, SubStatus

_ACCENTS = {
    Status.DELIVERED: GREEN,
    Status.AVAILABLE_FOR_PICKUP: GREEN,
    Status.RETURNED: GREEN,
    Status.FAILED_ATTEMPT: AMBER,
    Status.EXCEPTION: AMBER,
}
_MOVING = (Status.PENDING, Status.AWAITING_PICKUP, Status.IN_TRANSIT, Status.FAILED_ATTEMPT)


def email_for(payload: Mapping[str, Any]) -> tuple[str, str, str]:
    """Subject, plain text and HTML; ValueError if the payload is not one of e-mail."""
    if "notice" in payload:
        return notice_for(payload)
    told = read_told(payload)
    locale = choose(told.locale)
    letter = _letter(told, locale)
    return written(_subject(told, letter.heading, locale), letter)


def _letter(told: Told, locale: str) -> Letter:
    back = told.direction is Direction.RETURN
    staff = told.audience == "staff"
    if staff:
        footer, button = "staff_footer", "open"
    else:
        footer = "footer_return" if back else "footer"
        button = "follow_return" if back else "follow"
    lead = _lead_to_staff(told, locale) if staff else _lead(told, locale)
    return Letter(
        language=locale.replace("_", "-"),
        brand=told.shop_name,
        heading=_heading(told, locale),
        lead=lead,
        note="" if staff else _note(told, locale),
        place=_place(told, lead),
        button=phrase(button, locale),
        link=told.tracking_page,
        rows=_rows(told, locale, staff=staff),
        footer=phrase(footer, locale, shop=told.shop_name),
        accent=_ACCENTS.get(told.status, BLUE) if told.occasion == "status" else AMBER,
    )


def _place(told: Told, lead: str) -> tuple[str, ...]:
    """Name and address of the place where the recipient can collect the parcel, as far as the sentence lacks them."""
    if told.status is not Status.AVAILABLE_FOR_PICKUP or told.direction is Direction.RETURN or not told.pickup_point:
        return ()
    return tuple(line for line in (told.pickup_point.name, told.pickup_point.address) if line and line not in lead)


def _heading(told: Told, locale: str) -> str:
    match told.occasion:
        case "status":
            return label(told.status, told.sub_status, locale, told.direction)
        case "stale":
            return stale_label(locale)
        case occasion:
            return phrase(occasion, locale)


def _lead(told: Told, locale: str) -> str:
    """What happened, said to the recipient."""
    match told.occasion:
        case "status":
            return sentence(told.status, told.sub_status, locale, told.direction, _facts(told), formal=told.formal)
        case "stale":
            return stale_sentence(locale, _day(told.occurred_at, told.timezone))
        case occasion:
            return phrase(f"recipient_{occasion}", locale)


def _lead_to_staff(told: Told, locale: str) -> str:
    """What happened, said to those who can do something about it."""
    match told.occasion:
        case "status":
            heading = label(told.status, told.sub_status, locale, told.direction)
            return phrase("staff_status", locale, label=heading[0].lower() + heading[1:])
        case "stale":
            return stale_sentence(locale, _day(told.occurred_at, told.timezone))
        case occasion:
            return phrase(f"staff_{occasion}", locale)


def _facts(told: Told) -> Facts:
    return Facts(
        on=_day(told.occurred_at, told.timezone),
        day=_day(told.eta.first or told.eta.last, told.timezone) if told.eta else None,
        place=told.pickup_point.name if told.pickup_point else "",
        amount=told.amount,
        delivered=told.delivered_count,
        parcels=told.parcel_count,
    )


def _expected_days(told: Told, locale: str) -> list[str]:
    """The day on which delivery is expected, or the first and the last; none if nobody knows."""
    if told.eta is None:
        return []
    days = [_day(each, told.timezone) for each in (told.eta.first, told.eta.last)]
    return list(dict.fromkeys(day_in_words(day, locale) for day in days if day))


def _note(told: Told, locale: str) -> str:
    """When delivery is expected, while it is; empty if the sentence says it already."""
    if told.status not in _MOVING or told.sub_status is SubStatus.DELIVERY_SCHEDULED:
        return ""
    match _expected_days(told, locale):
        case [day]:
            return phrase("expected", locale, day=day)
        case [first, last]:
            return phrase("expected_between", locale, first=first, last=last)
    return ""


def _rows(told: Told, locale: str, *, staff: bool) -> tuple[Row, ...]:
    status = label(told.status, told.sub_status, locale, told.direction)
    rows = [
        ("status", status if staff and told.occasion != "status" else "", ""),
        ("order", told.order_reference, ""),
        ("recipient", told.recipient_name if staff else "", ""),
        ("carrier", said_in(locale, told.carrier_name), ""),
        ("number", told.tracking_number, told.carrier_url),
        ("parcels", str(told.parcel_count) if (told.parcel_count or 1) > 1 else "", ""),
        ("expected_day", " – ".join(_expected_days(told, locale)) if staff else "", ""),
        ("words", told.carrier_text if staff else "", ""),
        ("reported", moment_in_words(told.occurred_at, locale, told.timezone) if told.occurred_at else "", ""),
    ]
    return tuple(Row(phrase(name, locale), value, link) for name, value, link in rows if value)


def _subject(told: Told, heading: str, locale: str) -> str:
    facts = {
        "label": heading,
        "order": told.order_reference,
        "carrier": said_in(locale, told.carrier_name),
        "number": told.tracking_number,
    }
    if told.audience == "staff":
        return phrase("subject_staff_order" if told.order_reference else "subject_staff", locale, **facts)
    if told.direction is Direction.RETURN:
        return phrase("subject_return" if told.order_reference else "subject_return_parcel", locale, **facts)
    return phrase("subject_order" if told.order_reference else "subject_parcel", locale, **facts)


def _day(moment: datetime | date | None, zone: str) -> date | None:
    """The reader's day of an instant; a date stays the date it is."""
    return local_date(moment, zone) if isinstance(moment, datetime) else moment
