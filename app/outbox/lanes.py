"""Lanes: what one process holds of each endpoint's messages, and whose turn it is.

At most four messages are under way to an endpoint, and at most sixteen are so or have ended without being recorded:
that many come again if recording fails. Of one that answers quickly more are claimed than that, so that the next is at
hand when a slot is free; of any other no more than can be sent at once.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from app.outbox.claiming import PER_ENDPOINT, Target
from app.outbox.leasing import Claimed

UNRECORDED = 4 * PER_ENDPOINT
"""Messages to one endpoint that are under way or not recorded yet: enough to send while others are recorded."""

AT_HAND = 64
"""The most that is held of one endpoint's messages."""

REMEMBERED = 10_000

AHEAD_SECONDS = 8.0
"""Messages are claimed ahead for so long at most, by the time that the last one took: well within a lease."""


Turn = tuple[Claimed, Target, float]


@dataclass(slots=True)
class Lane:
    """An endpoint's messages in this process: waiting, and under way; `most` is how many may be held."""

    waiting: deque[Turn] = field(default_factory=deque)
    under_way: int = 0
    unrecorded: int = 0
    most: int = PER_ENDPOINT


class Lanes:
    """Every lane of a process."""

    def __init__(self) -> None:
        self._lanes: dict[UUID, Lane] = {}
        self._turns: deque[UUID] = deque()
        self._most: dict[UUID, int] = {}

    @property
    def waiting(self) -> int:
        """How many messages wait for a slot."""
        return sum(len(lane.waiting) for lane in self._lanes.values())

    def held(self) -> dict[UUID, int]:
        """How many messages are held of each endpoint."""
        return {each: len(lane.waiting) + lane.under_way for each, lane in self._lanes.items()}

    def most(self) -> dict[UUID, int]:
        """How many may be, also of endpoints of which none is held just now."""
        return self._most

    def add(self, row: Claimed, target: Target, until: float) -> None:
        """A claimed message takes its place; past `until` (monotonic) it is not to be sent any more."""
        if target.id not in self._lanes:
            self._lanes[target.id] = Lane(most=self._most.get(target.id, PER_ENDPOINT))
            self._turns.append(target.id)
        self._lanes[target.id].waiting.append((row, target, until))

    def next(self) -> Turn | None:
        """The message whose turn it is, now under way; endpoints take turns."""
        for _ in range(len(self._turns)):
            endpoint_id = self._turns[0]
            self._turns.rotate(-1)
            lane = self._lanes[endpoint_id]
            if lane.waiting and lane.under_way < PER_ENDPOINT and lane.unrecorded < UNRECORDED:
                lane.under_way += 1
                lane.unrecorded += 1
                return lane.waiting.popleft()
        return None

    def landed(self, endpoint_id: UUID, *, sent: bool, seconds: float) -> None:
        """A message is no longer under way."""
        lane = self._lanes[endpoint_id]
        lane.under_way -= 1
        ahead = lane.most * seconds / PER_ENDPOINT
        if not sent or ahead > AHEAD_SECONDS:
            lane.most = PER_ENDPOINT
        elif 2 * ahead < AHEAD_SECONDS:
            lane.most = min(2 * lane.most, AT_HAND)
        if len(self._most) > REMEMBERED:
            self._most.clear()
        self._most[endpoint_id] = lane.most

    def recorded(self, endpoint_id: UUID) -> None:
        """A message is done with; a lane without any is closed."""
        lane = self._lanes[endpoint_id]
        lane.unrecorded -= 1
        if not lane.waiting and not lane.unrecorded:
            del self._lanes[endpoint_id]
            self._turns.remove(endpoint_id)

    def hungry(self, endpoint_id: UUID | None) -> bool:
        """Whether little of the endpoint's is at hand; always for letters, which have no lane."""
        lane = self._lanes.get(endpoint_id) if endpoint_id else None
        return lane is None or len(lane.waiting) <= lane.most // 4

    def clear(self) -> Iterator[Claimed]:
        """Take out what waits: it is not going to be sent from here."""
        for endpoint_id, lane in list(self._lanes.items()):
            while lane.waiting:
                yield lane.waiting.popleft()[0]
            if not lane.unrecorded:
                del self._lanes[endpoint_id]
                self._turns.remove(endpoint_id)
