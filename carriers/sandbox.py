"""The sandbox: a carrier that is not there. Its numbers name the journey they make: SANDBOX-DELIVERED-1.

Polled over HTTP from the service's own `/sandbox/track`, and pushing with a signature: the header `sandbox-signature`
is the hexadecimal HMAC-SHA256 of `id.timestamp.body`, from `sandbox-id` and `sandbox-timestamp` (unix seconds).
"""

import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256

from httpx import AsyncClient
from pydantic import Field

from carriers.base import (
    Account,
    Answer,
    BadSignature,
    Carrier,
    Credentials,
    RateLimit,
    RequestRefused,
    TrackingNumber,
    UnreadablePayload,
    Verified,
    mapped,
)
from carriers.calling import call
from carriers.event import Eta, Parcel, Place, TrackingEvent
from carriers.reading import Json, dicts, json_object, text_of
from carriers.tables import Says, table
from carriers.times import iso_moment, parsed_date
from carriers.vocabulary import Status, SubStatus

JOURNEYS = (
    *("DELIVERED", "HELD", "FAILED", "RETURNED", "LOST", "DELAYED"),
    *("PICKUP", "DAMAGED", "REFUSED", "CUSTOMS", "STALE", "DISORDER"),
)
"""What a number can name."""


class SandboxCredentials(Credentials):
    """None needed; `speed` divides the hours of a journey."""

    speed: float = Field(default=1, gt=0, le=1_000_000, allow_inf_nan=False)


class Sandbox(Carrier):
    """A made-up carrier for trying everything out."""

    slug = "sandbox"
    name = "Sandbox"
    number_patterns = (r"SANDBOX-[A-Z]+-[A-Z0-9-]+",)
    number_form, example = rf"SANDBOX-({'|'.join(JOURNEYS)})-[A-Z0-9-]+", "SANDBOX-DELIVERED-1"
    credentials = SandboxCredentials
    batch_size = 20
    rate = RateLimit(50, 1.0)
    around_the_clock = True
    confidence = "high"
    unsaid = (("error", "its only error is HTTP's 422, which never reaches the parser"),)
    complete_history = True
    pushes = True
    signs = True
    table = table(
        {
            "registered": Says(Status.AWAITING_PICKUP, SubStatus.INFO_RECEIVED),
            "collected": Says(Status.IN_TRANSIT, SubStatus.PICKED_UP),
            "departed": Says(Status.IN_TRANSIT, SubStatus.DEPARTED),
            "arrived": Says(Status.IN_TRANSIT, SubStatus.ARRIVED),
            "at_depot": Says(Status.IN_TRANSIT, SubStatus.AT_DESTINATION_DEPOT),
            "out_for_delivery": Says(Status.OUT_FOR_DELIVERY),
            "absent": Says(Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT),
            "delayed": Says(Status.IN_TRANSIT, SubStatus.DELAYED),
            "held": Says(Status.EXCEPTION, SubStatus.HELD),
            "refused": Says(Status.EXCEPTION, SubStatus.REFUSED),
            "damaged": Says(Status.EXCEPTION, SubStatus.DAMAGED),
            "lost": Says(Status.EXCEPTION, SubStatus.LOST),
            "customs": Says(Status.IN_TRANSIT, SubStatus.CUSTOMS),
            "customs_hold": Says(Status.EXCEPTION, SubStatus.CUSTOMS_HOLD),
            "customs_cleared": Says(Status.IN_TRANSIT, SubStatus.CUSTOMS_CLEARED),
            "ready": Says(Status.AVAILABLE_FOR_PICKUP, SubStatus.PICKUP_POINT),
            "picked_up": Says(Status.DELIVERED, SubStatus.COLLECTED),
            "returning": Says(Status.EXCEPTION, SubStatus.RETURNING),
            "returned": Says(Status.RETURNED),
            "delivered": Says(Status.DELIVERED, SubStatus.TO_RECIPIENT),
        }
    )

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call about all numbers; each must say when its journey starts (`TrackingNumber.shipped_at`)."""
        known = SandboxCredentials.of(account)
        if not account.base_url:
            raise RequestRefused("the sandbox is part of a service, and the account does not say where that is")
        params = [("speed", repr(known.speed))]
        for number in map(TrackingNumber.of, numbers):
            if number.shipped_at is None:
                raise RequestRefused(f"{number}: a sandbox journey needs its start")
            params += [("number", number), ("start", number.shipped_at.isoformat())]
        answer = await call(http, "GET", f"{account.base_url}/sandbox/track", params=params)
        return [Answer(answer.content, tuple(numbers))]

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcels of an answer or push."""
        value = json_object(body)
        if value.get("carrier") != self.slug or not isinstance(value.get("parcels"), list):
            raise UnreadablePayload("not an answer of the sandbox")
        return [self._parcel(parcel) for parcel in dicts(value["parcels"])]

    def _parcel(self, parcel: Json) -> Parcel:
        day = parsed_date(text_of(parcel.get("expected_on")), "%Y-%m-%d")
        events = tuple(event for said in dicts(parcel.get("events")) if (event := self._event(said)))
        not_found = parcel.get("found") is False and not events
        return Parcel(
            text_of(parcel.get("number"), 40),
            events,
            eta=Eta(day=day) if day else None,
            not_found=not_found,
            note=f"a number names its journey, one of {', '.join(JOURNEYS)}" if not_found else "",
        )

    def _event(self, event: Json) -> TrackingEvent | None:
        moment = iso_moment(event.get("time"))
        if moment is None:
            return None
        code, town = text_of(event.get("code"), 100), text_of(event.get("town"), 100)
        read = TrackingEvent(
            moment,
            code=code,
            text=text_of(event.get("text")),
            place=Place(city=town) if town else None,
            id=text_of(event.get("id"), 100),
        )
        return mapped(read, self.table.find(code))

    def verify(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Verified:
        """The id and time of a push that one of the secrets signed."""
        message, stamp = headers.get("sandbox-id", ""), headers.get("sandbox-timestamp", "")
        given = headers.get("sandbox-signature", "").encode()
        signed = f"{message}.{stamp}.".encode() + body
        good = [hmac.compare_digest(_signature(secret, signed), given) for secret in secrets if secret]
        if not any(good) or not message or not (stamp.isascii() and stamp.isdecimal()) or len(stamp) > 11:
            raise BadSignature("the push is not signed with a secret of this account")
        return Verified(message, datetime.fromtimestamp(int(stamp), UTC))


def _signature(secret: str, signed: bytes) -> bytes:
    return hmac.new(secret.encode(), signed, sha256).hexdigest().encode()
