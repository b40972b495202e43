"""Settling a shipment: fold its events, write the change, queue what it calls for; locked, in one transaction."""

from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update

from app.database import Session, new_id
from app.installation import Installation
from app.intake.change import Change, Marks
from app.intake.scheduling import next_poll
from app.intake.telling import tell_all
from app.lifecycle import State
from app.outbox.putting import Listeners
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
    marks = marks or Marks()
    state = answer.explained(before, recorded.events, db.now)
    after = replace(before, **(said or {}))
    after = replace(after, **_status(before, state, db.now))
    after = replace(after, **_news(after, recorded, marks, db.now, replay))
    news = after.version != before.version if replay else recorded.changed
    after = replace(after, **_next_times(installation, after, state, news, db.now))
    change = Change(installation, to, before, after, state, recorded, marks, replay)
    await _write(db, change)
    await tell_all(db, change)
    return after


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


def _news(shipment: Shipment, recorded: Recorded, marks: Marks, now: datetime, replay: bool) -> dict[str, Any]:
    """When it was last heard of, and whether it is late, stale, a problem."""
    heard = recorded.changed and not replay
    final = shipment.status.final
    late = (shipment.late or marks.late is not None) and not final
    stale = ((shipment.stale and not heard) or marks.stale is not None) and not final
    return {
        "last_event_at": max((each.occurred_at for each in recorded.events.values() if not each.gone), default=None),
        "last_news_at": now if heard else shipment.last_news_at,
        "not_found": shipment.not_found and not recorded.new,
        "late": late,
        "stale": stale,
        "problem": shipment.status in TROUBLED or late or stale,
    }


def _next_times(
    installation: Installation, shipment: Shipment, state: State, news: bool, now: datetime
) -> dict[str, Any]:
    """When the shipment must be looked at again: folded, found late or stale, polled."""
    final = shipment.status.final
    silent = timedelta(days=installation.settings.stale_days) / shipment.speed
    times: dict[str, Any] = {
        "refold_at": state.refold_at,
        "late_at": None if final or shipment.late else shipment.late_at,
        "stale_at": None if final or shipment.stale else shipment.last_news_at + silent,
    }
    if news and shipment.account_id is not None and shipment.tracking_number:
        due, note = next_poll(installation, shipment, now)
        # A push does not put off a poll that is due sooner, unless the journey has ended.
        waiting = None if final else shipment.next_poll_at
        times["next_poll_at"] = min(due, waiting) if due and waiting else due
        times["poll_note"] = note
    return times


async def _write(db: Session, change: Change) -> None:
    before, after = change.before, change.after
    changed = {
        field.name: getattr(after, field.name)
        for field in fields(Shipment)
        if getattr(after, field.name) != getattr(before, field.name)
    }
    await db.run(
        update(shipments).where(shipments.c.company_id == after.company_id, shipments.c.id == after.id).values(changed)
    )
    if change.moved:
        await db.run(
            transitions.insert().values(
                company_id=after.company_id,
                shipment_id=after.id,
                version=after.version,
                id=new_id(),
                shop_id=after.shop_id,
                from_status=before.status,
                from_sub_status=before.sub_status,
                status=after.status,
                sub_status=after.sub_status,
                event_key=after.decided_by,
                occurred_at=after.decided_at,
                correction=change.correction,
                imported=before.imported and change.first,
                created_at=db.now,
            )
        )
