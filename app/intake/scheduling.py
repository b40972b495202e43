"""Which account asks about a shipment, and when it is asked."""

from datetime import datetime
from random import random

from pydantic import ValidationError

from app import accounts, pace
from app.accounts import CarrierAccount
from app.database import Session
from app.installation import Installation
from app.shipments.shipment import Shipment
from carriers import carriers
from carriers.zones import country_zone

BACKSTOP = "the carrier pushes its news: it is asked from time to time, in case a push was lost"
"""The note of a shipment that is pushed; it says so to the next poll, too."""

NO_ACCOUNT = "no carrier account, so nothing is asked: add one with POST /v1/accounts"
NO_NUMBER = (
    "waiting for the tracking number, for which {carrier} cannot be asked: send it with PATCH /v1/shipments/{id}"
)


def next_poll(installation: Installation, shipment: Shipment, now: datetime) -> tuple[datetime | None, str]:
    """When to ask the carrier about the shipment next, or why never."""
    if not carriers()[shipment.carrier].polls:
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
    # A shop that tells the events itself needs no number.
    unnumbered = not shipment.tracking_number and not carrier.resolves and (carrier.polls or carrier.pushes)
    number = NO_NUMBER.format(carrier=carrier.name, id=shipment.id) if unnumbered else ""
    if account is None:
        note = "; ".join(filter(None, (NO_ACCOUNT if carrier.polls else "", number)))
        return shipment._replace(next_poll_at=None, poll_note=note)
    credentials = accounts.opened(installation.sealer, account).credentials
    shipment = shipment._replace(account_id=account.id, speed=getattr(credentials, "speed", 1.0))
    if unnumbered:
        return shipment._replace(next_poll_at=None, poll_note=number)
    due, note = next_poll(installation, shipment, db.now)
    wait = "" if shipment.tracking_number else f"waiting for the tracking number: {carrier.name} is asked for it"
    return shipment._replace(next_poll_at=due and db.now, poll_note=note or wait)


async def _account(installation: Installation, db: Session, shipment: Shipment) -> CarrierAccount | None:
    """The account named by the shop, else the company's first of that carrier; a carrier that needs none gets one."""
    mine = await accounts.of_company(db, shipment.company_id, shipment.carrier)
    for account in mine:
        if shipment.account_id in (None, account.id):
            return account
    carrier = carriers()[shipment.carrier]
    if mine or not carrier.polls:
        return None
    try:
        carrier.credentials()
    except ValidationError:
        return None
    added = await accounts.add(
        db, installation.sealer, shipment.company_id, carrier.slug, public_url=installation.settings.public_url
    )
    return added.account
