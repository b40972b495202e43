"""What mended rows would change, shipment by shipment, before they are: read alone, nothing is written or locked."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import ColumnElement

from app.database import Session
from app.intake.bearing import LOOK, Search, stretch
from app.intake.opening import HEAVY, Opened, open_bodies
from app.intake.rereading import Reading, Reread, read_again
from app.intake.stepping import Cursor
from app.mappings import EVERYBODY, Mapping, MappingState, Meaning, Overrides, rows
from app.shipments import answer, history, names
from app.shipments.beside import beside, travelled
from app.shipments.recording import Recorded
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments

MOST_LOOKED_AT = 4 * LOOK
"""Shipments that one call looks at."""

PREVIEWED = "mapping/preview"
"""What the evidence would call a row that is not made yet."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Rows to be, of one carrier; rows of `without` would be gone."""

    carrier: str
    meanings: Sequence[Meaning] = ()
    given: Sequence[Mapping] = ()
    without: Sequence[Mapping] = ()

    @property
    def codes(self) -> set[tuple[str, str]]:
        """What they are about."""
        kept = (each.meaning for each in (*self.given, *self.without))
        return {each.said for each in (*self.meanings, *kept)}


@dataclass(frozen=True, slots=True)
class Preview:
    """What would change, how many shipments were looked at for it, where to go on (none at the end)."""

    changes: tuple[Reread, ...]
    looked_at: int
    next: Cursor | None


async def preview(
    db: Session, whose: Sequence[ColumnElement[bool]], proposal: Proposal, after: Cursor | None, *, limit: int
) -> Preview:
    """The next shipments of those meant that the proposal would change, `limit` at most; so many are looked at.

    Fewer where their bodies are heavy.
    """
    search = Search(proposal.carrier, proposal.codes, whose)
    mended: dict[UUID, Overrides] = {}
    changes: list[Reread] = []
    looked_at = weight = 0
    while looked_at < MOST_LOOKED_AT and len(changes) < limit and weight < HEAVY:
        part = await stretch(db, search, after, most=limit - len(changes))
        opened = await open_bodies(db, part.found)
        part, _ = part.split(opened.whole)
        weight += opened.weight
        for shipment in part.found:
            company_id = shipment.company_id
            if company_id not in mended:
                mended[company_id] = await _overrides(db, company_id, proposal)
            change = await _change(db, shipment, opened, proposal.carrier, mended[company_id])
            changes += [change] if change is not None else []
        looked_at += part.looked_at
        after = part.next
        if after is None:
            break
    return Preview(tuple(changes), looked_at, after)


async def _change(db: Session, shipment: Shipment, opened: Opened, carrier: str, mended: Overrides) -> Reread | None:
    """What would change of the shipment, by its own events and those of its legs with the carrier; none if nothing."""
    legs = [
        bearer
        for _, bearer in await names.bearers(db, [shipment])
        if bearer.carrier == carrier and not names.same_name(bearer, shipment)
    ]
    wanted = [each for each in (shipment, *legs) if each.carrier == carrier]
    readings = await read_again(db, wanted, opened, lambda _: mended)
    own = readings.pop(shipment.id, None)
    reading = own or Reading(shipment, Recorded(await history.of(db, shipment), (), (), ()), {})
    if shipment.identity is not None:
        reading = await _with_legs(db, reading, readings)
    if not reading.recorded.changed and not reading.eta:
        return None
    state = answer.explained(shipment, reading.recorded.events, db.now)
    return reading.change(state.status, state.sub_status)


async def _with_legs(db: Session, own: Reading, legs: dict[UUID, Reading]) -> Reading:
    """The same with what would change under the shipment's other names."""
    shipment = own.shipment
    found = await beside(db, shipment)
    kept = {**found.events, **{id_: leg.recorded.events for id_, leg in legs.items()}}
    every = [own.recorded, *(leg.recorded for leg in legs.values())]
    whole = Recorded(
        dict(travelled(shipment, own.recorded.events, replace(found, events=kept))),
        tuple(key for each in every for key in each.new),
        tuple(key for each in every for key in each.corrected),
        tuple(key for each in every for key in each.withdrawn),
    )
    return replace(own, recorded=whole)


def of_shops(company_id: UUID, shop_ids: Collection[UUID]) -> tuple[ColumnElement[bool], ...]:
    """The shipments of these shops."""
    return shipments.c.company_id == company_id, shipments.c.shop_id.in_(shop_ids)


async def _overrides(db: Session, company_id: UUID, proposal: Proposal) -> Overrides:
    """The company's rows as they would be in force."""
    theirs = company_id, EVERYBODY
    active = await rows.listed(db, theirs, carrier=proposal.carrier, states=(MappingState.ACTIVE,))
    gone = {each.id for each in proposal.without}
    kept = [each for each in active if each.id not in gone]
    given = [each for each in proposal.given if each.company_id in theirs]
    return Overrides.of([*kept, *given]).and_then((PREVIEWED, each) for each in proposal.meanings)
