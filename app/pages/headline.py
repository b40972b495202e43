"""What the page says first: what the status means, since when, and what else there is to know."""

from datetime import date
from zoneinfo import ZoneInfo

from app.locales import Facts, amount_in_words, moment_in_words, phrase, sentence, stale_sentence
from app.pages.shape import ShownEta, ShownEvent, ShownPoint
from app.pages.tracked import Tracked, local_day
from carriers.vocabulary import Status, SubStatus

_NAMES_THE_EVENTS_TOWN = (SubStatus.DEPARTED, SubStatus.ARRIVED)


def lead(tracked: Tracked, shown: tuple[ShownEvent, ...], eta: ShownEta | None, point: ShownPoint | None) -> str:
    """The status in a sentence, with the facts that are known."""
    state, shipment, locale = tracked.certain, tracked.shipment, tracked.locale
    if state.status is Status.PENDING and shown:
        return phrase("page_doubtful", locale)  # "the carrier has not reported anything yet" would be wrong
    decided = tracked.events.get(state.decided_by) if state.decided_by else None
    on = local_day(decided.local_time) if decided else None
    town = (decided.place or {}).get("city", "") if decided else ""
    cash = shipment.cash_on_delivery
    facts = Facts(
        on=on,
        day=eta.first if eta and eta.first == eta.last else None,
        place=town if state.sub_status in _NAMES_THE_EVENTS_TOWN else point.name if point else "",
        amount=amount_in_words(cash["amount"], cash["currency"], locale) if cash else "",
        parcels=shipment.parcel_count,
        today=on is None or on >= tracked.today,
    )
    return sentence(state.status, state.sub_status, locale, shipment.direction, facts)


def since(tracked: Tracked) -> tuple[str, str]:
    """Since when status and sub-status hold, by the carrier's clock (by the shop's while nothing has happened)."""
    state = tracked.certain
    began = tracked.events.get(state.timeline[-1].key) if state.timeline else None
    if began is not None:
        local = began.local_time
    else:
        registered = tracked.shipment.created_at.astimezone(ZoneInfo(tracked.shop.timezone))
        local = registered.replace(tzinfo=None).isoformat(timespec="seconds")
    moment = ", ".join(filter(None, (tracked.day_text(local_day(local)), tracked.clock_text(local))))
    if state.status.final:
        return local, moment[:1].upper() + moment[1:]
    return local, phrase("page_since", tracked.locale, moment=moment)


def notices(tracked: Tracked, shown: tuple[ShownEvent, ...]) -> tuple[str, ...]:
    """What the status does not say: late, without news, a carrier that does not answer, a doubtful last report."""
    said = []
    if tracked.state.doubtful and tracked.certain.status is not Status.PENDING:
        said.append(phrase("page_doubtful", tracked.locale))
    if not tracked.certain.status.final:
        if tracked.shipment.late:
            said.append(phrase("recipient_late", tracked.locale))
        if tracked.shipment.stale:
            said.append(stale_sentence(tracked.locale, _last_news(shown)))
        if tracked.silence and tracked.silence.since:
            moment = moment_in_words(tracked.silence.since, tracked.locale, tracked.shop.timezone)
            said.append(phrase("page_silent", tracked.locale, moment=moment))
        elif tracked.silence:
            said.append(phrase("page_silent_yet", tracked.locale))
    return tuple(said)


def _last_news(shown: tuple[ShownEvent, ...]) -> date | None:
    return local_day(shown[0].local_time) if shown else None
