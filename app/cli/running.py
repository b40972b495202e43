"""Commands that run the service, and the one that prepares its database."""

from typing import Annotated

from typer import Option, Typer, echo

commands = Typer()

Host = Annotated[str, Option(help="Address to listen at; 0.0.0.0 for every IPv4 one.")]
Port = Annotated[int, Option(min=0, max=65535, help="Port to listen at; 0 for any free one.")]


@commands.command()
def serve(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Run the API and the worker in one process.

    On SQLite the file is made and migrated if there is none; a second process on it is refused. Without
    NOVE_PUBLIC_URL, hook addresses and pages begin with the address listened at. Proxies' headers are not believed.
    """
    _run(host, port, api=True, worker=True)


@commands.command()
def api(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Run the API alone, any number of times; PostgreSQL only."""
    _run(host, port, api=True, worker=False)


@commands.command()
def worker(
    host: Host = "127.0.0.1",
    port: Annotated[
        int | None,
        Option(min=0, max=65535, help="Port for /healthz, /readyz and /metrics; without it, none is opened."),
    ] = None,
) -> None:
    """Run the worker alone, any number of times; PostgreSQL only."""
    _run(host, port, api=False, worker=True)


@commands.command()
def migrate() -> None:
    """Bring the database's schema up to date."""
    import asyncio  # noqa: PLC0415 - starting fast: see app.cli

    from app.migrating import bring_up_to_date  # noqa: PLC0415
    from app.settings import read_settings  # noqa: PLC0415

    before, after = asyncio.run(bring_up_to_date(read_settings().database_url))
    echo(f"The database is up to date at step {after}" + (f", from {before or 'nothing'}." if before != after else "."))


def _run(host: str, port: int | None, *, api: bool, worker: bool) -> None:
    from app.serving import Address, run  # noqa: PLC0415
    from app.settings import read_settings  # noqa: PLC0415

    at = None if port is None else Address(host, port)
    run(read_settings(), api=at if api else None, worker=worker, probed=None if api else at)
