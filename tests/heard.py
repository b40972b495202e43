"""What is said to a database: every statement that asks or changes something, with its values."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from asyncpg import Connection
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine


@contextmanager
def heard(*engines: AsyncEngine) -> Iterator[Sequence[tuple[str, Any]]]:
    """What is said by these engines while the block lasts; of what goes by PostgreSQL's driver alone, what it asks."""
    said: list[tuple[str, Any]] = []

    def hear(_connection: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        if statement.lstrip().startswith(("SELECT", "UPDATE", "DELETE", "INSERT", "WITH")):
            said.append((statement, parameters))

    async def fetch(driver: Connection, statement: str, *arguments: Any) -> Any:
        hear(None, None, statement, arguments)
        return await fetched(driver, statement, *arguments)

    fetched, Connection.fetch = Connection.fetch, fetch
    for engine in engines:
        event.listen(engine.sync_engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        Connection.fetch = fetched
        for engine in engines:
            event.remove(engine.sync_engine, "before_cursor_execute", hear)
