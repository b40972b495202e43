"""One call to a carrier about a batch: what is asked, and what follows from an answer or the lack of one."""

import asyncio
import time
from dataclasses import replace

import structlog
from httpx import AsyncClient
from pydantic import ValidationError

from app import accounts, failpoints
from app.arrivals import keeping
from app.errors import NoveError, WrongSetting
from app.installation import Installation
from app.polling import notes, writing
from app.polling.answers import read_answers
from app.polling.claiming import Batch
from carriers import carriers
from carriers.asking import ask
from carriers.base import (
    Account,
    Answer,
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

log = structlog.get_logger()


async def ask_about(installation: Installation, http: AsyncClient, batch: Batch, seconds: float = CALL_SECONDS) -> bool:
    """Ask about the batch and write down what came of it; whether the account may go on asking."""
    try:
        answers = await _call(installation, http, batch, seconds)
    except RequestRefused as error:
        if len(batch.shipments) == 1:
            await writing.write_off(installation, batch, notes.refused(error))
        else:
            await writing.ask_alone(installation, batch)
        return True
    except UnreadablePayload as error:
        await writing.write_off(installation, batch, f"{notes.UNREADABLE}: {error}")
        return True
    except CarrierError as error:
        await writing.fail(installation, batch, error)
        return False
    except Exception:
        log.exception("an adapter broke while asking", carrier=batch.account.carrier, account_id=str(batch.account.id))
        await writing.write_off(installation, batch, notes.INTERNAL)
        return True
    failpoints.reach(failpoints.POLL_ANSWERED)
    received_at = installation.database.now()
    async with installation.database.reading() as db:
        latest = await keeping.latest(db, batch.account.company_id, [shipment.id for shipment in batch.shipments])
    brought = read_answers(batch, answers, latest, received_at)
    try:
        await writing.write(installation, batch, brought, received_at)
    except NoveError:
        raise
    except Exception as error:
        log.exception("an answer could not be taken in", carrier=batch.account.carrier)
        await writing.write(installation, batch, writing.spoilt(batch, brought, error), received_at)
    failpoints.reach(failpoints.POLL_WRITTEN)
    return True


async def _call(installation: Installation, http: AsyncClient, batch: Batch, seconds: float) -> list[Answer]:
    carrier = carriers()[batch.account.carrier]
    numbers = [
        TrackingNumber(
            shipment.number,
            shipped_at=shipment.shipped_at or shipment.created_at,
            postcode=shipment.recipient_postcode or "",
            country=shipment.recipient_country or "",
        )
        for shipment in batch.shipments
    ]
    account = _account(installation, batch)
    began, outcome = time.monotonic(), "broken"
    try:
        async with asyncio.timeout(seconds):
            answers = await ask(carrier, http, account, numbers, tokens=installation.tokens, key=str(batch.account.id))
        outcome = "answered"
        return answers
    except TimeoutError as error:
        outcome = "unavailable"
        raise CarrierUnavailable(f"no complete answer within {seconds:g} s") from error
    except CarrierError as error:
        outcome = next((word for kind, word in OUTCOMES if isinstance(error, kind)), "unavailable")
        raise
    finally:
        installation.metrics.calls.add(carrier.slug, outcome)
        installation.metrics.call_seconds.add(carrier.slug, values=(time.monotonic() - began,))


OUTCOMES: tuple[tuple[type[CarrierError], str], ...] = (
    (RateLimited, "throttled"),
    (CredentialsRefused, "credentials_refused"),
    (RequestRefused, "refused"),
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
