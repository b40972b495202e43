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
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from app.failpoints import DIED

NOVE = str(Path(sys.executable).with_name("nove"))
READY_SECONDS = 180.0
STOP_SECONDS = 20.0
"""What is promised of SIGTERM."""

LEASE_SECONDS = 4.0
_NOT_MARKED = ("messages taken over by another worker", "messages not recorded")
SHIFTS = str(Path(__file__).with_name("shifted"))
COMMANDS: dict[str, dict[str, tuple[str, ...]]] = {
    "sqlite": {"serve": ("serve", "--port")},
    "postgresql": {"api": ("api", "--port"), "worker-1": ("worker",), "worker-2": ("worker",)},
}
"""By kind of database the processes by name; an option at the end takes the port."""


class Processes:
    """The service's processes on one database."""

    def __init__(self, kind: str, url: str, folder: Path, smtp_url: str) -> None:
        self.names = tuple(COMMANDS[kind])
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
            "NOVE_TESTING": "true",
            "NOVE_LEASE_SECONDS": str(LEASE_SECONDS),
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

    def begin(self, name: str, *, failpoint: str = "", shift: float = 0) -> None:
        """Start it: perhaps to die at a failpoint, perhaps with its clock so many seconds off."""
        environment = {"NOVE_FAILPOINT": failpoint} if failpoint else {}
        if shift:
            paths = filter(None, (SHIFTS, os.environ.get("PYTHONPATH")))
            environment |= {"PYTHONPATH": os.pathsep.join(paths), "CRASH_SHIFT_SECONDS": str(shift)}
        *words, last = self._commands[name]
        port = (str(self._port),) if last == "--port" else ()
        self._logs[name] = self._folder / f"{name}-{time.monotonic_ns()}.log"
        self._running[name] = self._run([NOVE, *words, last, *port], self._logs[name], environment)

    async def start(self, names: Sequence[str], *, shift: float = 0) -> None:
        """Start them, and wait until each says that it is ready."""
        for name in names:
            self.begin(name, shift=shift)
        await self.ready(names)

    async def ready(self, names: Sequence[str]) -> None:
        """Wait until each says that it is ready; RuntimeError with its last words if it has ended."""
        deadline = time.monotonic() + READY_SECONDS
        for name in names:
            while not any(line.get("event") == "ready" for line in _said(self._logs[name])):
                if self._running[name].poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{name} did not start: {self._logs[name].read_text()[-2000:]}")
                await asyncio.sleep(0.05)

    async def died(self, name: str, within: float) -> bool:
        """Whether the process dies at its failpoint in time; what else ends it is a RuntimeError."""
        process, deadline = self._running[name], time.monotonic() + within
        while process.poll() is None and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        if process.poll() is None:
            return False
        if process.returncode != DIED:
            raise RuntimeError(f"{name} ended with {process.returncode}: {self._logs[name].read_text()[-2000:]}")
        del self._running[name]
        return True

    def send(self, names: Sequence[str], number: signal.Signals) -> None:
        """Send them a signal that they live on with."""
        for name in names:
            self._running[name].send_signal(number)

    def kill(self, names: Sequence[str]) -> None:
        """Kill them, so that none of them can do another thing."""
        for name in names:
            self._running[name].send_signal(signal.SIGKILL)
        for name in names:
            self._running.pop(name).wait()

    async def stop(self, names: Sequence[str] = ()) -> list[str]:
        """Ask these to end, or all; those that did not end well, in words."""
        chosen = {name: self._running.pop(name) for name in names or list(self._running)}
        for process in chosen.values():
            process.terminate()
        wrong = []
        for name, process in chosen.items():
            try:
                code = await asyncio.to_thread(process.wait, STOP_SECONDS)
            except subprocess.TimeoutExpired:
                wrong.append(f"{name} has not stopped within {STOP_SECONDS:g} s of SIGTERM")
                process.kill()
                process.wait()
            else:
                if code:
                    wrong.append(f"{name} ended with exit code {code} after SIGTERM")
        return wrong

    def late(self) -> int:
        """How many messages a worker had sent and could not mark: another had them, or the database was away."""
        said = (line for path in self._folder.glob("*.log") for line in _said(path))
        return sum(line["messages"] for line in said if line.get("event") in _NOT_MARKED and "messages" in line)

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

    def _run(self, command: list[str], log: Path, more: dict[str, str]) -> subprocess.Popen[bytes]:
        with log.open("wb") as said:
            return subprocess.Popen(command, cwd=self._folder, env=self._environment | more, stderr=said)


def _said(log: Path) -> list[dict[str, Any]]:
    """The lines of a process's log; the last may have been cut off by a kill."""
    whole = (line for line in log.read_bytes().splitlines(keepends=True) if line.endswith(b"}\n"))
    return [orjson.loads(line) for line in whole]


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
