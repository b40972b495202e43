"""Swiss Post: what consumers see of their items is read; nothing is asked, for no interface of customers is confirmed.

Codes: carriers/tables/swiss_post.csv, the states of an item (`globalStatus`), which are all that is known: of the codes
of events (`PARCEL.*.1.6`, `PST`) no list is public, so they keep their words and move nothing (the list `event`). The
state is an event of its own: at the time of the delivery or the last event, where the item says it, else at that of its
newest event.

Quirks: times come with an offset and without; those are Zürich's. The timeline is told by an answer of its own (`Data`,
`History`), which has no state. Names of fields: a public client (ha-swiss-post, read on 2026-11-22). An unknown number
is an empty list, which could be anybody's. Addressees are not read.
"""

from collections.abc import Mapping, Sequence

from carriers.base import Carrier, UnreadablePayload, meant
from carriers.event import Moment, Parcel, Place, Said, TrackingEvent
from carriers.reading import Json, dicts, json_of, text_of
from carriers.remembering import remembered
from carriers.sequence import last_of, numbered
from carriers.tables import table_file
from carriers.times import iso_moment, zone
from carriers.vocabulary import Status

ZURICH = zone("Europe/Zurich")


class SwissPost(Carrier):
    """Swiss Post's parcels and letters."""

    slug, name, website = "swiss_post", "Swiss Post", "https://www.post.ch"
    home = "CH"
    number_patterns = ("[A-Z]{2}[0-9]{9}CH",)
    number_form, example = r"[0-9A-Z.]{8,30}", "RR123456785CH"
    confidence = "low"
    unsaid = (
        ("not_found", "an unknown number is an empty list"),
        ("error", "what it says when something is wrong is not known"),
    )
    table = table_file("swiss_post.csv")

    def parse(self, body: bytes) -> list[Parcel]:
        """The items of an answer, or those of a timeline."""
        said = json_of(body)
        items = [each for each in dicts(said) if "globalStatus" in each]
        if items:
            return [_item(each) for each in items]
        timelines = dicts(said.get("Data")) if isinstance(said, dict) else []
        if not timelines or any("History" not in each for each in timelines):
            raise UnreadablePayload("neither an item of Swiss Post nor its timeline")
        return [Parcel(text_of(each.get("Identifier"), 64), _events(each["History"])) for each in timelines]

    def tracking_url(self, number: str) -> str:
        return f"https://service.post.ch/ekp-web/ui/entry/search/{number}"


def _item(said: Mapping[str, Json]) -> Parcel:
    events = _events(said.get("events"))
    head = _head(said, events)
    return Parcel(text_of(said.get("shipmentNumber"), 64), (head, *events) if head else events)


def _head(said: Mapping[str, Json], events: Sequence[TrackingEvent]) -> TrackingEvent | None:
    """The item's state as an event; none where nothing says when."""
    told = _state(said["globalStatus"])
    if not told.code:
        return None
    names = ("deliveryDate", "lastEventDateTime") if told.status is Status.DELIVERED else ("lastEventDateTime",)
    moment = next((moment for name in names if (moment := _moment(said.get(name)))), None)
    newest = last_of(events)
    if moment is None:
        return told.at(newest.moment, newest.place, newest.sequence + 1) if newest else None
    same = newest is not None and newest.moment.occurred_at == moment.occurred_at
    return told.at(moment, None, newest.sequence + 1 if newest and same else 0)


def _events(listed: Json) -> tuple[TrackingEvent, ...]:
    return numbered([event for each in dicts(listed) if (event := _event(each.get))])


def _event(get: Json) -> TrackingEvent | None:
    moment = _moment(get("timestamp")) or _moment(get("TimeStamp"))
    told = _said(get("eventCode"), get("Status"), get("description"), get("Description"))
    place = _place(get("city"), get("City"), get("zip"))
    return told.at(moment, place) if moment and (told.code or told.text) else None


def _moment(given: Json) -> Moment | None:
    return iso_moment(given, ZURICH)


@remembered
def _state(given: Json) -> Said:
    code = text_of(given, 60).upper()
    return meant(SwissPost.table.find(code), code)


@remembered
def _said(code: Json, status: Json, text: Json, description: Json) -> Said:
    code = text_of(code, 60) or text_of(status, 60)
    return meant(None, code, "event", text=text_of(text) or text_of(description))


@remembered
def _place(city: Json, other: Json, postcode: Json) -> Place | None:
    return Place(text_of(city, 100) or text_of(other, 100), text_of(postcode, 20)) or None
