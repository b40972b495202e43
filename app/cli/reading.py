"""Commands about carriers that need no database: which there are, what an answer says, whether an adapter is sound."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Exit, Option, Typer, echo

if TYPE_CHECKING:
    from carriers import Carrier

commands = Typer()
adapters = Typer(help="About the adapters themselves.", no_args_is_help=True)
commands.add_typer(adapters, name="carrier")


@commands.command("carriers")
def list_carriers(
    as_json: Annotated[bool, Option("--json", help="A JSON list instead of a table.")] = False,
) -> None:
    """The carriers that Nove knows."""
    from carriers import carriers  # noqa: PLC0415 - starting fast: a carrier brings its libraries

    known = [
        {
            "slug": each.slug,
            "name": each.name,
            "poll": each.polls,
            "push": each.pushes,
            "batch_size": each.batch_size,
            "confidence": each.confidence,
        }
        for each in carriers().values()
    ]
    if as_json:
        import orjson  # noqa: PLC0415

        echo(orjson.dumps(known, option=orjson.OPT_INDENT_2).decode())
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Column, Table  # noqa: PLC0415

    table = Table(Column("slug", no_wrap=True), "name", "poll", "push", "batch size", "confidence")
    for row in known:
        table.add_row(*("yes" if cell is True else "no" if cell is False else str(cell) for cell in row.values()))
    Console().print(table)


@commands.command()
def parse(
    carrier: Annotated[str, Argument(help="The carrier's slug, as `nove carriers` lists it.")],
    file: Annotated[Path | None, Argument(help="The raw answer; standard input if left out or `-`.")] = None,
) -> None:
    """Read a carrier's raw answer: one JSON object a line for each parcel in it.

    An error answer has no parcel in it: nothing is printed but a line on standard error, and the exit code is 0.
    Exit code 3 if it is not that carrier's answer, 2 if there is no such carrier or the file cannot be read.
    """
    from app.cli.parcels import line  # noqa: PLC0415
    from carriers import UnreadablePayload  # noqa: PLC0415

    found = known_carrier(carrier)
    try:
        body = sys.stdin.buffer.read() if file is None or str(file) == "-" else file.read_bytes()
    except OSError as error:
        echo(f"nove: cannot read {file}: {error.strerror}", err=True)
        raise Exit(2) from None
    try:
        parcels = found.parse(body)
    except UnreadablePayload as error:
        echo(f"nove: not an answer of {carrier}: {' '.join(str(error).split())}", err=True)
        raise Exit(3) from None
    for parcel in parcels:
        echo(line(found.slug, parcel))
    if not parcels:
        name = "standard input" if file is None or str(file) == "-" else file
        echo(f"nove: {name} is an error answer of {carrier}: no parcel in it", err=True)


@adapters.command()
def check(
    slug: Annotated[str | None, Argument(help="One carrier; all of them if left out.")] = None,
) -> None:
    """Report whether adapters keep the contract; exit code 1 if one does not."""
    from rich.console import Console  # noqa: PLC0415

    from app.cli.conformance import report  # noqa: PLC0415
    from carriers import carriers  # noqa: PLC0415

    chosen = [known_carrier(slug)] if slug else list(carriers().values())
    reports = [report(each) for each in chosen]
    console = Console()
    for each in reports:
        console.print(each.table())
    if not all(each.sound for each in reports):
        raise Exit(1)


@adapters.command()
def new(
    slug: Annotated[str, Argument(help="Its slug: lower-case letters, digits and underscores, as `acme_express`.")],
    name: Annotated[str, Option(help="Its name; made of the slug if left out.")] = "",
    package: Annotated[
        Path | None,
        Option(help="Write a package of its own into this folder; so it does anywhere but in Nove's repository."),
    ] = None,
) -> None:
    """Write an adapter that runs, with recordings and tests, to be turned into the carrier's.

    In Nove's repository it becomes a file of `carriers/`, elsewhere a package that is found where it is installed.
    """
    from app.cli import skeleton  # noqa: PLC0415

    ours = package is None and Path("carriers", "base.py").is_file() and Path("tests", "carriers").is_dir()
    folder = Path() if ours else package or Path(f"nove-{slug.replace('_', '-')}")
    try:
        files = (skeleton.of_the_house if ours else skeleton.of_its_own)(slug, name)
    except ValueError as error:
        echo(f"nove: {error}", err=True)
        raise Exit(2) from None
    if there := [path for path in files if (folder / path).exists()]:
        echo(f"nove: {folder / there[0]} is there already; nothing was written", err=True)
        raise Exit(2)
    try:
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
            echo(str(folder / path))
    except OSError as error:
        echo(f"nove: cannot write {error.filename}: {error.strerror}", err=True)
        raise Exit(2) from None
    echo(skeleton.NEXT[ours].format(slug=slug, folder=folder, kind=skeleton.kind_of(slug)), err=True)


def known_carrier(slug: str) -> "Carrier":
    """The carrier of a slug; a command ends with exit code 2 and the carriers' names if there is none."""
    from carriers import UnknownCarrier, carrier  # noqa: PLC0415

    try:
        return carrier(slug)
    except UnknownCarrier as error:
        echo(f"nove: {error}", err=True)
        raise Exit(2) from None
