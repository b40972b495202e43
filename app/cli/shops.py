"""Commands about shops and their keys; they go to the running service where there is one."""

from typing import Annotated
from uuid import UUID

from typer import Argument, Option, Typer

from app.cli.asking import run, show

commands = Typer()
shop = Typer(help="About shops.", no_args_is_help=True)
key = Typer(help="About API keys.", no_args_is_help=True)
commands.add_typer(shop, name="shop")
commands.add_typer(key, name="key")


@shop.command()
def create(  # noqa: PLR0917 - each is an option of the command line
    name: Annotated[str, Argument(help="What its recipients call it.")],
    company: Annotated[UUID | None, Option(help="The company it belongs to; a new one if left out.")] = None,
    locale: Annotated[str, Option(help="Language of its messages, as it or en-GB.")] = "it",
    live: Annotated[bool, Option("--live", help="Recipients get messages from the start.")] = False,
    mail_from: Annotated[str, Option(help="Sender of its mail; NOVE_MAIL_FROM if left out.")] = "",
    staff_mail: Annotated[str, Option(help="Where its staff hear of problems.")] = "",
) -> None:
    """Make a shop with the default rules and an admin key, shown this once."""
    from app.commands import CreateShop  # noqa: PLC0415 - starting fast: see app.cli

    show(
        run(
            CreateShop.of(
                shop_name=name,
                company=company,
                locale=locale,
                live=live,
                mail_from=mail_from,
                staff_mail=staff_mail,
            )
        )
    )


@shop.command()
def live(shop_id: Annotated[UUID, Argument(metavar="ID")]) -> None:
    """Let a shop's recipients get messages, from its next changes on."""
    from app.commands import TurnLive  # noqa: PLC0415

    show(run(TurnLive(shop=shop_id)))


@shop.command("list")
def list_shops() -> None:
    """Every shop."""
    from app.commands import ListShops  # noqa: PLC0415

    show(run(ListShops()))


@key.command("create")
def create_key(
    shop_id: Annotated[UUID, Option("--shop", help="The shop whose key it is.")],
    scope: Annotated[list[str] | None, Option(help="read, write, support or admin; may be repeated.")] = None,
    name: Annotated[str, Option(help="What it is for.")] = "Made by command",
    bucket: Annotated[int, Option(min=1, max=1_000_000, help="How many requests it may send at once.")] = 600,
    refill: Annotated[float, Option(max=1_000_000, help="How many of those it regains each second.")] = 20.0,
) -> None:
    """Make a key of a shop, shown this once; of scope admin if none is named."""
    from app.commands import CreateKey  # noqa: PLC0415

    given = {"shop": shop_id, "key_name": name, "scopes": scope or ["admin"], "bucket": bucket, "refill": refill}
    show(run(CreateKey.of(**given)))
