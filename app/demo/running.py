"""The demo: a service on a throw-away SQLite file, a shop, its carriers, its mailbox and its webhook receiver.

Everything speaks over loopback as it would over the world: the shop posts its shipments to the API, the worker polls
the stand-ins, these push to the hook addresses, mail goes by SMTP and webhooks by HTTP.
"""

import asyncio
import logging
import signal
import socket
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import uvloop
from httpx import AsyncClient
from rich.console import Console
from sqlalchemy import update
from starlette.applications import Starlette

from app import shops
from app.commands import CreateShop
from app.demo.contracts import contracts, push_all
from app.demo.failures import Seen
from app.demo.mailbox import Mailbox
from app.demo.parcels import Tempo, demo_parcels
from app.demo.receiver import Receiver
from app.demo.serving import address, listen, serving_at
from app.demo.shop import add_endpoint, post_all, tracking_pages
from app.demo.summary import Summary, summarise
from app.demo.table import follow, say
from app.installation import Installation, opened
from app.logging import set_up
from app.main import build
from app.pace import HOURS
from app.settings import Settings
from app.shipments.tables import shipments
from app.worker import working

ROUND = 120.0
"""The seconds by which the journeys go when nobody has said how long the demo shall last."""

ASKED_EVERY = 0.9
"""Seconds between polls of a shipment."""

HEAD_START = timedelta(seconds=1.5)
"""For the shop to post everything before the first parcel moves."""


def run(port: int, seconds: float | None) -> int:
    """Run until Ctrl-C, or for so many seconds; the exit code: 0, or 1 if anything failed."""
    listener = listen(port)
    with listener, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(listener, seconds, Console()))


async def _run(listener: socket.socket, seconds: float | None, console: Console) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with TemporaryDirectory(prefix="nove-demo-") as folder:
        summary = await _demonstrate(Path(folder), listener, seconds, stop, console)
    for line in ("", *summary.lines()):
        say(console, line)
    return 1 if summary.failures else 0


async def _demonstrate(
    folder: Path, listener: socket.socket, seconds: float | None, stop: asyncio.Event, console: Console
) -> Summary:
    mailbox, receiver, complaints = Mailbox(), Receiver(), Complaints()
    tempo, parcels = Tempo(datetime.now(UTC), seconds or ROUND), demo_parcels()
    async with AsyncExitStack() as stack:
        smtp_url = await stack.enter_async_context(mailbox.serving())
        settings = _settings(folder, address(listener), smtp_url, tempo.speed)
        complaints.listen(settings)
        installation = await stack.enter_async_context(opened(settings))
        app = build(installation)
        app.mount("/demo", Starlette(routes=[*mailbox.routes(), *receiver.routes()]))
        await stack.enter_async_context(app.router.lifespan_context(app))
        base = await stack.enter_async_context(serving_at(listener, app))

        company_id, shop_id, key = await _shop(installation)
        async with installation.database.reading() as db:
            shop = await shops.get(db, company_id, shop_id)
        tempo = replace(tempo, begun=datetime.now(UTC) + HEAD_START)
        made = await stack.enter_async_context(contracts(installation, shop, parcels, tempo))
        headers = {"authorization": f"Bearer {key}"}
        async with AsyncClient(base_url=base, headers=headers, timeout=30) as api:
            receiver.secrets.append(await add_endpoint(api, base))
            await post_all(api, parcels, tempo)
            pages = await tracking_pages(api)
        await _hasten(installation, company_id, tempo)
        _announce(console, base, key, pages, seconds)

        began = time.monotonic()
        async with working(installation):
            pushing = asyncio.create_task(push_all(made, tempo))
            following = asyncio.create_task(follow(installation.database, company_id, console, stop))
            try:
                await asyncio.wait_for(stop.wait(), seconds)
            except TimeoutError:
                stop.set()
            pushing.cancel()
            await asyncio.gather(pushing, return_exceptions=True)
            ran = timedelta(seconds=time.monotonic() - began)
        await following
        seen = Seen(tempo, parcels, made, mailbox, receiver, complaints.errors, ran)
        return await summarise(installation.database, company_id, seen)


def _settings(folder: Path, base: str, smtp_url: str, speed: float) -> Settings:
    """The demo's own settings: those of the environment are for another installation."""
    others = {
        name: field.get_default(call_default_factory=True)
        for name, field in Settings.model_fields.items()
        if not field.is_required()
    }
    given: dict[str, Any] = {
        "database_url": f"sqlite:///{folder / 'nove.db'}",
        "public_url": base,
        "smtp_url": smtp_url,
        "outbound_allow": "127.0.0.0/8",
        "log_level": "WARNING",
        # Each shipment's speed divides these again.
        "poll_hours": {name: speed * ASKED_EVERY / 3600 for name in HOURS if not name.startswith("final")},
    }
    return Settings(_env_file=None, **{**others, **given})


async def _shop(installation: Installation) -> tuple[UUID, UUID, str]:
    """A live shop: its company, itself and its key."""
    command = CreateShop.of(
        shop_name="Bottega Demo",
        live=True,
        mail_from="Bottega Demo <ordini@bottega.example>",
        staff_mail="assistenza@bottega.example",
    )
    made = await command.run(installation)
    return made["company_id"], made["shop_id"], made["api_key"]


async def _hasten(installation: Installation, company_id: UUID, tempo: Tempo) -> None:
    """Real carriers' shipments live as fast as the sandbox's, whose account says so."""
    async with installation.database.transaction() as db:
        stale_at = db.now + timedelta(days=installation.settings.stale_days) / tempo.speed
        mine = update(shipments).where(shipments.c.company_id == company_id, shipments.c.carrier != "sandbox")
        await db.run(mine.values(speed=tempo.speed, stale_at=stale_at))


def _announce(console: Console, base: str, key: str, pages: dict[str, str], seconds: float | None) -> None:
    for line in (
        "Nove demo: one shop, seven carriers, a mailbox and a webhook receiver on this machine.",
        "",
        f"  API               {base}/docs",
        f"  mailbox           {base}/demo/mailbox",
        f"  webhook receiver  {base}/demo/webhooks",
        "  tracking pages",
        *(f"    {what:<19} {page}" for what, page in pages.items()),
        "",
        f"  API key           {key}",
        f'  try               curl -H "Authorization: Bearer {key}" "{base}/v1/shipments?status=exception"',
        "",
        f"Ends by itself after {seconds:g} s; Ctrl-C ends it before." if seconds else "Ctrl-C ends it.",
        "",
    ):
        say(console, line)


class Complaints(logging.Handler):
    """Hears what the service logs, so that the table is left in peace; `errors` are those that the demo fails for."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.errors: list[str] = []
        self.warnings: list[str] = []

    def listen(self, settings: Settings) -> None:
        """Take the place of standard error."""
        set_up(settings)
        root = logging.getLogger()
        self.setFormatter(root.handlers[0].formatter)
        root.handlers[:] = [self]

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line."""
        line = " ".join(self.format(record).split())
        (self.errors if record.levelno >= logging.ERROR else self.warnings).append(line)
