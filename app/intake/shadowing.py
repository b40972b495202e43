"""Shadows: rows, and adapters, that read what comes beside those in force; what they would have otherwise is counted.

All of it happens in the background, from bodies that were kept: pushes and polls know nothing of it. Each stretch of a
company's arrivals is compared outside of any transaction and noted in a short one, with where it ends.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from app import accounts
from app.arrivals.keeping import ArrivalSource, read_body
from app.arrivals.tables import arrivals
from app.database import Session, first_id
from app.installation import Installation
from app.intake.stepping import read_part
from app.mappings import EVERYBODY, Mapping, MappingState, Overrides, rows, shadows
from app.mappings.known import code_of
from app.mappings.shadows import Otherwise
from carriers import Carrier, carriers
from carriers.event import TrackingEvent, keyed

LOT = 100
SETTLED = timedelta(seconds=10)
"""Arrivals of the last seconds may be followed by ones with a lower id, whose transaction took longer."""
QUIET = 60_000 << 80
"""Where nothing came for a minute, that is noted, so that the same minutes are not looked through again."""
UNREAD = "unread"
"""What an event is that only one of two adapters reads."""


@dataclass(frozen=True, slots=True)
class _Shadowed:
    """A carrier's bodies of a company: what they mean now, and what they would."""

    company_id: UUID
    carrier: Carrier
    other: Carrier
    now: Overrides
    then: Overrides
    names: frozenset[str]
    """Of the rows that are shadows."""
    before: UUID | None
    """The arrival up to which they have been compared; none before the first time."""


async def shadow(installation: Installation) -> int:
    """Compare the next arrivals of every company and carrier that has a shadow; how many."""
    async with installation.database.reading(patient=True) as db:
        watched = await _watched(installation, db)
    return sum([await _compare(installation, each) for each in watched])


async def _watched(installation: Installation, db: Session) -> list[_Shadowed]:
    named = installation.settings.shadow_adapters
    wanted = {
        (each.company_id, each.meaning.carrier) for each in await rows.listed(db, (), states=(MappingState.SHADOW,))
    }
    everywhere = {carrier for company_id, carrier in wanted if company_id == EVERYBODY} | set(named)
    if not wanted and not named:
        return []
    given: defaultdict[tuple[UUID, str], list[Mapping]] = defaultdict(list)
    for row in await rows.listed(db, (), states=(MappingState.SHADOW, MappingState.ACTIVE)):
        given[row.company_id, row.meaning.carrier].append(row)
    wanted |= await accounts.companies_with(db, everywhere) if everywhere else set()
    come = await shadows.come_to(db)
    found = []
    for company_id, slug in sorted(place for place in wanted if place[0] != EVERYBODY and place[1] in carriers()):
        its = [*given.get((EVERYBODY, slug), ()), *given.get((company_id, slug), ())]
        active = [each for each in its if each.state is MappingState.ACTIVE]
        found.append(
            _Shadowed(
                company_id,
                carriers()[slug],
                carriers()[named.get(slug, slug)],
                Overrides.of(active),
                Overrides.of(its),
                frozenset(each.name for each in its if each.state is MappingState.SHADOW),
                come.get((company_id, slug)),
            )
        )
    return found


async def _compare(installation: Installation, watched: _Shadowed) -> int:
    place, before = (watched.company_id, watched.carrier.slug), watched.before
    if before is None:
        async with installation.database.transaction() as db:
            await shadows.begin(db, *place)
        return 0
    until = first_id(installation.database.now() - SETTLED)
    async with installation.database.reading(patient=True) as db:
        came = await db.all(
            select(arrivals)
            .where(
                arrivals.c.company_id == watched.company_id,
                arrivals.c.id > before,
                arrivals.c.id < until,
                arrivals.c.carrier == watched.carrier.slug,
                arrivals.c.source.in_((ArrivalSource.HOOK.value, ArrivalSource.POLL.value)),
            )
            .order_by(arrivals.c.id)
            .limit(LOT)
        )
        compared, found = 0, dict[Otherwise, Counter[UUID]]()
        for row in came:
            body = await read_body(db, row.company_id, row.body_hash)
            compared += _look(watched, row, body, found) if body is not None else 0
    if not came and until.int - before.int < QUIET:
        return 0
    after = came[-1].id if len(came) == LOT else until
    async with installation.database.transaction() as db:
        noted = await shadows.note(db, place, (before, after), compared, found)
    return len(came) if noted else 0


def _look(watched: _Shadowed, row: Row[Any], body: bytes, found: dict[Otherwise, Counter[UUID]]) -> int:
    """Compare what a body means now with what it would; how many events there are to compare."""
    now = _events(watched, watched.carrier, watched.now, row, body)
    then = _events(watched, watched.other, watched.then, row, body)
    for key in {**now, **then}:
        one, other = now.get(key), then.get(key)
        said = one or other
        if said is not None and _meaning(one) != _meaning(other):
            name = other.row if other is not None else None
            by = name if name in watched.names else watched.other.slug
            words = said.list, code_of(said.code, said.text)
            found.setdefault(Otherwise(*words, _meaning(one), _meaning(other), by or ""), Counter())[row.id] += 1
    return len({**now, **then})


def _events(
    watched: _Shadowed, carrier: Carrier, mended: Overrides, row: Row[Any], body: bytes
) -> dict[str, TrackingEvent]:
    """The events by key, the same whichever adapter reads them."""
    parcels = read_part(carrier, row, body) or []
    slug = watched.carrier.slug
    return {key: mended.meant(each) for parcel in parcels for key, each in keyed(slug, parcel.number, parcel.events)}


def _meaning(event: TrackingEvent | None) -> str:
    if event is None:
        return UNREAD
    return "/".join(word for word in event.meaning or () if word)
