"""Settling a shipment: fold its events, write the change, queue what it calls for; locked, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from app.bulk import Insert, Update
from app.database import Session, new_id
from app.installation import Installation
from app.intake.change import NO_MARKS, Change, Marks, tracking_page
from app.intake.scheduling import next_poll
from app.intake.telling import past, tell_all
from app.lifecycle import State
from app.outbox.ledger import Past
from app.outbox.putting import Listeners
from app.pace import at_speed
from app.shipments import answer
from app.shipments.recording import Recorded
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments, transitions
from carriers.vocabulary import Status

TROUBLED = (Status.FAILED_ATTEMPT, Status.EXCEPTION)


async def settle(
    installation: Installation,
    db: Session,
    to: Listeners,
    before: Shipment,
    recorded: Recorded,
    *,
    said: dict[str, Any] | None = None,
    marks: Marks | None = None,
    replay: bool = False,
) -> Shipment:
    """The shipment as its events now have it; `said` are columns that the same arrival changes (as the estimate).

    A `replay` has brought nothing new, only read history again: people are not told, and it is no news.
    """
    one = Settlement(to, before, recorded, said or {}, marks or NO_MARKS, replay)
    [after] = await settle_all(installation, db, [one])
    return after


@dataclass(frozen=True, slots=True)
class Settlement:
    """One shipment to settle: who listens, what it was, what was recorded, and what else the same arrival changes."""

    to: Listeners
    before: Shipment
    recorded: Recorded
    said: Mapping[str, Any] = field(default_factory=dict)
    marks: Marks = NO_MARKS
    replay: bool = False


async def settle_all(
    installation: Installation, db: Session, settlements: Sequence[Settlement], told: Past | None = None
) -> list[Shipment]:
    """Several shipments settled by the same few statements, in the order given; `told` of them, if it was read."""
    changes = [_change(installation, each, db.now) for each in settlements]
    told = told or await past(db, changes)  # read first: what is written then waits for nothing (`app.held`)
    await _write(db, changes)
    await tell_all(db, changes, told)
    return [change.after for change in changes]


def _change(installation: Installation, one: Settlement, now: datetime) -> Change:
    before, recorded = one.before, one.recorded
    state = answer.explained(before, recorded.events, now)
    after = before.changed({**one.said, **_status(before, state, now), **_news(one, state.status, now)})
    moved = after.version != before.version if one.replay else recorded.changed
    after = after.changed(_next_times(installation, after, state, moved, now))
    page = tracking_page(installation, after)
    return Change(installation, one.to, before, after, state, recorded, one.marks, page, one.replay)


def _status(before: Shipment, state: State, now: datetime) -> dict[str, Any]:
    """What the fold says; `version` counts its changes, `revision` every change that a reader can see."""
    moved = (state.status, state.sub_status) != (before.status, before.sub_status)
    return {
        "status": state.status,
        "sub_status": state.sub_status,
        "status_since": state.since or before.created_at,
        "decided_by": state.decided_by,
        "decided_at": state.decided_at,
        "doubtful": state.doubtful,
        "failed_attempts": state.failed_attempts,
        "version": before.version + moved,
        "revision": before.revision + 1,
        "updated_at": now,
    }


def _news(one: Settlement, status: Status, now: datetime) -> dict[str, Any]:
    """When it was last heard of, and whether it is late, stale, a problem, now that it has this status."""
    shipment, recorded, marks = one.before, one.recorded, one.marks
    heard = recorded.changed and not one.replay
    final = status.final
    late = (shipment.late or marks.late is not None) and not final
    stale = ((shipment.stale and not heard) or marks.stale is not None) and not final
    return {
        "last_event_at": max([each.occurred_at for each in recorded.events.values() if not each.gone], default=None),
        "last_news_at": now if heard else shipment.last_news_at,
        "not_found": one.said.get("not_found", shipment.not_found) and not recorded.new,
        "late": late,
        "stale": stale,
        "problem": status in TROUBLED or late or stale,
    }


def _next_times(
    installation: Installation, shipment: Shipment, state: State, moved: bool, now: datetime
) -> dict[str, Any]:
    """When the shipment must be looked at again: folded, found late or stale, polled."""
    final = shipment.status.final
    silent = at_speed(timedelta(days=installation.settings.stale_days), shipment.speed)
    times: dict[str, Any] = {
        "refold_at": state.refold_at,
        "late_at": None if final or shipment.late else shipment.late_at,
        "stale_at": None if final or shipment.stale else shipment.last_news_at + silent,
    }
    if moved and shipment.account_id is not None and shipment.tracking_number:
        due, note = next_poll(installation, shipment, now)
        # A push does not put off a poll that is due sooner, unless the journey has ended.
        waiting = None if final else shipment.next_poll_at
        times["next_poll_at"] = min(due, waiting) if due and waiting else due
        times["poll_note"] = note
    return times


SETTLED = (
    "status",
    "sub_status",
    "status_since",
    "decided_by",
    "decided_at",
    "doubtful",
    "failed_attempts",
    "version",
    "revision",
    "updated_at",
    "last_event_at",
    "last_news_at",
    "not_found",
    "late",
    "stale",
    "problem",
    "refold_at",
    "late_at",
    "stale_at",
    "next_poll_at",
    "poll_note",
    "eta_from",
    "eta_to",
    "eta_day",
    "eta_source",
    "carrier_service",
    "carrier_pickup_point",
)
"""The columns that settling may change."""

_UPDATE = Update(shipments, ("company_id", "id"), SETTLED)
_RECYCLED = Update(shipments, ("company_id", "id"), ("recycled_at",))
_INSERT_TRANSITIONS = Insert(transitions, [column.name for column in transitions.c if column.name != "txid"])
_settled = attrgetter("company_id", "id", *SETTLED)


async def _write(db: Session, changes: Sequence[Change]) -> None:
    await _UPDATE(db, [_settled(change.after) for change in changes])
    if recycled := [each.after for each in changes if each.state.recycled and each.after.recycled_at is None]:
        await _RECYCLED(db, [(each.company_id, each.id, db.now) for each in recycled])
    await _INSERT_TRANSITIONS(db, [_transition(change, db.now) for change in changes if change.moved])


def _transition(change: Change, now: datetime) -> tuple[Any, ...]:
    before, after = change.before, change.after
    return (
        after.company_id,
        after.id,
        after.version,
        new_id(),
        after.shop_id,
        before.status,
        before.sub_status,
        after.status,
        after.sub_status,
        after.decided_by,
        after.decided_at,
        change.correction,
        before.imported and change.first,
        now,
    )
