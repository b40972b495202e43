"""Taking in files that a carrier or forwarder dropped; the running service does it where there is one, some at a time.

A file is one body, or as many as it has interchanges (EDIFACT, X12). A body is as large as a hook takes at most; a file
may be larger, and a folder hold any number of files.
"""

import asyncio
import mmap
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from typer import Argument, BadParameter, Exit, Option, Typer, echo

from app.cli.asking import show

if TYPE_CHECKING:
    from carriers import Carrier

commands = Typer()

MOST = 100
MOST_BYTES = 8 * 1024 * 1024
"""Bodies, and their bytes, that are sent to the service at once."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A body out of a file, or why there is none; `interchange` counts from 1 where the file has several."""

    file: str
    interchange: int | None
    body: bytes
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Reject:
    """What was not taken in, and why."""

    file: str
    interchange: int | None
    reason: str


@commands.command()
def ingest(
    carrier: Annotated[str, Argument(help="Whose format it is: the slug, as `nove carriers` lists it.")],
    files: Annotated[list[Path], Argument(metavar="FILE…", help="Files, and folders with everything in them.")],
    shop: Annotated[UUID | None, Option(help="A shop of the company whose parcels they tell of.")] = None,
    company: Annotated[UUID | None, Option(help="The company itself.")] = None,
    as_json: Annotated[bool, Option("--json", help="One JSON object instead of a summary.")] = False,
) -> None:
    """Take in files that a carrier or forwarder dropped, as if it had pushed them.

    What cannot be read is kept in quarantine and listed with the reason; then, or if a file cannot be taken at all, the
    exit code is 1. What has come before is left alone, so the same files may be dropped again. Exit code 2 if there is
    no such carrier, or no such file.
    """
    from app.cli.reading import known_carrier  # noqa: PLC0415 - starting fast: see app.cli

    if (shop is None) == (company is None):
        raise BadParameter("name the shop or the company whose parcels they tell of", param_hint="--shop / --company")
    found = known_carrier(carrier)
    if missing := [str(each) for each in files if not each.exists()]:
        raise BadParameter(f"there is no {', '.join(missing)}; nothing was taken in", param_hint="FILE…")
    total, rejects = asyncio.run(_ingest(found, list(_each(files)), {"shop": shop} if shop else {"company": company}))
    if as_json:
        show({**total, "rejects": [asdict(each) for each in rejects]})
    else:
        _print(total, rejects)
    if rejects:
        raise Exit(1)


def pieces(carrier: "Carrier", path: Path) -> Iterator[Piece]:
    """The bodies in a file, read as they are asked for."""
    from app.arrivals.keeping import MAX_BODY  # noqa: PLC0415

    name = str(path)
    try:
        with path.open("rb") as file:
            if not path.stat().st_size:
                yield Piece(name, None, b"", "it is empty")
                return
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                begins = [each.start() for each in carrier.interchange.finditer(content)] if carrier.interchange else []
                ends = [0, *begins[1:], len(content)]
                for nth, (start, end) in enumerate(pairwise(ends), 1):
                    number = nth if len(ends) > 2 else None
                    if end - start > MAX_BODY:
                        yield Piece(name, number, b"", f"{end - start} bytes: at most {MAX_BODY} are taken as one body")
                    else:
                        yield Piece(name, number, content[start:end])
    except OSError as error:
        yield Piece(name, None, b"", f"it cannot be read: {error.strerror or error}")


def _each(paths: Sequence[Path]) -> Iterator[Path]:
    """Every file, those of folders in the order of their names; hidden ones, which are still being written, not."""
    for path in paths:
        if path.is_dir():
            inside = (each.relative_to(path).parts for each in path.rglob("*") if each.is_file())
            yield from (path.joinpath(*each) for each in sorted(inside) if not any(part[0] == "." for part in each))
        else:
            yield path


async def _ingest(
    carrier: "Carrier", files: Sequence[Path], whose: dict[str, Any]
) -> tuple[dict[str, int], list[Reject]]:
    from base64 import b64encode  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    from app.commanding import commanding  # noqa: PLC0415
    from app.commands import Ingest  # noqa: PLC0415
    from app.errors import NoveError  # noqa: PLC0415
    from app.settings import read_settings  # noqa: PLC0415

    total = dict.fromkeys(("files", "bodies", *_WORDS, "parcels", "unclaimed", "new_events"), 0)
    rejects: list[Reject] = []
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    try:
        async with commanding(read_settings()) as ask:
            with Progress(*columns, console=Console(stderr=True)) as progress:
                task = progress.add_task("files", total=len(files))
                for some, done in _batches(carrier, files):
                    good = [each for each in some if not each.reason]
                    bodies = tuple(b64encode(each.body).decode() for each in good)
                    told = await ask(Ingest(carrier=carrier.slug, bodies=bodies, **whose))
                    became = iter(told)
                    for each in some:
                        _count(total, rejects, each, None if each.reason else next(became))
                    total["files"] = done
                    progress.update(task, completed=done)
    except NoveError:
        if total["bodies"]:
            echo(f"Stopped after {total['bodies']} bodies; drop the files again to go on.", err=True)
        raise
    return total, rejects


_WORDS = {"accepted": "taken in", "duplicate": "known", "quarantined": "in quarantine", "deferred": "kept for a worker"}
"""What becomes of a body, and how a person is told."""


def _batches(carrier: "Carrier", files: Sequence[Path]) -> Iterator[tuple[list[Piece], int]]:
    """Some bodies, and how many files are through with them; at least one batch, so that the company is looked up."""
    some: list[Piece] = []
    size = 0
    for done, path in enumerate(files):
        for piece in pieces(carrier, path):
            if some and (len(some) == MOST or size + len(piece.body) > MOST_BYTES):
                yield some, done
                some, size = [], 0
            some.append(piece)
            size += len(piece.body)
    yield some, len(files)


def _count(total: dict[str, int], rejects: list[Reject], piece: Piece, became: dict[str, Any] | None) -> None:
    reason = piece.reason
    if became is not None:
        total["bodies"] += 1
        total[became["status"]] += 1
        for name in ("parcels", "unclaimed", "new_events"):
            total[name] += became[name]
        reason = "" if became["status"] == "deferred" else became["reason"]
    if reason:
        rejects.append(Reject(piece.file, piece.interchange, reason))


def _print(total: dict[str, int], rejects: Sequence[Reject]) -> None:
    became = ", ".join(f"{total[name]} {words}" for name, words in _WORDS.items() if total[name])
    echo(f"{total['files']} files, {total['bodies']} bodies: {became or 'none taken in'}")
    echo(f"{total['parcels']} parcels ({total['unclaimed']} not posted yet), {total['new_events']} new events")
    for each in rejects:
        echo(f"{each.file}{f', interchange {each.interchange}' if each.interchange else ''}: {each.reason}", err=True)
