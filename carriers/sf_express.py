"""SF Express: the route query of its open platform, ten waybills a call, signed; pushed routes are only read.

Codes: in the class, what public clients show, for the platform's own list was not read. The secondary code decides,
finer by the operation's where it says only that a parcel moves (`201/31`); the operation's decides where there is no
secondary one that is listed. What the platform's errors mean, and ten numbers a call: its general specification, as
kept in public clients on GitHub (read 2026-11-22).

Quirks: the answer is JSON in a string of JSON. The digest is over the very text that is sent, encoded as Java does.
A number of another account is answered without routes unless the phone's last digits fit: it may be known all the
same. Times have no zone and are China's. How pushes are acknowledged is not confirmed, so none are taken. Remarks name
couriers and who signed: the status's name is shown, or the remark without them.

The older interface's XML (`RouteService`, `RoutePushService`), whose events are attributes, is read, but not asked:
after its public clients, 2026-11.
"""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import md5
from urllib.parse import quote_plus
from uuid import uuid4

import orjson
from httpx import AsyncClient
from lxml import etree
from pydantic import Field, SecretStr

from carriers.base import (
    Account,
    Answer,
    Carrier,
    CarrierError,
    CarrierUnavailable,
    Credentials,
    CredentialsRefused,
    RateLimit,
    RateLimited,
    RequestRefused,
    UnreadablePayload,
    meant,
)
from carriers.calling import call, milliseconds
from carriers.event import Parcel, Place, Said, TrackingEvent
from carriers.people import unnamed
from carriers.reading import Json, at, dicts, json_object, local_name, object_at, opening, text_of, xml_of
from carriers.remembering import remembered
from carriers.sequence import numbered
from carriers.tables import Says, table
from carriers.times import iso_moment, zone
from carriers.vocabulary import Status, SubStatus
from carriers.xml_tree import tree_of

SHANGHAI = zone("Asia/Shanghai")
ERRORS: dict[str, type[CarrierError]] = {
    "A1003": CredentialsRefused,  # not from this address
    "A1004": CredentialsRefused,  # no right to the service
    "A1005": RateLimited,
    "A1006": CredentialsRefused,  # the digest is wrong
    "A1009": CarrierUnavailable,  # what stands behind the platform
    "A1011": CredentialsRefused,
    "A1099": CarrierUnavailable,
}
"""Results of the platform other than A1000; any other is about the question."""
OLDER = {"accept_time": "acceptTime", "accept_address": "acceptAddress", "opcode": "opCode"}
"""What the older interface (XML) calls the fields of an event."""

NO_ROUTES = "SF Express tells nothing: the number is not known, or belongs to an account with other phone digits"


class SfExpressCredentials(Credentials):
    """A customer code of the open platform and its check word.

    `phone_digits`: the last four of the sender's telephone number, for waybills that are not of this account.
    """

    partner_id: str = Field(min_length=1)
    check_word: SecretStr = Field(min_length=1)
    phone_digits: str = Field(default="", pattern="^([0-9]{4})?$")
    language: str = Field(default="en", pattern="^(en|zh-CN)$")


