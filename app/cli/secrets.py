"""The command about the key behind every secret; it goes to the running service where there is one, batch by batch."""

import asyncio
from typing import Annotated

from typer import Exit, Option, Typer, echo

commands = Typer()


@commands.command()
def reseal(
    new_key: Annotated[
        bool, Option("--new-key", help="First make a new key in the file beside the SQLite database.")
    ] = False,
    apply: Annotated[bool, Option("--apply", help="Do it; without this, only count what a former key sealed.")] = False,
) -> None:
    """Seal every stored secret under the current key, so that a former key can be thrown away.

    It works in batches while the service runs, and can be broken off and begun again. Links in sent messages and the
    addresses of hooks stay as they are.
    """
    if asyncio.run(_reseal(new_key=new_key, apply=apply)):
        raise Exit(1)


async def _reseal(*, new_key: bool, apply: bool) -> int:
    from app.commanding import commanding  # noqa: PLC0415 - starting fast: see app.cli
    from app.commands import DropKeys, Reseal, TurnKey  # noqa: PLC0415
    from app.settings import read_settings  # noqa: PLC0415

    async with commanding(read_settings()) as ask:
        if not apply:
            counts = await ask(Reseal())
            echo(_counted(counts) or "Everything is sealed under the current key.")
            if new_key or counts:
                echo("Nothing was changed: add --apply.")
            return 0
        if new_key:
            await ask(TurnKey())
        done: dict[str, int] = {}
        shut: list[str] = []
        step = await ask(Reseal(apply=True))
        while True:
            done[step["kind"]] = done.get(step["kind"], 0) + step["number"]
            shut += step["shut"]
            if step["next"] is None:
                break
            step = await ask(Reseal(apply=True, after=step["next"]))
        end = await ask(DropKeys())
    echo(f"Sealed anew: {_counted({kind: number for kind, number in done.items() if number}) or 'nothing'}.")
    for each in shut:
        echo(f"Does not open, so it stays: {each}. Enter that secret again.", err=True)
    if end["left"] and not shut:
        echo(f"Sealed under a former key meanwhile: {_counted(end['left'])}. Start every process again, then repeat.")
    elif end["former"]:
        echo("Take NOVE_SECRET_KEY_OLD out of the settings now, and start every process again.")
    return len(end["left"])


_WORDS = {
    "account": "accounts' credentials",
    "hook": "accounts' push secrets",
    "endpoint": "endpoints' secrets",
    "erasure": "requests to erase",
    "idempotency": "kept answers",
    "token": "token keys",
}


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {_WORDS[kind]}" for kind, number in counts.items())
