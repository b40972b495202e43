"""The `nove` command. Each sibling module holds the sub-commands of one term, in a Typer named `commands`."""

from typer import Typer, echo

from app.cli import reading
from app.errors import NoveError, Unusable

nove = Typer(
    name="nove",
    help="What parcel carriers say, in nine statuses.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for term in (reading,):  # one word each; modules import what is heavy inside their commands, so that `nove` starts fast
    nove.add_typer(term.commands)


def main() -> None:
    """What the installed `nove` script runs; an error of ours is one line and exit code 1, or 2 if nothing can run."""
    try:
        nove()
    except NoveError as error:
        echo(f"nove: {error}", err=True)
        raise SystemExit(2 if isinstance(error, Unusable) else 1) from None
