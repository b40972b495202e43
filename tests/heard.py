"""What is said to a database: every statement that asks or changes something, with its values."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from asyncpg import Connection
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from app.sqlite_driver import Near, Threaded

Asks = Callable[..., Awaitable[Any]]

DRIVERS: Sequence[tuple[type, str, Callable[..., Any]]] = (
    (Connection, "fetch", lambda *arguments: arguments),
    (Threaded, "fetch", lambda values: values),
    (Threaded, "run_for_each", lambda rows: rows),
    (Near, "fetch", lambda values: values),
)
"""The drivers, how each is asked, and the values among what it is given."""


@contextmanager
def heard(*engines: AsyncEngine) -> Iterator[Sequence[tuple[str, Any]]]:
    """What is said by these engines while the block lasts; of what goes by a driver alone, what it asks."""
    said: list[tuple[str, Any]] = []

    def hear(_connection: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        if statement.lstrip().startswith(("SELECT", "UPDATE", "DELETE", "INSERT", "WITH")):
            said.append((statement, parameters))

    def hearing(own: Asks, values: Callable[..., Any]) -> Asks:
        async def ask(driver: object, statement: str, *arguments: Any) -> Any:
            hear(None, None, statement, values(*arguments))
            return await own(driver, statement, *arguments)

        return ask

    before = [(driver, name, getattr(driver, name)) for driver, name, _ in DRIVERS]
    for driver, name, values in DRIVERS:
        setattr(driver, name, hearing(getattr(driver, name), values))
    for engine in engines:
        event.listen(engine.sync_engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        for driver, name, own in before:
            setattr(driver, name, own)
        for engine in engines:
            event.remove(engine.sync_engine, "before_cursor_execute", hear)
