"""Recording events: stored once by key, corrected by newer versions, withdrawn when their carrier takes them back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.bulk import Insert, Update
from app.database import Session
from app.mappings.rows import MENDED
from app.shipments import history
from app.shipments.history import NAMES, StoredEvent, unheard
from app.shipments.shipment import Shipment
from app.shipments.tables import events


@dataclass(frozen=True, slots=True)
class Recorded:
    """What an answer changes: `events` as they are then, keys that are `new`, `corrected` or `withdrawn`.

    `touched` are keys of events known before whose rows are to be written, the corrected ones among them; `foretold`
    those of withdrawals that came before their events, and wait for them.
    """

    events: dict[str, StoredEvent]
    new: tuple[str, ...]
    corrected: tuple[str, ...]
    withdrawn: tuple[str, ...]
    touched: tuple[str, ...] = ()
    foretold: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether the fold may give something else than before."""
        return bool(self.new or self.corrected or self.withdrawn)

    def then(self, later: "Recorded") -> "Recorded":
        """Both one after the other."""
        if not (self.changed or self.touched or self.foretold):
            return later
        new = dict.fromkeys((*self.new, *later.new))
        return Recorded(
            later.events,
            tuple(new),
            tuple(key for key in dict.fromkeys((*self.corrected, *later.corrected)) if key not in new),
            tuple(dict.fromkeys((*self.withdrawn, *later.withdrawn))),
            tuple(key for key in dict.fromkeys((*self.touched, *later.touched)) if key not in new),
            (*self.foretold, *later.foretold),
        )


def record(
    known: Mapping[str, StoredEvent],
    said: Iterable[StoredEvent],
    *,
    at: datetime,
    withdrawn: Iterable[str] = (),
    snapshot_at: datetime | None = None,
    remap: bool = False,
) -> Recorded:
    """What is new, what has a newer version, what is withdrawn; nothing is written yet.

    `at` is when it came. A withdrawal of an event that is not known is kept for it: when the event comes, it comes
    withdrawn, and as a correction rather than as news. `snapshot_at` says that this was a complete answer of that time:
    events it leaves out are on their way to being withdrawn. `remap` takes the given version whatever its revision: a
    table's row has been mended. Otherwise a known event keeps the meaning that it had before its row was mended.
    """
    now: dict[str, StoredEvent] = dict(known)
    new: list[str] = []
    corrected: list[str] = []
    touched: list[str] = []
    foretold: list[str] = []
    given = {event.key: event for event in said}
    for key, event in given.items():
        before = known.get(key)
        if before is None:
            now[key] = event if snapshot_at is None else event._replace(seen_at=snapshot_at)
            new.append(key)
            continue
        newer = (event.revision, event.content) > (before.revision, before.content)
        same = before.content.startswith(event.content)  # those stored long ago have twice as many digits
        if not same and (remap or (newer and not _mended_since(before, event))):
            now[key] = event._replace(
                received_at=event.received_at if before.unheard else before.received_at,
                arrival_id=event.arrival_id or before.arrival_id,
                withdrawn=before.withdrawn,
                seen_at=before.seen_at,
                absent_from=before.absent_from,
                absent_to=before.absent_to,
            )
            corrected.append(key)
        elif remap and same and event.row != before.row:
            now[key] = before._replace(row=event.row)
            touched.append(key)
        elif event.revision > before.revision:
            # The same words again, yet newer: remembered, or an older version that differs would win after them.
            now[key] = before._replace(revision=event.revision)
            touched.append(key)
        if snapshot_at is not None and (before.absent_from is not None or before.seen_at is None):
            now[key] = now[key]._replace(seen_at=snapshot_at, absent_from=None, absent_to=None)
            touched.append(key)
    lost = _left_out(now, given, snapshot_at, touched) if snapshot_at is not None and given else []
    for key in withdrawn:
        if (taken_back := now.get(key)) is None:
            now[key] = unheard(key, at)
            foretold.append(key)
        elif not taken_back.withdrawn:
            now[key] = taken_back._replace(withdrawn=True)
            lost.append(key)
            touched.append(key)
    back = [key for key in touched if key in known and known[key].gone and not now[key].gone]
    written = tuple(key for key in dict.fromkeys((*corrected, *touched)) if key in known)
    corrected, lost = list(dict.fromkeys((*corrected, *back))), list(dict.fromkeys(lost))
    return Recorded(now, tuple(new), tuple(corrected), tuple(lost), written, tuple(foretold))


def _mended_since(before: StoredEvent, event: StoredEvent) -> bool:
    """Whether it is the event that is known, and only its code's row was mended since: that is for a replay."""
    if event.revision > before.revision or (event.list, event.code, event.context) != (
        before.list,
        before.code,
        before.context,
    ):
        return False
    return event.row != before.row and any((row or "").startswith(MENDED) for row in (event.row, before.row))


async def missed_again(db: Session, again: Sequence[tuple[Shipment, datetime]]) -> list[tuple[Shipment, Recorded]]:
    """An unchanged complete answer is a snapshot too: what it left out, it leaves out again; what is withdrawn by it.

    With each shipment comes the time of its answer.
    """
    known = await history.of_many(db, [shipment for shipment, _ in again])
    missed = []
    for shipment, snapshot_at in again:
        events = known[shipment.id]
        if not any(event.absent_from is not None and not event.gone for event in events.values()):
            continue
        now, touched = dict(events), list[str]()
        there = {key: event for key, event in events.items() if event.absent_from is None}
        lost = _left_out(now, there, snapshot_at, touched)
        missed.append((shipment, Recorded(now, (), (), tuple(lost), tuple(touched))))
    await write(db, missed)
    return [each for each in missed if each[1].withdrawn]


def _left_out(
    now: dict[str, StoredEvent], given: Mapping[str, StoredEvent], snapshot_at: datetime, touched: list[str]
) -> list[str]:
    """Note the absence of events that an earlier complete answer held; the keys that are withdrawn by it."""
    lost = []
    for key, event in list(now.items()):
        if key in given or event.seen_at is None or event.seen_at >= snapshot_at or event.gone:
            continue
        start = min(event.absent_from or snapshot_at, snapshot_at)
        end = max(event.absent_to or snapshot_at, snapshot_at)
        now[key] = event._replace(absent_from=start, absent_to=end)
        touched.append(key)
        if now[key].gone:
            lost.append(key)
    return lost


async def write(db: Session, recorded: Sequence[tuple[Shipment, Recorded]]) -> None:
    """Write what was recorded of these shipments, which must be locked."""
    await _INSERT(
        db, [_row(shipment, each.events[key]) for shipment, each in recorded for key in (*each.new, *each.foretold)]
    )
    await _UPDATE(db, [_row(shipment, each.events[key]) for shipment, each in recorded for key in sorted(each.touched)])


def _row(shipment: Shipment, event: StoredEvent) -> tuple[Any, ...]:
    return (shipment.company_id, shipment.id, *event)


_INSERT = Insert(events, ("company_id", "shipment_id", *NAMES), conflict="DO NOTHING")
_UPDATE = Update(events, ("company_id", "shipment_id", "key"), [name for name in NAMES if name != "key"])
