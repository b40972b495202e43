"""DPD's SOAP: how its services are asked, what a fault says, how long a token lives."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from httpx import AsyncClient, Response
from lxml import etree

from carriers.base import CarrierUnavailable
from carriers.calling import call
from carriers.reading import text_of
from carriers.soap import SOAP, envelope, fill, written
from carriers.times import iso_moment, zone

BRUSSELS = zone("Europe/Brussels")
"""For Amsterdam and Berlin too: all have kept the same time since 1980."""

TYPES = "http://dpd.com/common/service/types"
LIFETIME = 3600.0
"""Seconds that a token is kept of which DPD does not say when it ends."""


class Operation(NamedTuple):
    """A service, its version, and what it is to do."""

    service: str
    version: str
    name: str


LOGIN = Operation("LoginService", "2.1", "getAuth")
TRACKING = Operation("ParcelLifeCycleService", "2.0", "getTrackingData")


class Fault(NamedTuple):
    """A fault of DPD's: its code and text, and whether it is about the login."""

    code: str
    message: str
    of_login: bool


async def soap(
    http: AsyncClient,
    base: str,
    operation: Operation,
    question: Mapping[str, str],
    login: Mapping[str, str] | None = None,
) -> Response:
    """The answer to a question, or a fault, which comes under 500; `login` stands in the head. Raises CarrierError."""
    service, version, name = operation
    types = f"{TYPES}/{service}/{version}"
    whole, head, body = envelope("Header", "Body")
    fill(etree.SubElement(body, f"{{{types}}}{name}"), question)
    if login is not None:
        fill(etree.SubElement(head, f"{{{TYPES}/Authentication/2.0}}authentication"), login)
    answer = await call(
        http,
        "POST",
        f"{base}/soap/services/{service}/V{version.replace('.', '_')}",
        accept=(200, 500),
        with_token=login is not None,
        content=written(whole),
        headers={"Content-Type": "text/xml;charset=UTF-8", "SOAPAction": f"{types}/{name}"},
    )
    if answer.status_code == 500 and b"Fault" not in answer.content:
        raise CarrierUnavailable("the carrier failed (500)")
    return answer


def fault_of(root: etree._Element) -> Fault | None:
    """The fault of an answer, or none; a fault that nothing shows to be DPD's is none."""
    fault = next(root.iter(f"{{{SOAP}}}Fault"), None)
    if fault is None:
        return None
    told = next((each for detail in fault.iter("{*}detail") for each in detail if isinstance(each.tag, str)), None)
    if told is None:
        return None
    code, kind = _text(told, "errorCode"), etree.QName(told)
    if "dpd.com" not in (kind.namespace or "") and not code.startswith("DELICOM"):
        return None
    message = _text(fault, "errorMessage") or _text(fault, "faultstring")
    return Fault(
        code, message, any("AUTH" in word.upper() or "LOGIN" in word.upper() for word in (code, kind.localname))
    )


def seconds_until(ends: str, now: str) -> float:
    """How long a token lives by the clock of the answer that brought it; times without zone are Brussels'."""
    moment = iso_moment(ends, BRUSSELS)
    try:
        lives = (moment.occurred_at - parsedate_to_datetime(now)).total_seconds() if moment else LIFETIME
    except (TypeError, ValueError):
        return LIFETIME
    return lives if lives > 0 else LIFETIME


def _text(element: etree._Element, name: str) -> str:
    return next((text_of(each.text) for each in element.iter(f"{{*}}{name}")), "")
