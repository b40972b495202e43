"""Taking a carrier's answers in: those that come at the same time in one transaction, with the polls' bookkeeping.

Each shipment's lease is looked at by itself: of one that was lost nothing is written, of its neighbours everything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog

from app.arrivals import keeping
from app.arrivals.keeping import ArrivalState, Part
from app.database import Session
from app.errors import NoveError
from app.gathering import Gatherer
from app.installation import Installation
from app.intake import take_in
from app.intake.settling import Settlement, settle_all
from app.intake.taking import without
from app.outbox.putting import Listeners, listeners
from app.polling import health, notes
from app.polling.answers import Brought, Spoilt
from app.polling.claiming import Batch
from app.polling.writing import schedule, still_held
from app.shipments.beside import with_legs
from app.shipments.recording import missed_again
from app.shipments.shipment import Shipment
from app.tombstones import erased
from carriers import carriers

MOST = 20
"""Answers in one transaction; each is about as many as 30 shipments, for which pushes wait meanwhile."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Answered:
    """What the answers about a batch bring, and when they came."""

    batch: Batch
    brought: Brought
    received_at: datetime


@dataclass(frozen=True, slots=True)
class _Held:
    """An answer with those of its shipments that are still ours, as they are now."""

    answered: Answered
    shipments: dict[UUID, Shipment]

    @property
    def lost(self) -> list[tuple[UUID, str, str]]:
        """Company, carrier and number of those that another worker has taken over, or that were erased."""
        mine = self.answered.batch.shipments
        return [(each.company_id, each.carrier, each.number) for each in mine if each.id not in self.shipments]


class Answers:
    """Takes answers in; one for each process that polls."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        sizes = installation.metrics.groups
        self._gatherer = Gatherer[Answered, None](
            installation.database, self._take, most=MOST, sized=lambda size: sizes.add("answers", values=(size,))
        )

    async def take(self, answered: Answered) -> None:
        """Take in what is new of the shipments still held, and say when each is asked about again.

        What cannot be taken in for a reason of ours is kept, for a worker to try again.
        """
        try:
            await self._gatherer.put(answered)
        except NoveError:
            raise
        except Exception as error:
            log.exception("an answer could not be taken in", carrier=answered.batch.account.carrier)
            await self._gatherer.put(replace(answered, brought=_spoilt(answered, error)))

    async def _take(self, db: Session, group: Sequence[Answered]) -> list[None]:
        installation = self._installation
        mine = await still_held(db, [each.batch for each in group])
        held = [_Held(each, shipments) for each, shipments in zip(group, mine, strict=True)]
        now = {id_: shipment for each in held for id_, shipment in each.shipments.items()}
        new = [part for each in held for part in each.answered.brought.new if part.shipment_id in each.shipments]
        lost = [name for each in held for name in each.lost]
        if lost and (forgotten := await erased(db, installation.sealer, lost)):
            new = [without(arrived, forgotten) for arrived in new]  # what was erased while the carrier was asked
        for taken in await take_in(installation, db, new):
            now.update({shipment.id: shipment for shipment in taken.shipments})
        await keeping.keep_all(
            db,
            [
                _part(spoilt, db.now)
                for each in held
                for spoilt in each.answered.brought.spoilt
                if spoilt.shipment.id in each.shipments
            ],
        )
        now.update(await _again(installation, db, held, now))
        said = [(now[id_], each.answered.brought.notes.get(id_, "")) for each in held for id_ in each.shipments]
        await schedule(installation, db, said)
        await health.succeeded(db, [each.batch for each in group])
        return [None] * len(group)


def _part(spoilt: Spoilt, now: datetime) -> Part:
    return Part(
        spoilt.arrived,
        spoilt.state,
        spoilt.shipment.number,
        spoilt.shipment.id,
        spoilt.arrived.reason,
        now if spoilt.state is ArrivalState.FAILED else None,
    )


async def _again(
    installation: Installation, db: Session, held: Sequence[_Held], now: dict[UUID, Shipment]
) -> dict[UUID, Shipment]:
    """Note the answers that came again; the shipments that have changed by it.

    What an unchanged complete answer leaves out, it leaves out again: in time that is withdrawn.
    """
    same: list[tuple[UUID, UUID]] = []
    complete: list[tuple[Shipment, datetime]] = []
    for each in held:
        account = each.answered.batch.account
        again = {id_: arrival for id_, arrival in each.answered.brought.again.items() if id_ in each.shipments}
        same += [(account.company_id, arrival.id) for arrival in again.values()]
        if again:
            _count(installation, db, account.carrier, len(again))
        if carriers()[account.carrier].complete_history:
            readable = [id_ for id_, arrival in again.items() if arrival.part_hash is not None]
            complete += [(now[id_], each.answered.received_at) for id_ in readable]
    await keeping.seen_again(db, same)
    told: dict[tuple[UUID, UUID], Listeners] = {}
    settlements = []
    for shipment, recorded in await missed_again(db, complete):
        place = shipment.company_id, shipment.shop_id
        if place not in told:
            told[place] = await listeners(db, *place)
        settlements.append(Settlement(told[place], shipment, await with_legs(db, shipment, recorded)))
    return {shipment.id: shipment for shipment in await settle_all(installation, db, settlements)}


def _count(installation: Installation, db: Session, carrier: str, number: int) -> None:
    arrivals = installation.metrics.arrivals
    db.committed.append(lambda: arrivals.add(carrier, "poll", "unchanged", number=number))


def _spoilt(answered: Answered, error: Exception) -> Brought:
    """The same answers, kept for a worker to try one by one: together they could not be taken in."""
    brought = answered.brought
    by_id = {shipment.id: shipment for shipment in answered.batch.shipments}
    reason = f"it could not be taken in: {type(error).__name__}"
    parts = [(by_id[each.shipment_id], each) for each in brought.new if each.shipment_id is not None]
    return Brought(
        again=brought.again,
        spoilt=[
            *brought.spoilt,
            *(Spoilt(mine, replace(each, reason=reason), ArrivalState.FAILED) for mine, each in parts),
        ],
        notes=brought.notes | {mine.id: notes.TRIED_AGAIN for mine, _ in parts},
    )
