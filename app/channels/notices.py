"""The words of a notice to the shop: of an import, of messages held back, of an endpoint that fails.

A notice is no rule's: what it says concerns how the service itself does. Its payload has the fields of one class here.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from app.channels.letters import AMBER, BLUE, Letter, Row, written
from app.locales import choose, label, moment_in_words, phrase
from app.locales.saying import said_in
from carriers.vocabulary import Direction, Status, SubStatus


class _Notice(BaseModel):
    model_config = ConfigDict(frozen=True)

    locale: str
    timezone: str = "UTC"
    shop_name: str


class Listed(BaseModel):
    """A shipment in the list of a digest."""

    model_config = ConfigDict(frozen=True)

    carrier_name: str
    number: str
    status: Status
    sub_status: SubStatus | None = None
    direction: Direction = Direction.OUTBOUND
    order_reference: str = ""
    page: str = ""


class ImportDigest(_Notice):
    """Where the shipments of a run of imports are: how many in each status, and a list of the first of them."""

    notice: Literal["import_digest"]
    counts: tuple[tuple[Status, int], ...] = ()
    listed: tuple[Listed, ...] = ()
    failed: int = 0


class MessagesHeld(_Notice):
    """Messages to a recipient are held back, as it has had `count` of at most `limit`."""

    notice: Literal["messages_held"]
    reason: Literal["cap_day", "cap_total"]
    count: int
    limit: int
    held: tuple[tuple[Status, SubStatus | None], ...]
    direction: Direction = Direction.OUTBOUND
    carrier_name: str
    tracking_number: str
    order_reference: str = ""
    tracking_page: str = ""


class EndpointTrouble(_Notice):
    """An endpoint fails, or has been switched off for it."""

    notice: Literal["endpoint_failing", "endpoint_disabled"]
    endpoint_id: str
    url: str
    since: AwareDatetime | None = None
    failures: int = 0
    reason: str = ""
    last_error: str = ""


class AccountDisabled(_Notice):
    """A carrier refuses an account's credentials, so nothing more is asked by it; `since` it answered last."""

    notice: Literal["account_disabled"]
    account_id: str
    account_name: str
    carrier_name: str
    since: AwareDatetime | None = None
    last_error: str = ""


_AnyNotice = ImportDigest | MessagesHeld | EndpointTrouble | AccountDisabled
_NOTICES: TypeAdapter[_AnyNotice] = TypeAdapter(Annotated[_AnyNotice, Field(discriminator="notice")])


def notice_for(payload: Mapping[str, Any]) -> tuple[str, str, str]:
    """Subject, plain text and HTML; ValueError names the fields that are wrong, and shows nothing of them."""
    try:
        notice = _NOTICES.validate_python(payload)
    except ValidationError as error:
        fields = ", ".join(sorted({str(each["loc"][-1]) for each in error.errors() if each["loc"]}))
        raise ValueError(f"the message's payload is not one of a notice: {fields}") from None
    locale = choose(notice.locale)
    match notice:
        case ImportDigest():
            return _digest(notice, locale)
        case MessagesHeld():
            return _held(notice, locale)
        case EndpointTrouble():
            return _trouble(notice, locale)
        case AccountDisabled():
            return _disabled(notice, locale)


def _digest(notice: ImportDigest, locale: str) -> tuple[str, str, str]:
    total = sum(count for _, count in notice.counts)
    rows = [Row(phrase("notice_import_total", locale), str(total))]
    rows += [Row(label(status, None, locale), str(count)) for status, count in notice.counts]
    items = [
        Row(
            f"{said_in(locale, each.carrier_name)} {each.number}",
            _standing(each, locale),
            each.page if _is_link(each.page) else "",
        )
        for each in notice.listed
    ]
    if total > len(items) and items:
        items.append(Row(phrase("notice_more", locale), str(total - len(items))))
    heading = phrase("notice_import", locale)
    refused = phrase("notice_import_refused", locale, count=str(notice.failed)) if notice.failed else ""
    letter = _letter(notice, locale, heading, phrase("notice_import_lead", locale), rows)
    letter = letter._replace(note=refused, items=tuple(items))
    return written(phrase("subject_notice_import", locale, label=heading, total=str(total)), letter)


