"""Writes that wait. What gives nothing back goes to PostgreSQL together with what follows, as one statement.

They are written before anything else is asked in the same transaction, and before it ends, so nobody can tell, but by
the round trips that are saved: a group of pushes writes into six tables.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from itertools import chain
from typing import Any, Protocol


class Write(Protocol):
    """A statement that gives nothing back; `width` is the number of its values."""

    table: str
    changes: bool
    """Whether it changes rows that are there, which one statement may do once."""
    width: int

    def text(self, first: int) -> str:
        """The statement, whose values are numbered from `first` on."""


class Driver:
    """PostgreSQL's own connection (asyncpg) in a transaction, and what waits to be written by it."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._held: list[tuple[Write, Sequence[Any]]] = []

    async def put(self, write: Write, values: Sequence[Any]) -> None:
        """Have it written, at the latest before the transaction ends."""
        if any(not _goes_with(write, other) for other, _ in self._held):
            await self.write()
        self._held.append((write, values))

    async def write(self) -> None:
        """Write what waits."""
        if self._held:
            held, self._held = self._held, []
            text = _together(tuple(write for write, _ in held))
            await self._connection.execute(text, *chain.from_iterable(values for _, values in held))

    async def fetch(self, statement: str, *values: Any) -> Any:
        """The rows that the statement gives."""
        await self.write()
        return await self._connection.fetch(statement, *values)

    async def fetchrow(self, statement: str, *values: Any) -> Any:
        """The first row that it gives, or none."""
        await self.write()
        return await self._connection.fetchrow(statement, *values)

    async def execute(self, statement: str, *values: Any) -> None:
        """Run a statement now."""
        await self.write()
        await self._connection.execute(statement, *values)

    def is_closed(self) -> bool:
        """Whether it is of no use any more."""
        return bool(self._connection.is_closed())

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """A part of the transaction that an error undoes alone, with what waits to be written by it."""
        await self.write()
        async with self._connection.transaction():
            try:
                yield
                await self.write()
            finally:
                self._held = []


def _goes_with(write: Write, other: Write) -> bool:
    """Parts of one statement do not see each other's rows: no two may be about the same."""
    return write.table != other.table or not (write is other or write.changes or other.changes)


@cache
def _together(writes: tuple[Write, ...]) -> str:
    first, texts = 1, []
    for write in writes:
        texts.append(write.text(first))
        first += write.width
    *before, last = texts
    named = ", ".join(f"w{n} AS ({text})" for n, text in enumerate(before))
    return f"WITH {named} {last}" if named else last
