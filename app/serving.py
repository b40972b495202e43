"""Running Nove: the API, the worker, or both in one process, until SIGTERM or Ctrl+C.

At a stop the API takes no new requests, those under way are answered, the worker finishes or releases what it holds;
both at once, within 20 seconds, then the process ends with 0. What does not end by then is broken off: nothing is lost
by it, since whatever was acknowledged is committed and whatever was claimed has a lease.
"""

import asyncio
import errno
import gc
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace

import structlog
import uvicorn
import uvloop
from starlette.types import ASGIApp

from app import failpoints
from app.commanding import listening
from app.connection import Connection
from app.errors import WrongSetting
from app.installation import Installation, opened
from app.logging import AccessLog, set_up
from app.probes import probes
from app.settings import Settings
from app.worker import working

STOP_SECONDS = 19.7
ANSWER_SECONDS = 8
"""How long requests under way may take after a stop has been asked for."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Address:
    """Where the API listens; port 0 for any free one."""

    host: str
    port: int


def run(settings: Settings, *, api: Address | None, worker: bool, probed: Address | None = None) -> None:
    """Serve until told to stop; raises Unusable if that cannot begin. One half alone needs PostgreSQL.

    `probed` is where a worker without API answers whether it is well.
    """
    set_up(settings)
    failpoints.arm(settings.failpoint)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(settings, api, worker, probed))


async def _run(settings: Settings, api: Address | None, worker: bool, probed: Address | None) -> None:
    stop = asyncio.Event()
    both = api is not None and worker
    async with opened(settings, needs_postgres=not both) as installation, AsyncExitStack() as stack:
        _stop_on_signals(stop)
        listener = _bound(api) if api is not None else None
        here = _known_as(installation, listener) if listener else installation
        if not both and "public_url" not in installation.settings.model_fields_set:
            log.warning(
                "NOVE_PUBLIC_URL is not set: addresses of hooks and pages begin with this one, which only this machine "
                "may reach",
                address=here.settings.public_url,
            )
        await stack.enter_async_context(listening(here))
        halves = [await stack.enter_async_context(AsyncExitStack()) for _ in range(2)]
        if worker:
            await halves[0].enter_async_context(working(here))
        for app, socket_ in ((_whole, listener), (probes, _bound(probed) if probed is not None else None)):
            if socket_ is not None:
                failed = await halves[1].enter_async_context(answering(AccessLog(app(here)), socket_, settings))
                failed.add_done_callback(lambda _: stop.set())
        _keep_what_lasts()
        log.info("ready", api=here.settings.public_url if api else None, worker=worker)
        await stop.wait()
        log.info("stopping")
        await asyncio.gather(*(half.aclose() for half in halves))  # each has the whole time for it
    log.info("stopped")


def _keep_what_lasts() -> None:
    """What a start has made is there to the end: looking through all of it for garbage stops everybody for 0.15 s."""
    gc.collect()
    gc.freeze()


def _whole(here: Installation) -> ASGIApp:
    from app.main import build  # noqa: PLC0415 - a worker alone has no use for the routes, and they take memory

    return build(here)


def _stop_on_signals(stop: asyncio.Event) -> None:
    """Set `stop` at the first SIGTERM or SIGINT; a second Ctrl+C, or too long a wait, break off what is under way."""
    loop = asyncio.get_running_loop()

    def stopping() -> None:
        stop.set()
        loop.remove_signal_handler(signal.SIGINT)
        loop.call_later(STOP_SECONDS, _break_off)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping)


def _break_off() -> None:
    log.warning("broken off", seconds=STOP_SECONDS)
    os._exit(0)


def _bound(at: Address) -> socket.socket:
    """A socket at the address; WrongSetting says why there can be none."""
    place = f"{at.host} port {at.port}"
    listener: socket.socket | None = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            at.host, at.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)  # now, so that a port that another one listens at is told at once
    except OSError as error:
        if listener is not None:
            listener.close()
        if error.errno == errno.EADDRINUSE:
            raise WrongSetting(
                f"Another program listens at {place}: stop it, or choose another port with --port."
            ) from error
        raise WrongSetting(
            f"Cannot listen at {place} ({error.strerror or error}): choose others with --host and --port."
        ) from error
    return listener


def _known_as(here: Installation, listener: socket.socket) -> Installation:
    """The public address follows the one listened at, unless it has been set."""
    if "public_url" in here.settings.model_fields_set:
        return here
    host, port = listener.getsockname()[:2]
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  (compared with, not bound)
    address = f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
    return replace(here, settings=here.settings.model_copy(update={"public_url": address}))


class _Server(uvicorn.Server):
    """Leaves the signals to us: uvicorn would raise them again at its end."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def answering(app: ASGIApp, listener: socket.socket, settings: Settings) -> AsyncIterator[asyncio.Task[None]]:
    """Serve the application; gives the task that does, which ends early only by a failure."""
    proxies = [str(network) for network in settings.trusted_proxies]
    server = _Server(
        uvicorn.Config(
            app,
            http=Connection,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=proxies,
            server_header=False,
            backlog=2048,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=ANSWER_SECONDS,
        )
    )
    serving = asyncio.create_task(server.serve([listener]))
    try:
        while not server.started and not serving.done():  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # uvicorn has no other way to tell
        yield serving
    finally:
        server.should_exit = True
        await serving
