"""The command that shows everything on one machine."""

from typing import Annotated

from typer import Exit, Option, Typer

commands = Typer()


@commands.command()
def demo(
    port: Annotated[int, Option(min=0, max=65535, help="Port to listen at; 0 for any free one.")] = 8000,
    seconds: Annotated[
        float | None, Option(min=5, max=86400, help="End after so many seconds; otherwise Ctrl-C ends it.")
    ] = None,
) -> None:
    """Run a shop, seven carriers, a mailbox and a webhook receiver on a throw-away database.

    Ends with a summary: exit code 0, 1 if anything failed, 2 if it could not begin.
    """
    from app.demo.running import run  # noqa: PLC0415 - starting fast: see app.cli

    raise Exit(run(port, seconds))