class SfExpress(Carrier):
    """SF Express (顺丰): parcels in China and from there."""

    slug, name, website = "sf_express", "SF Express", "https://www.sf-express.com"
    number_patterns = ("SF[0-9]{13}", "[0-9]{12}")
    number_form, example = "[0-9A-Z]{10,20}", "SF1000000000001"
    credentials = SfExpressCredentials
    base_url = "https://sfapi.sf-express.com"
    batch_size = 10
    rate = RateLimit(1, 1.0)
    confidence = "low"
    unsaid = (("dst_nights", "its times are China's, whose clocks never change"),)
    table = table(
        {
            ("secondary", "101"): Says(Status.IN_TRANSIT, SubStatus.PICKED_UP),
            ("secondary", "201"): Says(Status.IN_TRANSIT),
            ("secondary", "201/30"): Says(Status.IN_TRANSIT, SubStatus.DEPARTED),  # sorted, about to be sent on
            ("secondary", "201/31"): Says(Status.IN_TRANSIT, SubStatus.ARRIVED),
            ("secondary", "201/36"): Says(Status.IN_TRANSIT, SubStatus.DEPARTED),
            ("secondary", "201/105"): Says(Status.IN_TRANSIT),  # on the road or in the air
            ("secondary", "201/106"): Says(Status.IN_TRANSIT, SubStatus.ARRIVED),
            ("secondary", "201/310"): Says(Status.IN_TRANSIT, SubStatus.ARRIVED, doubtful=True),  # or released
            ("secondary", "204"): Says(Status.IN_TRANSIT, SubStatus.CUSTOMS),
            ("secondary", "205"): Says(Status.IN_TRANSIT, SubStatus.CUSTOMS_CLEARED),
            ("secondary", "301"): Says(Status.OUT_FOR_DELIVERY),
            ("secondary", "401"): Says(Status.DELIVERED, SubStatus.TO_RECIPIENT),
            ("secondary", "1301"): Says(Status.IN_TRANSIT, SubStatus.AT_DESTINATION_DEPOT, doubtful=True),
            "30": Says(Status.IN_TRANSIT, SubStatus.DEPARTED),
            "31": Says(Status.IN_TRANSIT, SubStatus.ARRIVED),
            "36": Says(Status.IN_TRANSIT, SubStatus.DEPARTED),
            "44": Says(Status.OUT_FOR_DELIVERY),
            "50": Says(Status.IN_TRANSIT, SubStatus.PICKED_UP),
            "54": Says(Status.IN_TRANSIT, SubStatus.PICKED_UP),
            "70": Says(Status.IN_TRANSIT, SubStatus.AT_DESTINATION_DEPOT, doubtful=True),  # or a vain attempt
            "80": Says(Status.DELIVERED, SubStatus.TO_RECIPIENT),
            "105": Says(Status.IN_TRANSIT),
            "106": Says(Status.IN_TRANSIT, SubStatus.ARRIVED),
            "130": Says(Status.IN_TRANSIT, SubStatus.AT_DESTINATION_DEPOT),
            "204": Says(Status.OUT_FOR_DELIVERY),
            "310": Says(Status.IN_TRANSIT, SubStatus.ARRIVED, doubtful=True),
            "407": Says(Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT, doubtful=True),
            "501": Says(Status.IN_TRANSIT),
            "605": Says(Status.IN_TRANSIT, SubStatus.CUSTOMS),
            "631": Says(Status.EXCEPTION, SubStatus.RETURNING, doubtful=True),
            "99": Says(doubtful=True),  # these five are seen, and nobody knows for certain what they say
            "123": Says(doubtful=True),
            "607": Says(doubtful=True),
            "648": Says(doubtful=True),
            "8000": Says(doubtful=True),
        }
    )

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call; an error inside the answer is told."""
        known = SfExpressCredentials.of(account)
        answer = await call(
            http,
            "POST",
            f"{account.base_url or self.base_url}/std/service",
            data=_question(known, ["".join(number.split()) for number in numbers]),
            headers={"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"},
        )
        said = json_object(answer.content)
        result = text_of(said.get("apiResultCode"), 20)
        if result != "A1000":
            raise ERRORS.get(result, RequestRefused)(f"SF Express says {result}")
        told = _told(said)
        if not _answers(told):
            raise RequestRefused(f"SF Express refuses the question ({text_of(told.get('errorCode'), 20)})")
        return [Answer(answer.content, tuple(numbers))]

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcels of an answer or push, none for an error."""
        if opening(body) == b"<":
            return list(_of_xml(xml_of(body)))
        said = json_object(body)
        if "WaybillRoute" in (pushed := object_at(said, "Body") or said):
            return list(_pushed(dicts(pushed["WaybillRoute"])))
        if "apiResultCode" not in said and not ("routeResps" in object_at(said, "msgData") and "success" in said):
            raise UnreadablePayload("neither an answer nor a push of SF Express")
        if text_of(said.get("apiResultCode", "A1000"), 20) != "A1000":
            return []
        told = _told(said)
        if not _answers(told):
            return []
        asked = dicts(at(told, "msgData", "routeResps"))
        return [_parcel(text_of(each.get("mailNo"), 40), dicts(each.get("routes"))) for each in asked] or [
            _parcel("", [])
        ]


