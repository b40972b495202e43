"""Commands about what is stored: importing shipments, reading history again, seeing what is wrong.

They go to the running service where there is one, a batch at a time, so that its other work goes on meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from typer import Argument, Exit, Option, Typer, echo

from app.cli.asking import show

if TYPE_CHECKING:
    from app.commanding import Run
    from app.finding import Finding
    from app.settings import Settings

commands = Typer()


@commands.command("import")
def import_file(
    file: Annotated[Path, Argument(help="A CSV file in UTF-8 whose first line names the columns.")],
    shop: Annotated[UUID, Option(help="The shop whose shipments they are.")],
) -> None:
    """Post the shipments of a CSV file; rows whose shipment is known bring it up to date.

    Columns: carrier and tracking_number (or sender_reference); beside them order_reference, direction, service,
    shipped_at, promised_on, parcel_count, tags (with | between them), and recipient_ name, company, email, phone,
    street, postcode, city, state, country, locale. Bad rows are told by their line and do not stop the others; then
    the exit code is 1. The shop's staff gets one mail that says where the shipments are; the same file a second time
    brings no second one.
    """
    failed = asyncio.run(_import(file, shop))
    if failed:
        raise Exit(1)


@commands.command()
def replay(
    carrier: Annotated[str | None, Option(help="Only of this carrier.")] = None,
    shipment: Annotated[UUID | None, Option(help="Only this shipment.")] = None,
    quarantined: Annotated[bool, Option("--quarantined", help="Only bodies that could not be read.")] = False,
    since: Annotated[datetime | None, Option(help="Only what has changed or come since (UTC).")] = None,
    apply: Annotated[bool, Option("--apply", help="Change it; without this, only show what would change.")] = False,
) -> None:
    """Read history again from the raw bodies, after an adapter or a table has been mended.

    Prints a line for each shipment that changes, and for each quarantined body that can be read now. Machines hear of
    the changes, people are not told again.
    """
    from app.cli.reading import known_carrier  # noqa: PLC0415 - starting fast: see app.cli
    from app.intake.stepping import Choice  # noqa: PLC0415

    if carrier is not None:
        known_carrier(carrier)
    choice = Choice(carrier, shipment, since.replace(tzinfo=UTC) if since else None)
    asyncio.run(_replay(choice, quarantined=quarantined, apply=apply))


@commands.command()
def doctor(as_json: Annotated[bool, Option("--json", help="One JSON list.")] = False) -> None:
    """See what is wrong with this installation; exit code 1 if there is a problem.

    Looks at settings, database, schema, disk and clock, whether the key opens what is sealed, whether the mail server
    takes us, the public address leads here and carriers give tokens, and at work that nobody does. Sends nothing.
    """
    findings = asyncio.run(_examine())
    if as_json:
        show([asdict(each) for each in findings])
    else:
        _print(findings)
    if any(each.level == "problem" for each in findings):
        raise Exit(1)


def _print(findings: "list[Finding]") -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table("", "about", "finding", box=None, pad_edge=False)
    for each in findings:
        table.add_row(f"[{_STYLES[each.level]}]{each.level}[/]", each.topic, _plain(each.text))
    Console().print(table)


_STYLES = {"ok": "green", "information": "blue", "warning": "yellow", "problem": "red"}


async def _import(file: Path, shop: UUID) -> int:
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    from app.commanding import commanding  # noqa: PLC0415
    from app.commands import ImportBatch  # noqa: PLC0415
    from app.errors import NoveError  # noqa: PLC0415
    from app.intake.importing import batches, run_of  # noqa: PLC0415
    from app.settings import read_settings  # noqa: PLC0415

    total: dict[str, int] = dict.fromkeys(("rows", "created", "known", "failed"), 0)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    try:
        number = sum(map(len, batches(file)))  # a file that cannot be read whole is refused before anything is posted
        run_id = run_of(file, shop)
        async with commanding(read_settings()) as ask:
            with Progress(*columns, console=Console(stderr=True)) as progress:
                task = progress.add_task("rows", total=number)
                for lines in batches(file):
                    done = await ask(ImportBatch(shop=shop, lines=tuple(lines), run_id=run_id))
                    total["rows"] += len(lines)
                    total["created"] += done["created"]
                    total["known"] += done["known"]
                    total["failed"] += len(done["failed"])
                    for number, reason in done["failed"]:
                        echo(f"line {number}: {reason}", err=True)
                    progress.update(task, completed=total["rows"])
            await ask(ImportBatch(shop=shop, lines=(), run_id=run_id, failed=total["failed"]))
    except NoveError:
        if total["rows"]:
            echo(f"Stopped after {total['rows']} rows; import the file again to go on.", err=True)
        raise
    show(total)
    return total["failed"]


WRITE_THEM = "; nothing was written. To change them: --apply"


async def _replay(choice: Any, *, quarantined: bool, apply: bool) -> None:
    from app.commanding import commanding  # noqa: PLC0415
    from app.errors import NotFound  # noqa: PLC0415
    from app.settings import read_settings  # noqa: PLC0415

    looked_at = changed = 0
    async with commanding(read_settings()) as ask:
        for released in (False, True):
            if (quarantined and not released) or (choice.shipment and released):
                continue
            async for step in _steps(ask, choice, quarantined=released, apply=apply):
                looked_at += step["looked_at"]
                changed += len(step["changes"])
                for change in step["changes"]:
                    echo(_released(change) if released else reread_line(change))
    if choice.shipment and not looked_at:
        raise NotFound(f"No shipment {choice.shipment} that fits: there is nothing to read again.")
    if apply:
        echo(f"{changed} of {looked_at} changed.")
    else:
        echo(f"{changed} of {looked_at} would change{WRITE_THEM if changed else '.'}")


async def _steps(ask: "Run", choice: Any, *, quarantined: bool, apply: bool) -> AsyncIterator[dict[str, Any]]:
    from app.commands import Replay  # noqa: PLC0415

    after = None
    while True:
        step = await ask(Replay(choice=choice, after=after, quarantined=quarantined, apply=apply))
        yield step
        if (after := step["next"]) is None:
            return


def reread_line(change: dict[str, Any]) -> str:
    """A shipment that changes, in a line."""
    before, after = ("/".join(part for part in change[name] if part) for name in ("before", "after"))
    counts = ", ".join(f"{change[name]} {name}" for name in ("new", "remapped", "withdrawn") if change[name])
    eta = "; expected at another time" if change["eta"] else ""
    moved = f"{before} -> {after}" if before != after else f"stays {before}"
    return f"{change['carrier']} {change['number']} ({change['shipment_id']}): {moved}; events: {counts or 'none'}{eta}"


def _released(change: dict[str, Any]) -> str:
    parcels = ", ".join(f"{number or 'a parcel'} {state}" for number, state in change["parcels"])
    return f"{change['carrier']} quarantined body {change['arrival_id']}: {parcels}"


async def _examine() -> "list[Finding]":
    import os  # noqa: PLC0415

    from app.commanding import commanding  # noqa: PLC0415
    from app.commands import Examine  # noqa: PLC0415
    from app.doctor import look_from_outside  # noqa: PLC0415
    from app.errors import NoveError, WrongSetting  # noqa: PLC0415
    from app.finding import Finding, Level  # noqa: PLC0415
    from app.settings import read_settings  # noqa: PLC0415

    try:
        settings = read_settings()
    except WrongSetting as error:
        return [Finding(Level.PROBLEM, "settings", error.detail)]
    found = [Finding(Level.OK, "settings", "They can be read."), *look_from_outside(settings)]
    if _not_made(settings):
        text = f"There is no {settings.sqlite_path} yet: `nove serve` makes it, or set NOVE_DATABASE_URL."
        return [*found, Finding(Level.WARNING, "database", text)]
    try:
        async with commanding(settings) as ask:
            said = await ask(Examine())
    except NoveError as error:
        return [*found, Finding(Level.PROBLEM, "database", error.detail)]
    if settings.sqlite_path is not None:
        running = said["process"] != os.getpid()
        text = f"A service runs on the file (process {said['process']})." if running else "None runs: `nove serve`."
        found.append(Finding(Level.OK if running else Level.INFORMATION, "service", text))
    return found + [Finding(Level(each["level"]), each["topic"], each["text"]) for each in said["findings"]]


def _not_made(settings: "Settings") -> bool:
    path = settings.sqlite_path
    return path is not None and (not path.exists() or path.stat().st_size == 0)


def _plain(text: str) -> str:
    from rich.markup import escape  # noqa: PLC0415

    return escape(text)
