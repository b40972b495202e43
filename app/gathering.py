"""Group commit: what callers ask for at the same time is done in one transaction, and each is answered after it.

While one group is being committed, the next gathers; where the database has many writers, it may begin beside the
first once it is worth it, so that one is worked out while the other is written.

A group that fails is done again one by one, so that a bad job fails alone; a job that is refused without failing its
group has the refusal for its result. Nobody waits without bound: beyond `room` waiting jobs the answer is Unavailable.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

from app import failpoints
from app.database import Database, Session
from app.errors import NoveError, TryLater, Unavailable

ROOM = 2_000
MOST = 100
BESIDE = 8
"""Jobs that are worth a group beside another one."""

Job = TypeVar("Job")
Result = TypeVar("Result")

Sized = Callable[[int], None]
"""Hears how many jobs a group had, once it is committed."""

Work = Callable[[Session, Sequence[Job]], Awaitable[Sequence[Result | NoveError]]]
"""Does a group of jobs in an open transaction; a result for each, in order, or the error that its caller gets."""


class Gatherer(Generic[Job, Result]):
    """Gathers jobs of one kind in one process.

    A group weighs at most `most`, or is one job: so that what is small does not wait long behind what is large. On
    PostgreSQL at most `groups` of them are under way; jobs that come at the same time may then be done in any order.
    """

    def __init__(
        self,
        database: Database,
        work: Work[Job, Result],
        *,
        most: int = MOST,
        groups: int = 1,
        room: int = ROOM,
        sized: Sized = lambda _: None,
        weigh: Callable[[Job], int] = lambda _: 1,
    ) -> None:
        self._database, self._work, self._sized, self._weigh = database, work, sized, weigh
        self._most, self._room, self._groups = most, room, groups if database.postgres else 1
        self._waiting: deque[tuple[Job, asyncio.Future[Result]]] = deque()
        self._runners: set[asyncio.Task[None]] = set()
        self._running = self._begun = 0

    async def put(self, job: Job) -> Result:
        """The job's result, once it is committed; what went wrong with it alone is raised here."""
        if len(self._waiting) >= self._room:
            raise Unavailable("Too much is waiting to be stored; nothing of this was. Send it again.", 1)
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((job, future))
        if not self._running or (self._begun == self._running < self._groups and len(self._waiting) >= BESIDE):
            self._running += 1
            runner = asyncio.create_task(self._run(), context=Context())  # it works for many: named for none
            self._runners.add(runner)
            runner.add_done_callback(self._runners.discard)
        return await future

    async def _run(self) -> None:
        self._begun += 1
        try:
            while self._waiting:
                await self._see_to(self._next())
                if self._running > 1 and len(self._waiting) < BESIDE:
                    break  # the other takes them
        finally:
            self._running -= 1
            self._begun -= 1

    async def _see_to(self, group: Sequence[tuple[Job, asyncio.Future[Result]]]) -> None:
        try:
            await self._do(group)
        except TryLater as error:
            for _, future in group:
                _fail(future, error)
        except Exception as error:
            if len(group) == 1:
                _fail(group[0][1], error)
            else:
                await self._one_by_one(group)

    def _next(self) -> list[tuple[Job, asyncio.Future[Result]]]:
        group: list[tuple[Job, asyncio.Future[Result]]] = []
        weight = 0
        while self._waiting:
            weight += self._weigh(self._waiting[0][0])
            if group and weight > self._most:
                break
            group.append(self._waiting.popleft())
        return group

    async def _one_by_one(self, group: Sequence[tuple[Job, asyncio.Future[Result]]]) -> None:
        for one in group:
            try:
                await self._do([one])
            except Exception as error:
                _fail(one[1], error)

    async def _do(self, group: Sequence[tuple[Job, asyncio.Future[Result]]]) -> None:
        async with self._database.transaction(by_key=True) as db:
            results = await self._work(db, [job for job, _ in group])
            await db.write()
            failpoints.reach(failpoints.GROUP_WRITTEN)
        failpoints.reach(failpoints.GROUP_COMMITTED)
        self._sized(len(group))
        for (_, future), result in zip(group, results, strict=True):
            if isinstance(result, NoveError):
                _fail(future, result)
            elif not future.done():  # the caller may have gone; what it sent is stored all the same
                future.set_result(result)


def _fail(future: "asyncio.Future[Result]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