def _of_xml(root: etree._Element) -> Iterator[Parcel]:
    """The parcels of the older interface's answer or push, whose events are attributes; none for an error."""
    kind = (local_name(root), root.get("service"))
    if kind == ("Request", "RoutePushService"):
        yield from _pushed(_trees(root, "WaybillRoute"))
    elif kind != ("Response", "RouteService"):
        raise UnreadablePayload("neither an answer nor a push of SF Express")
    elif text_of(root.findtext("{*}Head")) == "OK":
        for each in _trees(root, "RouteResponse") or [{}]:
            routes = [{OLDER.get(name, name): value for name, value in row.items()} for row in dicts(each.get("Route"))]
            yield _parcel(text_of(each.get("mailno"), 40), routes)


def _trees(root: etree._Element, name: str) -> list[dict[str, Json]]:
    return [tree for element in root.iter(f"{{*}}{name}") if isinstance(tree := tree_of(element), dict)]


def _told(said: dict[str, Json]) -> dict[str, Json]:
    """The business answer, which stands as a string in the platform's."""
    inner = said.get("apiResultData", said)
    if isinstance(inner, str):
        inner = json_object(inner.encode())
    if not isinstance(inner, dict) or "success" not in inner:
        raise UnreadablePayload("an answer of SF Express without its data")
    return inner


def _answers(told: dict[str, Json]) -> bool:
    return text_of(told.get("errorCode") or "S0000", 20) == "S0000" and told["success"] not in (False, "false")


def _parcel(number: str, routes: Sequence[dict[str, Json]]) -> Parcel:
    events = numbered([event for each in routes if (event := _event(each))])
    return Parcel(number, events, not_found=not routes, note="" if routes else NO_ROUTES)


def _pushed(routes: Sequence[dict[str, Json]]) -> Iterator[Parcel]:
    """A parcel for each waybill, in the order in which they are first told."""
    by_number: dict[str, list[dict[str, Json]]] = {}
    for each in routes:
        by_number.setdefault(text_of(each.get("mailno") or each.get("mailNo"), 40), []).append(each)
    return (_parcel(number, each) for number, each in by_number.items())


def _event(said: dict[str, Json]) -> TrackingEvent | None:
    get = said.get
    moment = iso_moment(get("acceptTime"), SHANGHAI)
    told = _said(get("opCode"), get("secondaryStatusCode"), get("secondaryStatusName"), get("remark"))
    return told.at(moment, _place(get("acceptAddress"))) if moment and (told.code or told.text) else None


@remembered
def _said(given: Json, coarse: Json, named: Json, remark: Json) -> Said:
    code, secondary, find = text_of(given, 20), text_of(coarse, 20), SfExpress.table.find
    row = find(f"{secondary}/{code}", within="secondary") or find(secondary, within="secondary")
    text = text_of(named) or unnamed(text_of(remark))
    context = f"secondary {secondary}" if secondary and code else ""
    return meant(row or find(code), code or secondary, "secondary" if secondary and not code else "", context, text)


@remembered
def _place(given: Json) -> Place | None:
    return Place(text_of(given, 100)) or None


def _question(known: SfExpressCredentials, numbers: Sequence[str]) -> dict[str, str]:
    asked = {"language": known.language, "trackingType": 1, "trackingNumber": numbers, "methodType": 1}
    if known.phone_digits:
        asked["checkPhoneNo"] = known.phone_digits
    message, stamp = orjson.dumps(asked).decode(), str(milliseconds())
    return {
        "partnerID": known.partner_id,
        "requestID": str(uuid4()),
        "serviceCode": "EXP_RECE_SEARCH_ROUTES",
        "timestamp": stamp,
        "msgData": message,
        "msgDigest": digest(message, stamp, known.check_word.get_secret_value()),
    }


def digest(message: str, stamp: str, check_word: str) -> str:
    """The signature of a message: MD5 in Base64 over all three, encoded as Java's URLEncoder does."""
    encoded = quote_plus(f"{message}{stamp}{check_word}", safe="*").replace("~", "%7E")
    return b64encode(md5(encoded.encode(), usedforsecurity=False).digest()).decode()
