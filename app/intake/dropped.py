"""Bodies out of files that a carrier or forwarder dropped: they go the way of a push, with nobody's signature.

Who may run the command vouches for them, so no account is needed; the company's first with that carrier is named if it
has one. A body that has come before, by whatever way, is left where it is: nothing is stored twice.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import structlog
from sqlalchemy import select

from app import accounts
from app.arrivals.keeping import ArrivalSource, ArrivalState, Arrived, Part, body_hash, keep_all
from app.arrivals.tables import arrivals
from app.database import Session
from app.errors import NoveError
from app.gathering import Gatherer
from app.installation import Installation
from app.intake.addressing import addressed
from app.intake.pushed import Outcome, keep_for_later
from app.intake.taking import Taken, take_in
from carriers import UnreadablePayload
from carriers import carrier as carrier_of
from carriers.event import Parcel

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Became:
    """What became of a body: its parcels, those of them that nobody has posted yet, its new events.

    `reason` says why it is kept for a person, or for a worker.
    """

    status: Outcome
    parcels: int = 0
    unclaimed: int = 0
    new_events: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Dropped:
    """A body: whole, and parcel by parcel (one part that is the whole if it could not be read)."""

    whole: Arrived
    parts: list[Arrived]


async def take_dropped(
    installation: Installation, company_id: UUID, slug: str, bodies: Sequence[bytes]
) -> list[Became]:
    """Take them in, some in one transaction; what became of each, in order. UnknownCarrier; TryLater: drop them again.

    A body that cannot be taken in for a reason of ours is kept for a worker, and leaves the others alone.
    """
    carrier = carrier_of(slug)
    async with installation.database.reading() as db:
        mine = await accounts.of_company(db, company_id, slug)
    account_id = mine[0].id if mine else None
    now = installation.database.now()

    async def one(body: bytes) -> Became:
        whole = Arrived(company_id, slug, ArrivalSource.IMPORT, body, now, account_id=account_id)
        dropped = _Dropped(whole, [])
        try:
            dropped.parts.extend(_part(whole, parcel) for parcel in carrier.parse(body))
            if carrier.couriers and mine:
                async with installation.database.reading() as db:
                    dropped.parts[:] = await addressed(db, installation.sealer, mine[0], dropped.parts)
        except UnreadablePayload as error:
            dropped.parts.append(_part(whole, None, str(error) or "unreadable"))
        except NoveError:
            raise
        except Exception as error:
            return await _put_off(installation, dropped, error)
        try:
            return await gatherer.put(dropped)
        except NoveError:
            raise
        except Exception as error:
            return await _put_off(installation, dropped, error)

    async def work(db: Session, group: Sequence[_Dropped]) -> list[Became]:
        return await _take(installation, db, group)

    gatherer = Gatherer[_Dropped, Became](installation.database, work, weigh=lambda each: len(each.parts) or 1)
    became = await asyncio.gather(*map(one, bodies), return_exceptions=True)
    for each in became:
        if isinstance(each, BaseException):
            raise each
    return [each for each in became if isinstance(each, Became)]


def _part(whole: Arrived, parcel: Parcel | None, reason: str = "") -> Arrived:
    return replace(whole, parcel=parcel, reason=reason)


async def _take(installation: Installation, db: Session, group: Sequence[_Dropped]) -> list[Became]:
    known = await _known(db, group)
    first = {body_hash(each.whole.body): each for each in reversed(group)}
    new = [digest not in known and first[digest] is each for each in group for digest in [body_hash(each.whole.body)]]
    fresh = [each for each, its in zip(group, new, strict=True) if its]
    # A message about nothing, as CONTRL, tells of no parcel: its body is kept all the same.
    await keep_all(db, [Part(each.whole, ArrivalState.TAKEN) for each in fresh if not each.parts])
    taken = iter(await take_in(installation, db, [part for each in fresh for part in each.parts]))
    became = []
    for each, its in zip(group, new, strict=True):
        reason = known.get(body_hash(each.whole.body), "")
        outcome = Outcome.QUARANTINED if reason else Outcome.DUPLICATE
        became.append(_became(each, [next(taken) for _ in each.parts]) if its else Became(outcome, reason=reason))
    count = sum(not each for each in new)
    if count:
        source, slug = ArrivalSource.IMPORT, group[0].whole.carrier
        db.committed.append(lambda: installation.metrics.arrivals.add(slug, source, Outcome.DUPLICATE, number=count))
    return became


def _became(dropped: _Dropped, taken: Sequence[Taken]) -> Became:
    left = [each.state is ArrivalState.QUARANTINED for each in taken]
    reasons = [part.reason or "no tracking number" for part, bad in zip(dropped.parts, left, strict=True) if bad]
    return Became(
        Outcome.QUARANTINED if taken and all(left) else Outcome.ACCEPTED,
        sum(part.parcel is not None for part in dropped.parts),
        sum(each.state is ArrivalState.UNCLAIMED for each in taken),
        sum(len(each.new) for each in taken),
        f"{len(reasons)} of {len(taken)} parcels: {reasons[0]}" if len(taken) > 1 and reasons else "".join(reasons),
    )


async def _known(db: Session, group: Sequence[_Dropped]) -> dict[str, str]:
    """The digests of bodies that have come before, with the reason of those of which nothing could be taken in.

    Two that drop the same at once come one after the other.
    """
    whole = group[0].whole
    await db.lock("dropped", str(whole.company_id), whole.carrier)
    rows = await db.all(
        select(arrivals.c.body_hash, arrivals.c.state, arrivals.c.reason).where(
            arrivals.c.company_id == whole.company_id,
            arrivals.c.body_hash.in_({body_hash(each.whole.body) for each in group}),
            arrivals.c.carrier == whole.carrier,
        )
    )
    good = {row.body_hash for row in rows if row.state != ArrivalState.QUARANTINED.value}
    return {row.body_hash: "" if row.body_hash in good else f"{row.reason} (it has come before)" for row in rows}


async def _put_off(installation: Installation, dropped: _Dropped, error: Exception) -> Became:
    log.error("a dropped body could not be taken in", carrier=dropped.whole.carrier, exc_info=error)
    async with installation.database.transaction() as db:
        if not (known := await _known(db, [dropped])):
            await keep_for_later(db, dropped.whole, dropped.parts, error)
    return Became(Outcome.DUPLICATE if known else Outcome.DEFERRED, len(dropped.parts), reason=type(error).__name__)
