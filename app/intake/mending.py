"""Applying mended rows to the past, in the background: lot by lot, each in a transaction with how far it has come.

A lot's locks are its lease: they end with it, also when its worker dies, and the next one goes on where it stood. Who
listens hears of corrections, people are told nothing (`app.intake.replaying`).
"""

from uuid import UUID

from app.installation import Installation
from app.intake.bearing import Search, count, stretch
from app.intake.replaying import reread_one
from app.mappings import replays, rows
from app.mappings.rows import Mapping
from app.outbox.putting import Listeners, listeners
from app.shipments.tables import shipments


def search_of(row: Mapping) -> Search:
    """The shipments that a row may change."""
    whose = () if row.for_everybody else (shipments.c.company_id == row.company_id,)
    return Search(row.meaning.carrier, {row.meaning.said}, whose)


async def mend_due(installation: Installation) -> int:
    """Do the next lot of the oldest replay that nobody else is at; 1, or 0 if there is none."""
    async with installation.database.transaction(patient=True) as db:
        replay = await replays.claim(db)
        if replay is None:
            return 0
        await installation.mappings.refresh(db, at_once=True)
        search = search_of(await rows.find(db, replay.mapping_id))
        total = replay.total if replay.total is not None else await count(db, search)
        lot = await stretch(db, search, (replay.at_company_id, replay.at_id) if replay.at_id else None, lock=True)
        told: dict[tuple[UUID, UUID], Listeners] = {}
        changed = 0
        for shipment in lot.found:
            shop = shipment.company_id, shipment.shop_id
            if shop not in told:
                told[shop] = await listeners(db, *shop)
            changed += await reread_one(installation, db, told[shop], shipment) is not None
        done = {"total": total, "looked_at": replay.looked_at + lot.looked_at, "changed": replay.changed + changed}
        if lot.next is None:
            done |= {"state": "done", "finished_at": db.now}
        else:
            done |= {"at_company_id": lot.next[0], "at_id": lot.next[1]}
        await replays.note(db, replay, **done)
        return 1
