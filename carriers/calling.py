"""Calling a carrier: HTTP as it goes wrong becomes the contract's errors, here and nowhere else."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from httpx import AsyncClient, HTTPError, InvalidURL, Response

from carriers.base import (
    CarrierUnavailable,
    CredentialsRefused,
    RateLimited,
    RequestRefused,
    TokenRefused,
    UnreadablePayload,
)
from carriers.reading import MAX_BODY

LONGEST_WAIT = 30 * 86_400.0
"""Seconds: a carrier that asks for more patience than this has made a mistake."""


async def call(
    http: AsyncClient,
    method: str,
    url: str,
    *,
    accept: tuple[int, ...] = (200,),
    with_token: bool = False,
    **request: Any,
) -> Response:
    """Send a request and return the answer if its status is one of `accept`; raises CarrierError otherwise.

    `accept` names the statuses whose body `parse` understands (a carrier's 404 for an unknown number, say);
    `with_token` turns a 401 into TokenRefused, so that the caller gets a new token. `request` is handed to httpx.
    """
    try:
        answer = await http.request(method, url, **request)
    except HTTPError as error:
        raise CarrierUnavailable(f"no answer: {type(error).__name__}") from error
    except (InvalidURL, ValueError) as error:  # a value that no address or header can hold
        raise RequestRefused(f"the request cannot be written: {type(error).__name__}") from error
    status = answer.status_code
    if status in accept:
        if len(answer.content) > MAX_BODY:
            raise UnreadablePayload(f"an answer of {len(answer.content)} bytes: at most {MAX_BODY} are read")
        return answer
    if status == 429:
        raise RateLimited("the carrier limits our calls (429)", retry_after(answer))
    if status >= 500:
        if status == 503 and (wait := retry_after(answer)) is not None:
            raise RateLimited("the carrier asks to come back later (503)", wait)
        raise CarrierUnavailable(f"the carrier failed ({status})")
    if status == 401 and with_token:
        raise TokenRefused("the carrier refuses our token (401)")
    if status in (401, 403):
        raise CredentialsRefused(f"the carrier refuses our credentials ({status})")
    if 300 <= status < 400:
        raise CarrierUnavailable(f"the carrier redirects ({status}); redirects are not followed")
    raise RequestRefused(f"the carrier refuses the request ({status})")


def milliseconds() -> int:
    """The time of a question since 1970, for carriers that want it stamped or signed."""
    return int(datetime.now(UTC).timestamp() * 1000)


def retry_after(answer: Response) -> float | None:
    """The seconds of `Retry-After`, as a number or as an HTTP date, at most `LONGEST_WAIT`; none if unreadable."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        return min(float(value), LONGEST_WAIT)
    when = _http_date(value)
    if when is None:
        return None
    now = _http_date(answer.headers.get("date", "")) or datetime.now(UTC)
    return min(max(0.0, (when - now).total_seconds()), LONGEST_WAIT)


def _http_date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
