"""Which account asks about a shipment, and when it is asked."""

from datetime import datetime
from random import random

from pydantic import ValidationError

from app import accounts, fallback, pace
from app.accounts import CarrierAccount
from app.database import Session
from app.installation import Installation
from app.shipments.shipment import Shipment
from app.subscriptions import want
from carriers import Carrier, carriers
from carriers.base import Account
from carriers.zones import country_zone

BACKSTOP = "the carrier pushes its news: it is asked from time to time, in case a push was lost"
"""The note of a shipment that is pushed; it says so to the next poll, too."""

NO_ACCOUNT = "no carrier account, so nothing is asked: add one with POST /v1/accounts"
NO_NUMBER = (
    "waiting for the tracking number, for which {carrier} cannot be asked: send it with PATCH /v1/shipments/{id}"
)


def next_poll(installation: Installation, shipment: Shipment, now: datetime) -> tuple[datetime | None, str]:
    """When to ask the carrier about the shipment next, or why never."""
    if not carriers()[shipment.carrier].polls and shipment.next_poll_at is None:  # else an aggregator is asked
        return None, "the carrier is not polled: it pushes, or the shop posts its events"
    due, note = pace.next_poll(asked_of(shipment), now, installation.settings.poll_hours, random())
    return due, note or (BACKSTOP if shipment.poll_note == BACKSTOP and not shipment.status.final else "")


def asked_of(shipment: Shipment) -> pace.Asked:
    """What decides when to ask about the shipment."""
    country = shipment.recipient_country or ""
    zone = None if carriers()[shipment.carrier].around_the_clock else country_zone(country)
    until = shipment.eta_to and shipment.eta_to.astimezone(zone).date()
    return pace.Asked(
        shipment.status,
        shipment.sub_status,
        shipment.not_found,
        shipment.created_at,
        shipment.last_news_at,
        shipment.final_since,
        shipment.speed,
        zone,
        pace.RESTS.get(country, pace.SUNDAY),
        shipment.eta_day or until or shipment.promised_on,
        shipment.poll_note == BACKSTOP,
    )


async def with_account(installation: Installation, db: Session, shipment: Shipment) -> Shipment:
    """The shipment with its account, asked about at once; or with the note that says why it is not asked about."""
    account, carrier = await _account(installation, db, shipment), carriers()[shipment.carrier]
    asked = carriers()[account.carrier] if account is not None else carrier  # an aggregator, where that serves it
    unnumbered = not shipment.tracking_number and not asked.resolves
    number = NO_NUMBER.format(carrier=carrier.name, id=shipment.id) if unnumbered else ""
    if account is None:
        note = "; ".join(filter(None, (NO_ACCOUNT if carrier.polls else "", number)))
        return shipment._replace(next_poll_at=None, poll_note=note)
    contract = accounts.opened(installation.sealer, account)
    credentials = contract.credentials
    if shipment.tracking_number and carriers()[account.carrier].subscribes(contract):
        await want(db, account.company_id, account.id, shipment.id)
    speed, due = getattr(credentials, "speed", 1.0), db.now if asked.polls else None
    shipment = shipment._replace(account_id=account.id, speed=speed, next_poll_at=due)
    if unnumbered:
        return shipment._replace(next_poll_at=None, poll_note=number)
    due, note = next_poll(installation, shipment, db.now)
    wait = "" if shipment.tracking_number else _awaited(asked, contract, shipment.sender_reference or "")
    return shipment._replace(next_poll_at=due and db.now, poll_note=note or wait)


def _awaited(asked: Carrier, contract: Account, reference: str) -> str:
    """What a shipment waits for whose number its carrier can be asked for; or why this account cannot do that."""
    return (
        f"waiting for the tracking number: {asked.unresolvable(contract, reference) or f'{asked.name} is asked for it'}"
    )


async def _account(installation: Installation, db: Session, shipment: Shipment) -> CarrierAccount | None:
    """The account named by the shop, else the company's first of that carrier that is not disabled, else its first.

    A carrier that needs none gets one.

    Where there is none, it is an aggregator's that serves the carrier.
    """
    known = await fallback.accounts_of(db, shipment.company_id, shipment.carrier)
    mine = [account for account in known if account.carrier == shipment.carrier]
    served = any(shipment.account_id == account.id for account in known if account not in mine)
    for account in sorted(mine, key=lambda each: each.disabled_at is not None):
        if served or shipment.account_id in (None, account.id):
            return account
    if mine:
        return None
    carrier = carriers()[shipment.carrier]
    if not carrier.polls or not _free(carrier):
        return fallback.serving(installation.sealer, known, carrier.slug)
    added = await accounts.add(
        db, installation.sealer, shipment.company_id, carrier.slug, public_url=installation.settings.public_url
    )
    db.beforehand.forget()
    return added.account


def _free(carrier: Carrier) -> bool:
    """Whether it is asked without credentials."""
    try:
        carrier.credentials()
    except ValidationError:
        return False
    return True
