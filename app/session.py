"""An open transaction: statements go through it, and it knows the database's time."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import Column, ColumnElement, Executable, Row, Table, func, select, type_coerce
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from app.beforehand import NOTHING, Beforehand
from app.held import Driver


class Session:
    """What `Database.transaction` and `Database.reading` give."""

    def __init__(
        self,
        connection: AsyncConnection | None,
        now: datetime,
        driver: Any = None,
        *,
        held: Driver | None = None,
        sqlite: Any = None,
    ) -> None:
        self._connection, self._held = connection, held
        self.now = now
        self.driver: Any = held or driver
        """PostgreSQL's own connection (asyncpg), in the same transaction, for the hot paths; none on SQLite."""
        self.sqlite: Any = sqlite
        """SQLite's own connection (`app.sqlite_driver`), for the same; none on PostgreSQL."""
        self.postgres = self.driver is not None
        self.committed: list[Callable[[], None]] = []
        """Called after the commit, and only then: for what counts what was stored."""
        self.beforehand: Beforehand = NOTHING

    @property
    def connection(self) -> AsyncConnection:
        """What statements are run by; a glance has none."""
        if self._connection is None:
            raise RuntimeError("a glance reads by its driver alone")
        return self._connection

    async def write(self) -> None:
        """Write what waits for the statements that follow; before it is asked for, nothing else need be done."""
        if self._held is not None:
            await self._held.write()

    async def _ready(self) -> AsyncConnection:
        await self.write()
        return self.connection

    async def all(self, statement: Executable, values: Any = None) -> Sequence[Row[Any]]:
        """Every row; `values` may be a list of rows to insert."""
        return (await (await self._ready()).execute(statement, values)).all()

    async def first(self, statement: Executable, values: Mapping[str, Any] | None = None) -> Row[Any] | None:
        """The first row, or none."""
        return (await (await self._ready()).execute(statement, values)).first()

    async def value(self, statement: Executable) -> Any:
        """The first column of the first row, or none."""
        return (await (await self._ready()).execute(statement)).scalar()

    async def run(self, statement: Executable, values: Any = None) -> int:
        """The number of rows that a change touched; `values` may be a list of rows."""
        return (await (await self._ready()).execute(statement, values)).rowcount

    async def lock(self, *words: object) -> None:
        """Hold until the transaction ends what no row stands for yet; on SQLite only one transaction writes anyway."""
        if self.postgres:
            await self.run(select(func.pg_advisory_xact_lock(_number(words))))

    async def try_lock(self, *words: object) -> bool:
        """The same without waiting: whether it is ours."""
        return not self.postgres or bool(await self.value(select(func.pg_try_advisory_xact_lock(_number(words)))))

    @asynccontextmanager
    async def nested(self) -> AsyncIterator[None]:
        """A part of the transaction that an error undoes alone."""
        async with self.driver.transaction() if self.postgres else self.connection.begin_nested():
            yield

    def insert(self, table: Table) -> "postgresql.Insert | sqlite.Insert":
        """An INSERT that can say what to do on conflict."""
        return postgresql.insert(table) if self.postgres else sqlite.insert(table)

    def holds(self, column: Column[Any], value: str) -> ColumnElement[bool]:
        """Whether a JSON list has the value in it."""
        if self.postgres:
            return type_coerce(column, JSONB).contains([value])
        each = func.json_each(column).table_valued("value")
        return select(1).select_from(each).where(each.c.value == value).exists()


def _number(words: Sequence[object]) -> int:
    digest = blake2b("\x1f".join(map(str, words)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
