"""Reading history again, after an adapter or a table has been mended: from the raw bodies, as long as they are kept.

Each shipment's bodies are parsed anew and its events take the meaning they have now; what an adapter no longer reads
out of a body is withdrawn. Events whose body is gone take the meaning that their table row, or their code, has now.
When it is expected is what the newest body that tells it says now. A shop's own events are its own words and stay.
Machines hear of what changes as of any correction; people are not told again (the ledger says `replay`).

Bodies are opened first, each once for a lot of shipments; these are then locked and written a few at a time, so that
whoever else writes waits for those few. A dry run does that in transactions that are rolled back, so it shows exactly
what would be.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, select, tuple_

from app.database import Session
from app.installation import Installation
from app.intake.concerning import batched, locked
from app.intake.opening import Opened, open_bodies
from app.intake.rereading import Reading, Reread, read_again
from app.intake.settling import Settlement, settle_all
from app.intake.stepping import Choice, Cursor, Step, Undone
from app.mappings import Overrides
from app.outbox.putting import Listeners, listeners
from app.shipments import names
from app.shipments.beside import with_legs
from app.shipments.names import Role
from app.shipments.recording import write
from app.shipments.shipment import Identity, Shipment
from app.shipments.tables import shipments
from carriers import carriers

NOTHING_MENDED = Overrides(())

LOOK = 500
"""Shipments whose bodies are opened together."""

AT_ONCE = 10
"""Shipments in one transaction."""


async def reread(installation: Installation, choice: Choice, after: Cursor | None, *, apply: bool) -> Step[Reread]:
    """Read the next shipments again; without `apply` nothing is left of it."""
    place = (shipments.c.company_id, shipments.c.id)
    # Of a forgotten recipient's parcel the words are gone that a meaning may hang on.
    wanted: list[ColumnElement[bool]] = [shipments.c.forgotten_at.is_(None)]
    # What candidates said before one was settled on is kept, and was no word on this parcel.
    wanted.append(shipments.c.identity.is_distinct_from(Identity.UNSETTLED))
    wanted += [tuple_(*place) > tuple_(*after)] if after else []
    if choice.carrier:
        wanted.append(shipments.c.carrier == choice.carrier)
    if choice.shipment:
        wanted.append(shipments.c.id == choice.shipment)
    if choice.since:
        wanted.append(shipments.c.updated_at >= choice.since)
    async with installation.database.reading(patient=True) as db:
        rows = await db.all(select(shipments).where(*wanted).order_by(*place).limit(LOOK))
        found = [Shipment.of(row) for row in rows]
        opened = await open_bodies(db, found)
    mine = found[: opened.whole]
    changes: list[Reread] = []
    for some in batched(mine, AT_ONCE):
        try:
            async with installation.database.transaction(patient=True) as db:
                await installation.mappings.refresh(db, at_once=True)
                changes += await reread_some(installation, db, some, opened)
                if not apply:
                    raise Undone
        except Undone:
            pass
    ends = len(mine) == len(found) < LOOK
    return Step(len(mine), tuple(changes), None if ends else (mine[-1].company_id, mine[-1].id))


async def reread_some(
    installation: Installation, db: Session, some: Sequence[Shipment], opened: Opened
) -> list[Reread]:
    """Lock these shipments, whose bodies are open, and read them again as they are now; what changes."""
    held = await locked(db, [(each.company_id, each.id) for each in some])
    mine = [each for each in held.values() if _readable(each)]
    legs = [
        (name.shipment_id, bearer)
        for name, bearer in await names.bearers(db, mine)
        if name.role is Role.LEG and not name.is_of(held[name.company_id, name.shipment_id])
    ]

    def mended(shipment: Shipment) -> Overrides:
        return installation.mappings.of(shipment.company_id, shipment.carrier) or NOTHING_MENDED

    readings = await read_again(db, [*mine, *(leg for _, leg in legs)], opened, mended)
    await write(db, [(reading.shipment, reading.recorded) for reading in readings.values()])
    moved = {id_ for id_, leg in legs if leg.id in readings and readings[leg.id].recorded.changed}
    changed = [readings[each.id] for each in mine if _changes(readings[each.id]) or each.id in moved]
    if not changed:
        return []
    told: dict[tuple[UUID, UUID], Listeners] = {}
    settlements = []
    for reading in changed:
        shop = reading.shipment.company_id, reading.shipment.shop_id
        if shop not in told:
            told[shop] = await listeners(db, *shop)
        whole = await with_legs(db, reading.shipment, reading.recorded)
        settlements.append(Settlement(told[shop], reading.shipment, whole, said=reading.eta, replay=True))
    settled = await settle_all(installation, db, settlements)
    return [reading.change(after.status, after.sub_status) for reading, after in zip(changed, settled, strict=True)]


def _readable(shipment: Shipment) -> bool:
    """Whether it may be read again, now that it is locked: neither forgotten since nor open whose it is."""
    settled = shipment.identity is not Identity.UNSETTLED
    return shipment.forgotten_at is None and settled and shipment.carrier in carriers()


def _changes(reading: Reading) -> bool:
    return reading.recorded.changed or bool(reading.eta)
