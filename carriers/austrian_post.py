"""Austrian Post: the answers of its tracking page are read; nothing is asked, for the label service of customers has no
tracking and no other interface for them is public.

Codes: carriers/tables/austrian_post.csv, the states of the page. Their keys are written `inDelivery` and meant as
IN_DELIVERY; DELIVERY_INTERUPTED lacks an R also there.

Quirks: events run newest first; times are Vienna's without saying so. What is around the events, texts, places and
errors: a public client of the page (ha-oesterreichische-post, read on 2026-11-22). The sender and the address that the
answer has are not read.
"""

import re
from collections.abc import Mapping

from carriers.base import Carrier, UnreadablePayload, meant
from carriers.event import Parcel, Place, Said, TrackingEvent
from carriers.reading import Json, at, dicts, json_object, text_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.tables import table_file
from carriers.times import iso_moment, zone
from carriers.zones import country_coded

VIENNA = zone("Europe/Vienna")
WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
"""Where a new word begins in `readyForPickUp`."""
WRONG_NUMBER = "INVALID_ARGUMENT_IDENTITY_CODE"


class AustrianPost(Carrier):
    """Austrian Post's letters and parcels."""

    slug, name, website = "austrian_post", "Austrian Post", "https://www.post.at"
    home = "AT"
    number_patterns = ("[A-Z]{2}[0-9]{9}AT",)
    number_form, example = "[0-9A-Z]{8,30}", "RR123456785AT"
    confidence = "low"
    unsaid = (("many_parcels", "its answer has room for one"),)
    table = table_file("austrian_post.csv")

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcel of an answer, bare or in its envelope; none for an error."""
        said = json_object(body)
        inside = said.get("data")
        shipment = inside.get("einzelsendung") if isinstance(inside, dict) else said
        if isinstance(shipment, dict) and "sendungsEvents" in shipment:
            return [_parcel(shipment)]
        if any(at(error, "extensions", "code") == WRONG_NUMBER for error in dicts(said.get("errors"))):
            return []
        if shipment is None and isinstance(inside, dict) and "einzelsendung" in inside:
            return [] if said.get("errors") else [Parcel("", not_found=True)]
        raise UnreadablePayload("no answer of Austrian Post's tracking page")

    def tracking_url(self, number: str) -> str:
        return f"{self.website}/s/sendungsdetails?snr={number}"


def _parcel(said: Mapping[str, Json]) -> Parcel:
    number, original = (text_of(said.get(f"{which}IdentityCode"), 64) for which in ("active", "original"))
    events = [event for each in dicts(said["sendungsEvents"]) if (event := _event(each.get))]
    return Parcel(
        number or original, numbered(events), aliases=(original,) if number and original not in ("", number) else ()
    )


def _event(get: Json) -> TrackingEvent | None:
    moment = iso_moment(get("timestamp"), VIENNA)
    told = _said(get("trackingStateKey"), get("textEn"), get("text"))
    place = _place(get("eventPlaceName"), get("eventpostalcode"), get("eventcountry"))
    return told.at(moment, place) if moment and (told.code or told.text) else None


@remembered
def _said(given: Json, english: Json, german: Json) -> Said:
    code = WORDS.sub("_", text_of(given, 60)).upper()
    return meant(AustrianPost.table.find(code), code, text=text_of(english) or text_of(german))


@remembered
def _place(city: Json, postcode: Json, country: Json) -> Place | None:
    return Place(text_of(city, 100), text_of(postcode, 20), country=country_coded(text_of(country))) or None
