"""Applying mended rows to the past, in the background: lot by lot, each claimed for as long as a lease.

What a lot's bodies say is read first, with nothing locked; then a few shipments at a time are locked and written, in a
transaction with how far the replay has come. When a worker dies, its claim runs out, and the next goes on where it
stood. Who listens hears of corrections, people are told nothing (`app.intake.replaying`).
"""

from contextlib import suppress
from datetime import timedelta

from app.errors import Unavailable
from app.installation import Installation
from app.intake.bearing import Search, Stretch, count, stretch
from app.intake.opening import Opened, open_bodies
from app.intake.replaying import AT_ONCE, reread_some
from app.mappings import replays, rows
from app.mappings.replays import Claim
from app.mappings.rows import Mapping
from app.shipments.tables import shipments


def search_of(row: Mapping) -> Search:
    """The shipments that a row may change."""
    whose = () if row.for_everybody else (shipments.c.company_id == row.company_id,)
    return Search(row.meaning.carrier, {row.meaning.said}, whose)


async def mend_due(installation: Installation) -> int:
    """Do the next lot of the replay that is due for longest and that nobody else is at; 1, or 0 if there is none."""
    async with installation.database.transaction() as db:
        claim = await replays.claim(db, _lease(installation))
    if claim is None:
        return 0
    try:
        async with installation.database.reading(patient=True) as db:
            search = search_of(await rows.find(db, claim.row.mapping_id))
            total = claim.row.total if claim.row.total is not None else await count(db, search)
            lot = await stretch(db, search, claim.place)
            opened = await open_bodies(db, lot.found)
        rest: Stretch | None = lot.split(opened.whole)[0]
        while rest is not None and claim is not None:
            part, rest = rest.split(AT_ONCE)
            claim = await _write(installation, claim, part, opened, total)
    finally:
        if claim is not None:
            with suppress(Unavailable):
                async with installation.database.transaction() as db:
                    await replays.give_back(db, claim)
    return 1


async def _write(installation: Installation, claim: Claim, part: Stretch, opened: Opened, total: int) -> Claim | None:
    """Read these shipments again, and note that the replay has come so far; none if somebody else is at it now."""
    async with installation.database.transaction(patient=True) as db:
        held = await replays.renew(db, claim, _lease(installation))
        if held is None:
            return None
        await installation.mappings.refresh(db, at_once=True)
        changed = len(await reread_some(installation, db, part.found, opened))
        come = {"looked_at": held.row.looked_at + part.looked_at, "changed": held.row.changed + changed}
        if part.next is None:
            come_to = {"state": "done", "finished_at": db.now}
        else:
            come_to = {"at_company_id": part.next[0], "at_id": part.next[1]}
        await replays.note(db, held.row, total=total, **come, **come_to)
        return held


def _lease(installation: Installation) -> timedelta:
    return timedelta(seconds=installation.settings.lease_seconds)
