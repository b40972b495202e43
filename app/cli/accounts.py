"""Commands about carrier accounts; they go to the running service where there is one."""

from typing import Annotated
from uuid import UUID

from typer import Argument, BadParameter, Option, Typer

from app.cli.asking import run, show

commands = Typer()
account = Typer(help="About contracts with carriers.", no_args_is_help=True)
commands.add_typer(account, name="account")


@account.callback()
def of_accounts() -> None:
    """About contracts with carriers."""


@account.command()
def add(  # noqa: PLR0917 - each is an option of the command line
    carrier: Annotated[str, Argument(help="The carrier's slug, as `nove carriers` lists it.")],
    shop: Annotated[UUID, Option(help="A shop of the company whose contract it is.")],
    credential: Annotated[list[str] | None, Option(help="As client_id=abc; may be repeated.")] = None,
    base_url: Annotated[str, Option(help="Another address than the carrier's own, as of its test system.")] = "",
    secret: Annotated[str, Option(help="For carriers that sign their pushes with a secret of their own.")] = "",
    daily_quota: Annotated[
        int | None, Option(min=1, help="Calls a day (UTC) that the carrier allows this contract, if not its usual.")
    ] = None,
) -> None:
    """Add a contract with a carrier; prints where the carrier pushes to, and the secret for it, shown this once."""
    from app.commands import AddAccount  # noqa: PLC0415 - starting fast: see app.cli

    show(
        run(
            AddAccount.of(
                carrier=carrier,
                shop=shop,
                credentials=dict(map(_pair, credential or ())),
                base_url=base_url,
                secret=secret,
                daily_quota=daily_quota,
            )
        )
    )


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not name or not sign:
        raise BadParameter("give each as name=value", param_hint="--credential")
    return name, value
