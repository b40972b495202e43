"""Commands about rows that mend carriers' tables, for the whole installation unless a company is named."""

from typing import Annotated, Any
from uuid import UUID

from typer import Argument, Option, Typer, echo

from app.cli.asking import run, show

commands = Typer()
mapping = Typer(help="About rows that mend carriers' tables.", no_args_is_help=True)
commands.add_typer(mapping, name="mapping")

Id = Annotated[UUID, Argument(metavar="ID")]


@mapping.command()
def inbox(carrier: Annotated[str | None, Option(help="Only of this carrier.")] = None) -> None:
    """The codes that no table lists, of all companies together, with the row that their words suggest."""
    from app.mapping_commands import ShowInbox  # noqa: PLC0415 - starting fast: see app.cli

    show(run(ShowInbox.of(carrier=carrier)))


@mapping.command()
def add(  # noqa: PLR0917 - each is an option of the command line
    carrier: Annotated[str, Argument(help="The carrier's slug.")],
    code: Annotated[str, Argument(help="Its code, or the first 100 characters of the text where there is none.")],
    reason: Annotated[str, Option(help="Why, for whoever reads it later.")],
    status: Annotated[str | None, Option(help="One of the nine; left out, it says nothing of the parcel.")] = None,
    sub_status: Annotated[str | None, Option(help="One of the status's own.")] = None,
    within: Annotated[str, Option("--list", help="The carrier's list that the code stands in.")] = "",
    context: Annotated[str | None, Option(help="Only where this is the event's context.")] = None,
    weak: Annotated[bool | None, Option("--weak/--strong", help="May raise a status alone, or lower it too.")] = None,
    doubtful: Annotated[bool, Option("--doubtful", help="It acts, yet no recipient is told.")] = False,
    company: Annotated[UUID | None, Option(help="Only for this company.")] = None,
    shadow: Annotated[bool, Option("--shadow", help="Only count what it would do.")] = False,
) -> None:
    """Give a code of a carrier's a meaning, for every company's new events from within five seconds on."""
    from app.mapping_commands import AddMapping  # noqa: PLC0415

    show(
        run(
            AddMapping.of(
                carrier=carrier,
                code=code,
                within=within,
                context=context,
                status=status,
                sub_status=sub_status,
                weak=weak,
                doubtful=doubtful,
                reason=reason,
                company=company,
                shadow=shadow,
            )
        )
    )


@mapping.command("list")
def list_rows(
    carrier: Annotated[str | None, Option(help="Only of this carrier.")] = None,
    withdrawn: Annotated[bool, Option("--withdrawn", help="Those that were withdrawn, too.")] = False,
) -> None:
    """The rows there are, with their authors and reasons."""
    from app.mapping_commands import ListMappings  # noqa: PLC0415

    show(run(ListMappings.of(carrier=carrier, withdrawn=withdrawn)))


@mapping.command()
def preview(
    row: Id,
    without: Annotated[bool, Option("--without", help="What its end would change.")] = False,
) -> None:
    """Show what a row would change, were it applied to the past: a line for each shipment; nothing is written."""
    from app.cli.data import reread_line  # noqa: PLC0415
    from app.mapping_commands import PreviewMapping  # noqa: PLC0415

    looked_at = changed = 0
    after: Any = None
    while True:
        step = run(PreviewMapping(mapping=row, without=without, after=after))
        looked_at += step["looked_at"]
        changed += len(step["changes"])
        for change in step["changes"]:
            echo(reread_line(change))
        if (after := step["next"]) is None:
            break
    echo(f"{changed} of {looked_at} would change; nothing was written.")


@mapping.command()
def replay(
    row: Id,
    progress: Annotated[bool, Option("--progress", help="Only say how far it has come.")] = False,
) -> None:
    """Apply a row to the past, or take a withdrawn one back from it; the service does it in the background."""
    from app.mapping_commands import ChangeMapping, ShowReplay  # noqa: PLC0415

    show(run(ShowReplay(mapping=row) if progress else ChangeMapping(mapping=row, change="replay")))


@mapping.command("switch-on")
def switch_on(row: Id) -> None:
    """Put a shadow in force."""
    from app.mapping_commands import ChangeMapping  # noqa: PLC0415

    show(run(ChangeMapping(mapping=row, change="switch-on")))


@mapping.command()
def withdraw(row: Id, reason: Annotated[str, Option(help="Why, for whoever reads it later.")] = "") -> None:
    """End a row: new events mean again what they did without it."""
    from app.mapping_commands import ChangeMapping  # noqa: PLC0415

    show(run(ChangeMapping.of(mapping=row, change="withdraw", reason=reason)))


@mapping.command()
def shadow() -> None:
    """What shadows would have events mean otherwise, and how many were compared."""
    from app.mapping_commands import ShowShadows  # noqa: PLC0415

    show(run(ShowShadows()))
