"""The `nove` command. Each sibling module holds the sub-commands of one term, in a Typer named `commands`."""

from typer import Typer, echo

from app.cli import accounts, data, demo, reading, running, shops
from app.errors import InvalidInput, NoveError, Unusable

nove = Typer(
    name="nove",
    help="What parcel carriers say, in nine statuses.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
# Modules import what is heavy inside their commands, so that `nove` starts fast.
for term in (demo, running, shops, accounts, data, reading):
    nove.add_typer(term.commands)


def main() -> None:
    """What the installed `nove` script runs; an error of ours is a line and exit code 1, or 2 if nothing can run.

    Fields that are wrong follow, a line each.
    """
    try:
        nove()
    except NoveError as error:
        echo(f"nove: {error}", err=True)
        for each in error.errors if isinstance(error, InvalidInput) else ():
            echo(f"  {each.field}: {each.message}", err=True)
        raise SystemExit(2 if isinstance(error, Unusable) else 1) from None
