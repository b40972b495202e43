"""A shop's own events as requests: those that come at the same time are taken in by one transaction.

Each keeps its answer under its own idempotency key, and is refused for itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import Response

from app import idempotency
from app.api.routing import told
from app.api.writing import replayed, to_keep
from app.database import Session
from app.errors import NoveError, Refused
from app.gathering import Gatherer
from app.idempotency import Kept, Once
from app.installation import Installation
from app.intake.concerning import locked
from app.intake.said import Said, Saying, say_each
from app.shipments.shipment import Shipment

Answers = dict[int, Response | NoveError]
"""What requests of a group are answered, by their places in it."""


@dataclass(frozen=True, slots=True)
class _Request:
    """What is said, and what the request is known by if it has an idempotency key."""

    saying: Saying
    write: Once | None


class OwnEvents:
    """Takes own events in; one for each process with an API."""

    def __init__(self, installation: Installation) -> None:
        self._here = installation
        sizes = installation.metrics.groups
        self._gatherer = Gatherer[_Request, Response](
            installation.database, self._take, sized=lambda size: sizes.add("events", values=(size,))
        )

    async def post(self, saying: Saying, write: Once | None) -> Response:
        """Take the event in, once; the answer, after the commit."""
        return await self._gatherer.put(_Request(saying, write))

    async def _take(self, db: Session, group: Sequence[_Request]) -> list[Response | NoveError]:
        now = await locked(db, [each.saying.place for each in group])
        answers: Answers = {}
        for some in _in_turn(group):
            answers |= await self._answered(db, some, now)
        return [answers[n] for n in range(len(group))]

    async def _answered(
        self, db: Session, some: Mapping[int, _Request], now: dict[tuple[UUID, UUID], Shipment]
    ) -> Answers:
        sealer = self._here.sealer
        before = await idempotency.begin_all(db, sealer, [each.write for each in some.values() if each.write])
        answers: Answers = {
            n: replayed(known) if isinstance(known, Kept) else known
            for n, each in some.items()
            if each.write and (known := before.get(each.write.scope))
        }
        new = {n: each for n, each in some.items() if n not in answers}
        kept = []
        results = await say_each(self._here, db, [each.saying for each in new.values()], now)
        for (n, each), result in zip(new.items(), results, strict=True):
            if isinstance(result, Refused):
                answers[n] = result
                continue
            now[each.saying.place] = result.shipment
            answers[n] = answer = _answer(result)
            if each.write:
                kept.append((each.write, to_keep(answer)))
        await idempotency.keep_all(db, sealer, kept)
        return answers


def _in_turn(group: Sequence[_Request]) -> list[dict[int, _Request]]:
    """The group in parts that hold one event of each shipment: twins, and what comes after, find what was before."""
    parts: list[dict[int, _Request]] = []
    counts: dict[tuple[UUID, UUID], int] = {}
    for n, each in enumerate(group):
        turn = counts[each.saying.place] = counts.get(each.saying.place, -1) + 1
        if turn == len(parts):
            parts.append({})
        parts[turn][n] = each
    return parts


def _answer(said: Said) -> Response:
    after = said.shipment
    standing = {
        "id": after.id,
        "status": after.status,
        "status_id": after.status.id,
        "sub_status": after.sub_status,
        "version": after.version,
    }
    return told({**said.event, "shipment": standing}, 201 if said.created else 200)
