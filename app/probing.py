"""The doctor's calls to the world: the mail server, our public address, the carriers. None changes anything there."""

import asyncio
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx
from sqlalchemy import Row, select

from app import accounts
from app.accounts import carrier_accounts
from app.channels.email import EmailChannel
from app.errors import NoveError, WrongSetting
from app.finding import Finding, Level
from app.installation import Installation
from app.outbound import AddressRefused, carrier_client, guarded_client
from app.settings import Settings
from carriers import carriers
from carriers.base import Account, Carrier, CarrierError, CredentialsRefused

SECONDS = 5.0
AT_ONCE = 8


async def probe(here: Installation) -> list[Finding]:
    """What the world says to us, all of it asked at the same time."""
    mail, address, credentials = await asyncio.gather(_mail(here.settings), _address(here.settings), _accounts(here))
    return [mail, address, *credentials]


async def _mail(settings: Settings) -> Finding:
    if settings.smtp_url is None:
        return Finding(Level.INFORMATION, "e-mail", "NOVE_SMTP_URL is not set: no e-mail is sent, the ledger says so.")
    try:
        outcome = await EmailChannel(settings.smtp_url.get_secret_value(), seconds=SECONDS).greet()
    except WrongSetting as error:
        return Finding(Level.PROBLEM, "e-mail", error.detail)
    if outcome.state == "sent":
        return Finding(Level.OK, "e-mail", "The mail server takes us.")
    parts = urlsplit(settings.smtp_url.get_secret_value())
    place = parts.hostname if parts.port is None else f"{parts.hostname}:{parts.port}"
    return Finding(
        Level.PROBLEM, "e-mail", f"The mail server {place} (NOVE_SMTP_URL) does not take us: {outcome.detail}."
    )


async def _address(settings: Settings) -> Finding:
    """Whether our own public address leads to a Nove, as far as can be told from here."""
    url = settings.public_url
    if _only_here(url):
        return Finding(
            Level.INFORMATION,
            "address",
            f"{url} is reached from this machine alone: set NOVE_PUBLIC_URL to what carriers and recipients can reach.",
        )
    try:
        async with guarded_client(settings.outbound_allow, seconds=SECONDS) as http:
            answer = await http.get(f"{url}/healthz")
            found = answer.status_code == 200 and answer.json() == {"status": "ok"}
    except AddressRefused:
        said = "has no public address, or is not https on port 443 or 8443: carriers and recipients may not reach it"
    except httpx.HTTPError as error:
        said = f"does not answer ({type(error).__name__}): see its DNS entry, its certificate and the proxy"
    except ValueError:
        said = "answers something that is not ours: see that the proxy passes requests on to Nove"
    else:
        if found:
            return Finding(Level.OK, "address", f"{url} leads to a Nove.")
        said = f"answers {answer.status_code} to /healthz: see that the proxy passes requests on to Nove"
    return Finding(Level.WARNING, "address", f"{url} (NOVE_PUBLIC_URL), tried from here, {said}.")


def _only_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


async def _accounts(here: Installation) -> list[Finding]:
    async with here.database.reading() as db:
        rows = await db.all(
            select(carrier_accounts).where(carrier_accounts.c.removed_at.is_(None)).order_by(carrier_accounts.c.id)
        )
    turns = asyncio.Semaphore(AT_ONCE)
    async with carrier_client(seconds=SECONDS) as http:
        found = await asyncio.gather(*(_credentials(here, http, turns, row) for row in rows))
    return [each for each in found if each is not None]


async def _credentials(
    here: Installation, http: httpx.AsyncClient, turns: asyncio.Semaphore, row: Row[Any]
) -> Finding | None:
    """Whether the carrier takes an account's credentials: by asking for a token, which is never held against anybody.

    Without tokens every question is one about a parcel: it may count against a quota, or lock an account.
    """
    carrier = carriers().get(row.carrier)
    if carrier is None or not carrier.polls or not carrier.base_url:
        return None
    name = f"Account {row.id} ({row.carrier})"
    if not carrier.needs_token:
        last = f"it last answered {row.last_success_at:%Y-%m-%d %H:%M} UTC" if row.last_success_at else "never yet"
        return Finding(
            Level.INFORMATION,
            "credentials",
            f"{name} is not tried, since each question counts; polls show whether it answers: {last}.",
        )
    if row.disabled_at is not None:
        return Finding(Level.INFORMATION, "credentials", f"{name} is not tried, for it is disabled.")
    if row.open_until is not None and row.open_until > here.database.now():
        return Finding(Level.INFORMATION, "credentials", f"{name} is not tried while its calls rest.")
    try:
        account = accounts.opened(here.sealer, row)
    except (NoveError, ValueError):
        return None  # said of the secrets already
    async with turns:
        return await _asked_for_a_token(name, carrier, http, account)


async def _asked_for_a_token(name: str, carrier: Carrier, http: httpx.AsyncClient, account: Account) -> Finding:
    try:
        async with asyncio.timeout(3 * SECONDS):
            await carrier.token(http, account)
    except CredentialsRefused as error:
        return Finding(
            Level.PROBLEM,
            "credentials",
            f"{name} is refused: {error}. Enter its credentials anew (PATCH /v1/accounts/…).",
        )
    except (CarrierError, TimeoutError) as error:
        return Finding(
            Level.WARNING, "credentials", f"{name} could not be tried: {error or 'no answer in time'}. Try again later."
        )
    return Finding(Level.OK, "credentials", f"{name} is taken: it was given a token.")
