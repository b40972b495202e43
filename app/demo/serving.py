"""A real HTTP server on loopback for as long as a block lasts: stand-ins, mailboxes, receivers."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

from app.errors import WrongSetting


@asynccontextmanager
async def serving(app: ASGIApp, port: int = 0) -> AsyncIterator[str]:
    """Serve an ASGI application on 127.0.0.1 (any free port if 0); gives its base address without trailing slash."""
    async with serving_at(listen(port), app) as url:
        yield url


def listen(port: int) -> socket.socket:
    """A listening socket of 127.0.0.1 (any free port if 0); WrongSetting if the port is taken or not ours to take."""
    # With the protocol's number: without, asyncio leaves Nagle's delay on, and each answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(2048)  # now: only listening takes a port for good
    except OSError as error:
        listener.close()
        why = "is taken by another program" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        raise WrongSetting(f"Port {port} {why}: choose another one with --port.") from error
    return listener


def address(listener: socket.socket) -> str:
    """The base address of what is served there, without trailing slash."""
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@asynccontextmanager
async def serving_at(listener: socket.socket, app: ASGIApp) -> AsyncIterator[str]:
    """The same at a socket that listens already, which is closed at the end."""
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    )
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    # Its own `serve` takes the signals, which are the caller's: a test's or the demo's.
    await server.startup(sockets=[listener])
    ticking = asyncio.create_task(server.main_loop())
    try:
        yield address(listener)
    finally:
        ticking.cancel()
        for _ in range(20):
            if not server.server_state.connections:
                break
            await asyncio.sleep(0.001)
        if server.server_state.connections or server.server_state.tasks:
            await server.shutdown(sockets=[listener])  # not always: it waits for a tenth of a second at least
        for each in server.servers:
            each.close()
        listener.close()
