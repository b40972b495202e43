"""Webhooks: POST the stored body, signed after Standard Webhooks, to an address that a shop typed.

Every attempt sends the same id and the same bytes; the signature covers the time of the attempt. While a secret is
being replaced, each secret signs, so that the receiver can change over when it likes.
"""

import base64
import binascii
import hmac
import time
from collections.abc import Callable, Sequence

import httpx

from app.channels.base import Outcome, Outgoing, clean
from app.outbound import REFUSAL, Answer, Poster
from carriers.calling import retry_after

MAX_SECRETS = 5
PREFIX = "whsec_"


class WebhookChannel:
    """Sends by a poster (`app.outbound.poster`), which bounds time, size and addresses."""

    name = "webhook"

    def __init__(self, http: Poster, now: Callable[[], float] = time.time) -> None:
        self._http, self._now = http, now

    async def send(self, message: Outgoing) -> Outcome:
        """Try once. 2xx is sent, 410 gone, anything else worth another try; redirects are not followed."""
        body: bytes = message.payload["body"].encode()
        timestamp = int(self._now())
        try:
            signed = signature(message.secrets, str(message.id), timestamp, body)
        except ValueError as error:
            return Outcome("failed", None, str(error))
        headers = {
            "content-type": "application/json; charset=utf-8",
            "webhook-id": str(message.id),
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signed,
        }
        try:
            answer = await self._http.post(message.address, body, headers)
        except httpx.TimeoutException as error:
            return Outcome("retry", None, clean(str(error)), timed_out=True)
        except httpx.HTTPError as error:
            return Outcome("retry", None, clean(str(error)))
        except (httpx.InvalidURL, ValueError):  # idna raises a ValueError of its own
            return Outcome("retry", None, REFUSAL)
        return _outcome(answer)


def signature(secrets: Sequence[str], id: str, timestamp: int, body: bytes) -> str:  # noqa: A002
    """The `webhook-signature` header: one `v1,…` for each secret, parted by spaces; ValueError without a usable one."""
    if not secrets:
        raise ValueError("a webhook is never sent unsigned: the endpoint has no secret")
    content = b".".join((id.encode(), str(timestamp).encode(), body))
    return " ".join(
        "v1," + base64.b64encode(hmac.digest(_key(secret), content, "sha256")).decode()
        for secret in secrets[:MAX_SECRETS]
    )


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("a signing secret is whsec_ and base64") from error


def _outcome(answer: Answer) -> Outcome:
    code = answer.status
    detail = clean(answer.body.decode("utf-8", "replace")) if answer.body else ""
    if 200 <= code < 300:
        return Outcome("sent", code, detail)
    if code == httpx.codes.GONE:
        return Outcome("gone", code, detail)
    return Outcome("retry", code, detail, retry_after(httpx.Response(code, headers=list(answer.headers.items()))))
