"""A call to a carrier in an account's name: within its time, counted, its contract opened."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from pydantic import ValidationError

from app import accounts
from app.errors import WrongSetting
from app.installation import Installation
from app.outbound.counting import counted
from app.polling.claiming import Batch
from app.shipments.shipment import Shipment
from carriers import carriers
from carriers.base import (
    Account,
    AmbiguousReference,
    Carrier,
    CarrierError,
    CarrierUnavailable,
    CredentialsRefused,
    RateLimited,
    RequestRefused,
    TrackingNumber,
    UnreadablePayload,
)

CALL_SECONDS = 15.0
"""For a call with everything it needs, as a new token."""

_Told = TypeVar("_Told")
Question = Callable[[Carrier, Account], Awaitable[_Told]]
"""What is asked, and what it is answered."""


async def called(installation: Installation, batch: Batch, seconds: float, question: Question[_Told]) -> _Told:
    """The answer to a question about the batch; raises CarrierError."""
    carrier = carriers()[batch.account.carrier]
    account = _account(installation, batch)
    began, outcome = time.monotonic(), "broken"
    try:
        with counted(batch.requests):
            async with asyncio.timeout(seconds):
                answer = await question(carrier, account)
        outcome = "answered"
        return answer
    except TimeoutError as error:
        outcome = "unavailable"
        raise CarrierUnavailable(f"no complete answer within {seconds:g} s") from error
    except CarrierError as error:
        outcome = next((word for kind, word in OUTCOMES if isinstance(error, kind)), "unavailable")
        raise
    finally:
        installation.metrics.calls.add(carrier.slug, outcome)
        took = time.monotonic() - began
        installation.metrics.call_seconds.add(carrier.slug, values=(took,))
        mine = batch.account.company_id, batch.account.id
        installation.tally.called(*mine, installation.database.now(), outcome, took)


def asked_as(shipment: Shipment, name: str, asked: Carrier) -> TrackingNumber:
    """A number or reference of the shipment, with what is known of it beside; an aggregator is told its carrier."""
    return TrackingNumber(
        name,
        shipped_at=shipment.shipped_at or shipment.created_at,
        postcode=shipment.recipient_postcode or "",
        country=shipment.recipient_country or "",
        courier=asked.couriers.get(shipment.carrier, ""),
    )


OUTCOMES: tuple[tuple[type[CarrierError], str], ...] = (
    (RateLimited, "throttled"),
    (CredentialsRefused, "credentials_refused"),
    (RequestRefused, "refused"),
    (AmbiguousReference, "refused"),
    (UnreadablePayload, "unreadable"),
)
"""What the metrics call an error of a carrier; any other is `unavailable`."""


def _account(installation: Installation, batch: Batch) -> Account:
    """The contract opened. A carrier without an address of its own is part of this service."""
    try:
        account = accounts.opened(installation.sealer, batch.account)
    except (WrongSetting, ValidationError) as error:
        reason = str(error) if isinstance(error, WrongSetting) else "they are not what the adapter needs"
        raise CredentialsRefused(f"the stored credentials cannot be used: {reason}") from error
    own = carriers()[batch.account.carrier].base_url
    return account if own or account.base_url else replace(account, base_url=installation.settings.public_url)
