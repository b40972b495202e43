"""What a settled shipment calls for: webhooks for machines, letters for people. Rows only; nothing is sent here."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.database import Session
from app.intake.change import Change
from app.locales import amount_in_words, choose
from app.outbox import notices
from app.outbox.ledger import NOTHING_TOLD, Past, ToldSoFar, past_of
from app.outbox.notices import Notice
from app.outbox.putting import Announcement, address_known, letters, put_letters, put_webhooks, webhooks
from app.shipments import answer
from app.shipments.shipment import Shipment
from app.triggers import Audience, Decision, NotSent, Situation, decide
from app.triggers.deciding import DAY_CAP, TOTAL_CAP
from carriers import carriers
from carriers.own import Own

BACKFILL = timedelta(hours=48)
"""A webhook about an event older than this says `backfill`."""


async def past(db: Session, changes: Sequence[Change]) -> Past:
    """What has been told of the shipments, before these changes."""
    return await past_of(db, [(each.after.company_id, each.after.id) for each in changes if _may_know(each)])


def _may_know(change: Change) -> bool:
    """Before its first status nothing has been told of a shipment, unless that it is late or stale."""
    return bool(change.before.version or change.before.late or change.before.stale)


async def tell_all(db: Session, changes: Sequence[Change], past: Past) -> None:
    """Queue what machines and people are to hear of the changes."""
    await put_webhooks(
        db,
        [
            row
            for change in changes
            if change.to.endpoints
            for row in webhooks(db, change.to, change.after, _announcements(change, db.now))
        ],
    )
    rows: list[dict[str, Any]] = []
    for change in changes:
        before = past.of(change.after, change.to.rules, db.now) if _may_know(change) else NOTHING_TOLD
        decisions = _decisions(change, before, db.now)
        rows += _letters(db, change, decisions)
        if held := held_back(change, decisions, before, db.now):
            await notices.put(db, change.to.shop, [held])
    await put_letters(db, rows)


def _announcements(change: Change, now: datetime) -> Iterator[Announcement]:
    after, marks = change.after, change.marks
    new = [change.recorded.events[key] for key in change.recorded.new]
    eta_changed = _eta(after) != _eta(change.before)
    if not (new or change.moved or eta_changed or marks.late or marks.stale):
        return
    data = webhook_data(change, now)
    about = after.decided_by, _news_at(change, after.decided_by)
    if change.moved:
        imported = change.first and change.before.imported
        yield Announcement(
            "shipment.imported" if imported else "shipment.status_changed", str(after.version), data, *about
        )
        if change.replay or (change.correction and change.before.status.final):
            yield Announcement("shipment.corrected", str(after.version), data, *about)
    elif new:
        newest = max(new, key=lambda event: (event.occurred_at, event.key))
        yield Announcement("shipment.event_added", newest.key, data, newest.key, _news_at(change, newest.key))
    if eta_changed:
        distinct = ":".join(map(str, (after.version, *_eta(after))))
        yield Announcement("shipment.eta_changed", distinct, data)
    if marks.late:
        yield Announcement("shipment.late", str(marks.late), data)
    if marks.stale:
        yield Announcement("shipment.stale", str(after.last_news_at), data)


def webhook_data(change: Change, now: datetime) -> dict[str, Any]:
    """A shipment as webhooks carry it: as the API answers it, with what is new, without anybody's personal details."""
    after = change.after
    data = shipment_data(after, change.page, change.to.shop.locale)
    new = [change.recorded.events[key] for key in change.recorded.new]
    data |= {
        "previous_status": change.before.status,
        "previous_sub_status": change.before.sub_status,
        "new_events": [answer.shown_event(event, None, after.carrier) for event in new[-50:]],
        "backfill": after.decided_at is not None and now - after.decided_at > BACKFILL,
        "correction": change.correction,
    }
    return data


def shipment_data(shipment: Shipment, page: str, locale: str) -> dict[str, Any]:
    """The part of a webhook's data that is the shipment itself."""
    data = answer.summary(shipment, page, locale)
    for personal in ("recipient", "buyer", "cash_on_delivery"):
        del data[personal]
    return data


