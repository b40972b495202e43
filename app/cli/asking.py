"""Running short commands from the command line, and printing what they give."""

import asyncio
from typing import TYPE_CHECKING

from typer import echo

if TYPE_CHECKING:
    from app.commands import Command, Json


def run(command: "Command") -> "Json":
    """The command's result, from wherever the database is."""
    from app.commanding import commanding  # noqa: PLC0415 - starting fast: see app.cli
    from app.settings import read_settings  # noqa: PLC0415

    async def ran() -> "Json":
        async with commanding(read_settings()) as ask:
            return await ask(command)

    return asyncio.run(ran())


def show(result: "Json") -> None:
    """Print a result as JSON, for programs and people."""
    import orjson  # noqa: PLC0415

    echo(orjson.dumps(result, option=orjson.OPT_INDENT_2).decode())