def _standing(each: Listed, locale: str) -> str:
    standing = label(each.status, each.sub_status, locale, each.direction)
    return f"{standing} · {phrase('order', locale)} {each.order_reference}" if each.order_reference else standing


def _held(notice: MessagesHeld, locale: str) -> tuple[str, str, str]:
    heading = phrase("notice_held", locale)
    lead = "notice_held_day" if notice.reason == "cap_day" else "notice_held_total"
    what = dict.fromkeys(label(status, sub_status, locale, notice.direction) for status, sub_status in notice.held)
    carrier = said_in(locale, notice.carrier_name)
    rows = (
        Row(phrase("notice_held_what", locale), ", ".join(what)),
        Row(phrase("order", locale), notice.order_reference),
        Row(phrase("carrier", locale), carrier),
        Row(phrase("number", locale), notice.tracking_number),
    )
    said = phrase(lead, locale, count=str(notice.count), limit=str(notice.limit))
    letter = _letter(notice, locale, heading, said, rows)
    if _is_link(notice.tracking_page):
        letter = letter._replace(button=phrase("open", locale), link=notice.tracking_page)
    facts = {"label": heading, "order": notice.order_reference, "carrier": carrier}
    subject = "subject_staff_order" if notice.order_reference else "subject_staff"
    return written(phrase(subject, locale, number=notice.tracking_number, **facts), letter)


def _trouble(notice: EndpointTrouble, locale: str) -> tuple[str, str, str]:
    off = notice.notice == "endpoint_disabled"
    heading = phrase("notice_off" if off else "notice_failing", locale)
    since = moment_in_words(notice.since, locale, notice.timezone) if notice.since else ""
    rows = (
        Row(phrase("notice_endpoint", locale), notice.url),
        Row(phrase("notice_off_why", locale), said_in(locale, notice.reason)),
        Row(phrase("notice_since", locale), since),
        Row(phrase("notice_failures", locale), str(notice.failures or "")),
        Row(phrase("notice_last_error", locale), said_in(locale, notice.last_error)),
    )
    if off:
        lead = phrase("notice_off_lead", locale, id=notice.endpoint_id)
    else:
        lead = phrase("notice_failing_lead", locale, moment=since)
    letter = _letter(notice, locale, heading, lead, rows)
    return written(heading, letter)


def _disabled(notice: AccountDisabled, locale: str) -> tuple[str, str, str]:
    heading = phrase("notice_account", locale, carrier=notice.carrier_name)
    since = moment_in_words(notice.since, locale, notice.timezone) if notice.since else ""
    rows = (
        Row(phrase("carrier", locale), notice.carrier_name),
        Row(phrase("notice_account_name", locale), notice.account_name),
        Row(phrase("notice_account_since", locale), since),
        Row(phrase("notice_last_error", locale), said_in(locale, notice.last_error)),
    )
    lead = phrase("notice_account_lead", locale, id=notice.account_id, carrier=notice.carrier_name)
    return written(heading, _letter(notice, locale, heading, lead, rows))


def _letter(notice: _Notice, locale: str, heading: str, lead: str, rows: Sequence[Row]) -> Letter:
    return Letter(
        language=locale.replace("_", "-"),
        brand=notice.shop_name,
        heading=heading,
        lead=lead,
        rows=tuple(row for row in rows if row.value),
        footer=phrase("staff_footer", locale, shop=notice.shop_name),
        accent=BLUE if isinstance(notice, ImportDigest) else AMBER,
    )


def _is_link(text: str) -> bool:
    return text.startswith(("https://", "http://"))
