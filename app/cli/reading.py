"""Commands about carriers: which there are, what an answer says, whether an adapter is sound, how the carrier does."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from typer import Argument, BadParameter, Exit, Option, Typer, echo

from app.cli.asking import run, show

if TYPE_CHECKING:
    from carriers import Carrier

commands = Typer()
adapters = Typer(help="About carriers and their adapters.", no_args_is_help=True)
commands.add_typer(adapters, name="carrier")


@commands.command("carriers")
def list_carriers(
    as_json: Annotated[bool, Option("--json", help="A JSON list instead of a table, with each grade card.")] = False,
    markdown: Annotated[bool, Option("--markdown", help="The README's table, with each grade.")] = False,
    into: Annotated[Path | None, Option(help="With --markdown: put it into this file, in place of its table.")] = None,
) -> None:
    """The carriers that Nove knows."""
    from app.cli import cards  # noqa: PLC0415 - starting fast: a carrier brings its libraries
    from app.grading import grade  # noqa: PLC0415
    from carriers import carriers  # noqa: PLC0415

    known = carriers().values()
    if as_json:
        _echo_json([cards.about(each) | {"grade": cards.said(grade(each))} for each in known])
    elif into is not None and markdown:
        try:
            into.write_text(cards.replaced(into.read_text(encoding="utf-8"), known), encoding="utf-8")
        except (OSError, ValueError) as error:
            echo(f"nove: cannot put the table into {into}: {error}", err=True)
            raise Exit(2) from None
    elif markdown:
        for line in cards.markdown(known):
            echo(line)
    else:
        from rich.console import Console  # noqa: PLC0415

        Console().print(cards.listed(known))


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
    recordings: Annotated[
        Path | None,
        Option(help="Folder of the one carrier's recordings, if it is not tests/carriers/SLUG here or by its source."),
    ] = None,
    speed: Annotated[bool, Option("--speed/--no-speed", help="Whether to measure how fast it reads.")] = True,
    as_json: Annotated[bool, Option("--json", help="A JSON list of grade cards instead of tables.")] = False,
) -> None:
    """Grade adapters point by point: passed, failed with what to mend, or not applicable; exit code 1 if any failed."""
    from rich.console import Console  # noqa: PLC0415

    from app.cli import cards  # noqa: PLC0415
    from app.grading import grade  # noqa: PLC0415
    from carriers import carriers  # noqa: PLC0415

    if recordings is not None and slug is None:
        raise BadParameter("name the carrier that they are of", param_hint="--recordings")
    chosen = [known_carrier(slug)] if slug else list(carriers().values())
    graded = [grade(each, recordings, timed=speed) for each in chosen]
    if as_json:
        _echo_json([{"slug": card.slug} | cards.said(card) for card in graded])
    else:
        for card in graded:
            Console().print(cards.table(card))
    if any(card.failed for card in graded):
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
    echo(skeleton.NEXT[ours].format(**skeleton.words_of(slug, name), folder=folder), err=True)


@adapters.command()
def health(
    slug: Annotated[str, Argument(help="The carrier's slug, as `nove carriers` lists it.")],
    shop: Annotated[UUID | None, Option(help="Only the accounts of this shop's company.")] = None,
    company: Annotated[UUID | None, Option(help="Only the accounts of this company.")] = None,
    hours: Annotated[int, Option(min=1, max=720, help="The window's length, back from now.")] = 24,
    as_json: Annotated[bool, Option("--json", help="A JSON object instead of lines.")] = False,
) -> None:
    """How a carrier answers each account: success, latency, throttling, quota, and how late its news is."""
    from app.cli import health as shown  # noqa: PLC0415 - starting fast: see app.cli
    from app.health_commands import ShowHealth  # noqa: PLC0415

    told = run(ShowHealth.of(carrier=slug, shop=shop, company=company, hours=hours))
    if as_json:
        show(told)
        return
    from rich.console import Console  # noqa: PLC0415

    if not told["accounts"]:
        echo(f"There is no account with {told['name']}.")
        return
    for line in shown.lines(told):
        Console().print(line)


def known_carrier(slug: str) -> "Carrier":
    """The carrier of a slug; a command ends with exit code 2 and names that are nearly so if there is none."""
    from carriers import UnknownCarrier, carrier  # noqa: PLC0415

    try:
        return carrier(slug)
    except UnknownCarrier as error:
        echo(f"nove: {error}", err=True)
        raise Exit(2) from None


def _echo_json(value: object) -> None:
    import orjson  # noqa: PLC0415

    echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
