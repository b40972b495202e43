"""A shipment with several names is asked about by all that matter: candidates while none is settled, legs to come.

It goes with the poll of the name that its row bears, after that one's answer, and by the account of each carrier.
"""

import asyncio
from collections.abc import Sequence

import structlog
from httpx import AsyncClient
from sqlalchemy import select, tuple_

from app.accounts import carrier_accounts
from app.arrivals import keeping
from app.database import Session
from app.installation import Installation
from app.intake import take_in
from app.intake.searching import unsettled
from app.polling import health
from app.polling.answers import read_answers
from app.polling.asking import question
from app.polling.calling import called
from app.polling.claiming import Batch, booked, change_account, give_back_calls, may_ask
from app.polling.slots import book
from app.ration import ration_of
from app.shipments import names
from app.shipments.names import Name, Role
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments
from carriers import carriers
from carriers.base import CarrierError, RequestRefused, UnreadablePayload

NO_ACCOUNT = "there is no account by which {carrier} can be asked just now"
NOT_POLLED = "{carrier} is not asked: it pushes"
NO_CALLS = "{carrier} was not asked: the account's calls are used up for now"

log = structlog.get_logger()


async def ask_others(installation: Installation, http: AsyncClient, batch: Batch, seconds: float) -> None:
    """Ask about the other names of the batch's shipments, until it is settled which of them is right."""
    ids = [(each.company_id, each.id) for each in batch.shipments]
    async with installation.database.reading() as db:
        this = tuple_(shipments.c.company_id, shipments.c.id).in_(ids)
        rows = await db.all(select(shipments).where(this, shipments.c.identity.is_not(None)))
        found = [Shipment.of(row) for row in rows]
        known = await names.of_many(db, found)
    for shipment in found:
        for name in _to_ask(shipment, known.get(shipment.id, ())):
            if await _ask(installation, http, shipment, name, seconds):
                break


def _to_ask(shipment: Shipment, known: Sequence[Name]) -> list[Name]:
    """The candidates of a shipment that is not settled; legs after the one that has it, until the journey ends."""
    if unsettled(shipment):
        return [each for each in known if each.role is Role.CANDIDATE and not each.is_of(shipment)]
    legs = [each for each in known if each.role is Role.LEG]
    here = next((each.position for each in legs if each.is_of(shipment)), -1)
    return [] if shipment.status.final else [each for each in legs if each.position > here]


async def _ask(installation: Installation, http: AsyncClient, shipment: Shipment, name: Name, seconds: float) -> bool:
    """Ask about one name, and take in what comes; whether a candidate is settled by it."""
    async with installation.database.transaction() as db:
        batch = await _claimed(db, name.borne(shipment))
        if isinstance(batch, str):
            await names.note(db, name, batch)
            return False
    await asyncio.sleep(max(0.0, (batch.at - installation.database.now()).total_seconds()))
    try:
        answers = await called(installation, batch, seconds, question(installation, http, batch))
    except CarrierError as error:
        async with installation.database.transaction() as db:
            await give_back_calls(db, batch)
            if not isinstance(error, RequestRefused | UnreadablePayload):
                await health.failed(db, batch, error)
            await names.note(db, name, health.said(error))
        return False
    received_at = installation.database.now()
    async with installation.database.reading() as db:
        latest = await keeping.latest(db, name.company_id, [name.id])
    brought = read_answers(batch, answers, latest, received_at)
    async with installation.database.transaction() as db:
        taken = await take_in(installation, db, brought.new)
        if not brought.new:
            await names.note(db, name, brought.notes.get(name.id) or name.outcome)
        await health.succeeded(db, [batch])
    return unsettled(shipment) and any(not unsettled(each) for one in taken for each in one.shipments)


async def _claimed(db: Session, bearer: Shipment) -> Batch | str:
    """A call about it, with its time; or why there is none."""
    carrier = carriers()[bearer.carrier]
    if not carrier.polls:
        return NOT_POLLED.format(carrier=carrier.name)
    mine = carrier_accounts.c.company_id == bearer.company_id, carrier_accounts.c.carrier == carrier.slug
    account = await db.first(
        select(carrier_accounts)
        .where(*mine, *may_ask(db.now))
        .order_by(carrier_accounts.c.id)
        .limit(1)
        .with_for_update()
    )
    if account is None:
        return NO_ACCOUNT.format(carrier=carrier.name)
    ration = ration_of(account, carrier, db.now)
    if ration is not None and not ration.left(db.now):
        await change_account(db, account, rationed_until=ration.next_at())
        return NO_CALLS.format(carrier=carrier.name)
    times, booked_until = book(carrier.rate, account.booked_until, db.now, [1])
    if not times:
        return NO_CALLS.format(carrier=carrier.name)
    await change_account(db, account, **booked(booked_until, ration, 1))
    return Batch(account, (bearer,), times[0], account.open_until is not None, 1 if ration else 0)