def _decisions(change: Change, past: ToldSoFar, now: datetime) -> list[Decision]:
    after, to = change.after, change.to
    situation = Situation(
        state=change.state,
        direction=after.direction,
        live=to.shop.live,
        address_known=address_known(to.shop, after),
        # One step can be news; a whole history at once is an import.
        first_import=change.before.version == 0 and (change.before.imported or len(change.state.timeline) > 1),
        told_today=past.today,
        told_total=past.total,
        late=change.marks.late,
        stale=change.marks.stale,
    )
    decisions = decide(situation, to.rules, past.told, now)
    if change.replay:
        return [replace(each, send_at=None, reason=NotSent.REPLAY) for each in decisions]
    return decisions


def _letters(db: Session, change: Change, decisions: Sequence[Decision]) -> list[dict[str, Any]]:
    written = {each.rule.audience: letter(change, each.rule.audience) for each in decisions}
    return letters(db, change.after, decisions, written, _news_at(change, change.after.decided_by))


def _news_at(change: Change, key: str | None) -> datetime | None:
    """When the event occurred, if it is news: it has just come, and happened after the shop posted the parcel."""
    if change.replay or key not in change.recorded.new:
        return None
    at = change.recorded.events[key].occurred_at
    return at if at >= change.after.created_at else None


def held_back(change: Change, decisions: Sequence[Decision], past: ToldSoFar, now: datetime) -> Notice | None:
    """What the shop is told when its recipient has had the most messages there may be; once a day of the shop's."""
    reasons = [each.reason for each in decisions if each.reason in (NotSent.CAP_DAY, NotSent.CAP_TOTAL)]
    if not reasons:
        return None
    after, shop = change.after, change.to.shop
    sent = sum(1 for each in decisions if each.reason is None and each.rule.audience is Audience.RECIPIENT)
    of_all = past.total + sent >= TOTAL_CAP
    facts = {
        "reason": (NotSent.CAP_TOTAL if of_all else NotSent.CAP_DAY).value,
        "count": (past.total if of_all else past.today) + sent,
        "limit": TOTAL_CAP if of_all else DAY_CAP,
        "held": [(after.status.value, after.sub_status.value if after.sub_status else None)],
        "direction": after.direction.value,
        "carrier_name": carriers()[after.carrier].name,
        "tracking_number": after.number,
        "order_reference": after.order_reference or "",
        "tracking_page": change.page,
    }
    day = now.astimezone(ZoneInfo(shop.timezone)).date()
    return Notice("messages_held", after.id, str(day), facts, after.version)


def letter(change: Change, audience: Audience) -> dict[str, Any]:
    """What an e-mail about the shipment's present state is written from; JSON values only."""
    shipment, shop = change.after, change.to.shop
    for_recipient = audience is Audience.RECIPIENT
    recipient, cash = shipment.recipient or {}, shipment.cash_on_delivery
    locale = choose(recipient.get("locale") if for_recipient else None, shop.locale)
    decided = change.recorded.events.get(shipment.decided_by or "")
    return {
        "audience": audience.value,
        "to": shipment.recipient_email if for_recipient else shop.staff_mail,
        "sender": shop.mail_from or change.installation.settings.mail_from,
        "locale": locale,
        "timezone": shop.timezone,
        "status": shipment.status.value,
        "sub_status": shipment.sub_status.value if shipment.sub_status else None,
        "direction": shipment.direction.value,
        "occurred_at": shipment.decided_at.isoformat() if shipment.decided_at else None,
        "shop_name": shop.name,
        # "Own carrier" is a name for the shop: to a recipient it says nothing, as on the tracking page.
        "carrier_name": "" if for_recipient and shipment.carrier == Own.slug else carriers()[shipment.carrier].name,
        "tracking_number": shipment.number,
        "order_reference": shipment.order_reference,
        "recipient_name": recipient.get("name", ""),
        "tracking_page": change.page,
        "carrier_url": answer.carrier_page(shipment),
        "pickup_point": shipment.pickup_point or shipment.carrier_pickup_point or None,
        "eta": _eta_in_json(shipment),
        "parcel_count": shipment.parcel_count,
        "amount": amount_in_words(cash["amount"], cash["currency"], locale) if cash else "",
        "carrier_text": decided.text if decided else "",
    }


def _eta(shipment: Shipment) -> tuple[date | None, ...]:
    return shipment.eta_from, shipment.eta_to, shipment.eta_day


def _eta_in_json(shipment: Shipment) -> dict[str, str | None] | None:
    expected = answer.eta(shipment)
    return expected and {end: expected[end] and expected[end].isoformat() for end in ("from", "to")}
