"""The `nove` command. Each sibling module holds the sub-commands of one term, in a Typer named `commands`."""

from importlib.metadata import version as version_of
from typing import Annotated

from typer import Exit, Option, Typer, echo

from app.cli import accounts, data, demo, dropping, mappings, reading, running, secrets, shops
from app.errors import InvalidInput, NoveError, Unusable

nove = Typer(
    name="nove",
    help="What parcel carriers say, in nine statuses.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
# Modules import what is heavy inside their commands, so that `nove` starts fast.
for term in (demo, running, shops, accounts, data, dropping, mappings, secrets, reading):
    nove.add_typer(term.commands)


def _show_version(wanted: bool) -> None:
    if wanted:
        echo(f"nove {version_of('nove')}")
        raise Exit


@nove.callback()
def _of_all(
    version: Annotated[
        bool, Option("--version", is_eager=True, callback=_show_version, help="Show it and exit.")
    ] = False,
) -> None:
    """What holds for every command."""


def main() -> None:
    """What the installed `nove` script runs; an error of ours is a line and exit code 1, or 2 if nothing can run.

    Fields that are wrong follow, a line each. What the machine or the database refuses is a line too, and exit code 2.
    """
    try:
        nove()
    except NoveError as error:
        echo(f"nove: {error}", err=True)
        for each in error.errors if isinstance(error, InvalidInput) else ():
            echo(f"  {each.field}: {each.message}", err=True)
        raise SystemExit(2 if isinstance(error, Unusable) else 1) from None
    except Exception as error:
        if not _of_the_machine(error):
            raise
        said = getattr(error, "orig", error)  # without the statement, whose values may be anybody's
        echo(f"nove: {' '.join(str(said).split()) or type(error).__name__}", err=True)
        raise SystemExit(2) from None


def _of_the_machine(error: Exception) -> bool:
    """Whether a file, the network or the database failed, rather than our code."""
    if isinstance(error, OSError):
        return True
    import sqlite3  # noqa: PLC0415 - starting fast: only where something failed

    from asyncpg import InterfaceError, PostgresError  # noqa: PLC0415
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415

    return isinstance(error, DBAPIError | PostgresError | InterfaceError | sqlite3.Error)
