"""Stateful tests over the real service: a machine of hypothesis steps in a thread of its own, its work in the loop."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from sqlalchemy import delete

from app.database import Database
from app.schema import metadata

Done = TypeVar("Done")

Wait = Callable[[Coroutine[Any, Any, Done]], Done]
"""Lets the loop do something, and waits for it."""


def lives(examples: int, steps: int) -> settings:
    """So many lives of at most so many steps."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


async def live(
    machine: Callable[[Database, Wait[Any]], RuleBasedStateMachine], database: Database, how: settings
) -> None:
    """Let the machine live; each life begins with an empty database."""
    loop = asyncio.get_running_loop()

    def wait(work: Coroutine[Any, Any, Done]) -> Done:
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    def born() -> RuleBasedStateMachine:
        wait(_emptied(database))
        return machine(database, wait)

    await asyncio.to_thread(run_state_machine_as_test, born, settings=how)  # type: ignore[arg-type]


async def _emptied(database: Database) -> None:
    database.clock_offset = timedelta()
    async with database.transaction() as db:
        for table in reversed(metadata.sorted_tables):
            await db.run(delete(table))
