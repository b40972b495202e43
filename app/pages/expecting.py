"""When a parcel is expected, for as long as anybody waits for it."""

from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from app.locales import local_date, phrase, time_in_words
from app.pages.shape import ShownEta
from app.pages.tracked import Tracked
from carriers.vocabulary import Status

_ARRIVING = (
    Status.PENDING,
    Status.AWAITING_PICKUP,
    Status.IN_TRANSIT,
    Status.OUT_FOR_DELIVERY,
    Status.FAILED_ATTEMPT,
)
# A span of this length is a whole day of the carrier's, also when clocks change.
_SHORTEST_DAY, _LONGEST_DAY = timedelta(hours=22, minutes=59), timedelta(hours=25)


def expected(tracked: Tracked) -> ShownEta | None:
    """The carrier's estimate, else what the shop promised; none once nothing is on its way any more."""
    shipment, zone = tracked.shipment, tracked.shop.timezone
    if tracked.certain.status not in _ARRIVING:
        return None
    earliest, latest = shipment.eta_from or shipment.eta_to, shipment.eta_to or shipment.eta_from
    if earliest and latest:
        first, last = _days(earliest, latest, zone)
        text = _in_words(tracked, first, last)
        if first == last and timedelta() < latest - earliest < _SHORTEST_DAY:
            text += f", {_clock(earliest, tracked)}–{_clock(latest, tracked)}"
        return ShownEta(first=first, last=last, source="carrier", text=text, past=last < tracked.today)
    if shipment.eta_day:
        return _whole_day(tracked, shipment.eta_day, "carrier")
    promised = shipment.promised_on or (tracked.order.promised_on if tracked.order else None)
    if promised is None or tracked.comes_back:  # nobody was promised what a customer sends back
        return None
    return _whole_day(tracked, promised, "shop")


def _whole_day(tracked: Tracked, day: date, source: Literal["carrier", "shop"]) -> ShownEta:
    return ShownEta(first=day, last=day, source=source, text=tracked.day_text(day), past=day < tracked.today)


def _days(earliest: datetime, latest: datetime, zone: str) -> tuple[date, date]:
    """The days from one instant to the other. A whole day is that day, also where the carrier's zone is another."""
    if _SHORTEST_DAY <= latest - earliest <= _LONGEST_DAY:
        middle = local_date(earliest + (latest - earliest) / 2, zone)
        return middle, middle
    return local_date(earliest, zone), local_date(latest, zone)


def _in_words(tracked: Tracked, first: date, last: date) -> str:
    if first == last:
        return tracked.day_text(first)
    return phrase("page_between", tracked.locale, first=tracked.day_text(first), last=tracked.day_text(last))


def _clock(moment: datetime, tracked: Tracked) -> str:
    return time_in_words(moment.astimezone(ZoneInfo(tracked.shop.timezone)).time(), tracked.locale)
