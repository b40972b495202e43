"""The command: a real process that serves, short ones beside it (one of them a real one, too), kills and stops."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app.cli import main
from app.commanding import socket_path
from app.migrating import newest
from tests.recorded import recorded

NOVE = str(Path(sys.executable).with_name("nove"))
KEY = "A" * 43 + "="
TOKEN = "abcdefghijklmnopqrstuvwx"
READY = 60.0


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """Nothing of ours but the file in the folder, or what is given."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("NOVE_")}
    return {**plain, "NOVE_DATABASE_URL": f"sqlite:///{folder}/nove.db", "NOVE_LOG_FORMAT": "json", **variables}


def nove(folder: Path, *words: str, **variables: str) -> tuple[int, str, str]:
    """Exit code and what was printed."""
    done = subprocess.run(
        [NOVE, *words],
        cwd=folder,
        env=environment(folder, **variables),
        capture_output=True,
        text=True,
        check=False,
        timeout=READY,
    )
    return done.returncode, done.stdout, done.stderr


class Service:
    """A `nove serve` (or what is given) on the file in a folder, on a free port, ready when this is made."""

    def __init__(self, folder: Path, *words: str, **variables: str) -> None:
        self.folder, self.log = folder, folder / f"log-{time.monotonic_ns()}.jsonl"
        with self.log.open("wb") as log:
            command = [NOVE, *(words or ("serve", "--port", "0"))]
            self.process = subprocess.Popen(command, cwd=folder, env=environment(folder, **variables), stderr=log)
        deadline = time.monotonic() + READY
        while not (ready := [line for line in self.lines() if line["event"] == "ready"]):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)
        self.address = str(ready[0]["api"])

    def lines(self) -> list[dict[str, object]]:
        return [orjson.loads(line) for line in self.log.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]

    def said(self, event: str, request_id: str) -> list[dict[str, object]]:
        """What it has logged of an event of a request, so far."""
        return [line for line in self.lines() if (line["event"], line.get("request_id")) == (event, request_id)]

    def end(self, number: signal.Signals) -> int:
        """The exit code after a signal."""
        self.process.send_signal(number)
        return self.process.wait(timeout=20)


@contextlib.contextmanager
def serving(folder: Path, *words: str, **variables: str) -> Iterator[Service]:
    service = Service(folder, *words, **variables)
    try:
        yield service
    finally:
        if service.process.poll() is None:
            service.process.kill()
            service.process.wait()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service on a file that was not there, in a folder with a name so long that its socket's is over 108 bytes."""
    folder = tmp_path_factory.mktemp("x" * 110)
    with serving(folder) as service:
        yield service


class Here:
    """The command in this process, which has it loaded: it talks to a service all the same, or cannot begin."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def nove(self, folder: Path, *words: str, **variables: str) -> tuple[int, str, str]:
        """Exit code and what was printed."""
        with self._monkeypatch.context() as patch:
            for name in os.environ.keys() - environment(folder).keys():
                patch.delenv(name)
            for name, value in environment(folder, **variables).items():
                patch.setenv(name, value)
            patch.setattr("app.serving.set_up", lambda _settings: None)  # the test's own logging stays
            patch.setattr(sys, "argv", ["nove", *words])
            patch.chdir(folder)
            with pytest.raises(SystemExit) as ended:
                main()
        printed, said = self._capsys.readouterr()
        return int(ended.value.code or 0), printed, said


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """The command in this process."""
    return Here(monkeypatch, capsys)


def test_serve_makes_its_database(service: Service) -> None:
    """The file is made and migrated, and its owner alone reads it, its key, its lock and its socket."""
    ready = httpx.get(f"{service.address}/readyz")

    assert (ready.status_code, ready.json()["checks"]) == (200, {"database": "ok", "schema": "ok", "disk": "ok"})
    modes = {path.name: path.stat().st_mode & 0o777 for path in service.folder.glob("nove.db*")}
    assert modes == dict.fromkeys((f"nove.db{end}" for end in ("", "-shm", "-wal", ".key", ".lock", ".sock")), 0o600)
    assert len(str(socket_path(service.folder / "nove.db"))) > 108


def test_a_second_serve_is_refused(service: Service, here: Here) -> None:
    """A SQLite file serves one process; the line says what to do."""
    code, printed, said = here.nove(service.folder, "serve", "--port", "0")

    assert (code, printed) == (2, "")
    assert said == (
        f"nove: Another Nove process uses {service.folder}/nove.db. A SQLite file serves one process: stop the other "
        "one, or use PostgreSQL (NOVE_DATABASE_URL=postgresql://…) to run several.\n"
    )


def test_short_commands_beside_it(service: Service, here: Here) -> None:
    """A shop made by command has a key that works at once; hook addresses begin with where the service listens."""
    code, printed, said = nove(service.folder, "shop", "create", "Bottega", "--staff-mail", "staff@example.com")
    made = orjson.loads(printed)
    shop = httpx.get(f"{service.address}/v1/shop", headers={"Authorization": f"Bearer {made['api_key']}"}).json()
    added = here.nove(
        service.folder, "account", "add", "sandbox", "--shop", made["shop_id"], "--credential", "speed=60"
    )
    refused = here.nove(
        service.folder, "account", "add", "ups", "--shop", made["shop_id"], "--credential", "client_id=x"
    )

    assert (code, said, sorted(made)) == (0, "", ["api_key", "company_id", "shop_id"])
    assert (shop["id"], shop["name"], shop["staff_mail"]) == (made["shop_id"], "Bottega", "staff@example.com")
    assert added[0] == 0
    assert orjson.loads(added[1])["hook_url"].startswith(f"{service.address}/hooks/sandbox/")
    assert (refused[0], refused[1], refused[2].splitlines()[1:]) == (1, "", ["  credentials.client_secret: Required."])


def test_import_and_doctor_beside_it(service: Service, here: Here) -> None:
    """A file is imported by the running service; bad rows are told on standard error, the sum on standard output."""
    shop = orjson.loads(here.nove(service.folder, "shop", "create", "Magazzino")[1])["shop_id"]
    file = service.folder / "shipments.csv"
    file.write_text("carrier,tracking_number\nown,GOOD-1\nown,!\nown,GOOD-2\n")
    code, printed, said = here.nove(service.folder, "import", "shipments.csv", "--shop", shop)
    again, shown, _ = here.nove(service.folder, "replay")
    service.folder.joinpath("status.edi").write_bytes(recorded("edifact_iftsta", "delivered"))
    dropped = here.nove(service.folder, "ingest", "edifact_iftsta", "status.edi", "--shop", shop)
    healthy, findings, _ = here.nove(service.folder, "doctor", COLUMNS="200")

    assert (code, orjson.loads(printed)) == (1, {"rows": 3, "created": 2, "known": 0, "failed": 1})
    assert said.startswith("line 3: tracking_number: A tracking number has 4 to 40 letters, digits and hyphens\n")
    assert (again, shown) == (0, "0 of 2 would change.\n")
    assert dropped[:2] == (0, "1 files, 1 bodies: 1 taken in\n1 parcels (1 not posted yet), 0 new events\n")
    assert healthy == 0
    assert f"A service runs on the file (process {service.process.pid})." in findings


def test_its_log_keeps_tokens_to_itself(service: Service) -> None:
    """Paths are masked, query strings left out; each line names its request."""
    for path in (f"/t/{TOKEN}", f"/t/{TOKEN}.json", f"/hooks/ups/{TOKEN}?key={TOKEN}", f"/v1/shipments?email={TOKEN}"):
        httpx.get(service.address + path, headers={"Authorization": f"Bearer {TOKEN}", "X-Request-Id": "mine"})
    until = time.monotonic() + 10  # each line is written after its answer
    while len(answered := service.said("answered", "mine")) < 4 and time.monotonic() < until:
        time.sleep(0.05)

    assert TOKEN not in service.log.read_text()
    assert [line["path"] for line in answered] == ["/t/…", "/t/…", "/hooks/ups/…", "/v1/shipments"]
    assert {(line["method"], line["level"]) for line in answered} == {("GET", "info")}


def test_a_port_in_use(service: Service, here: Here, tmp_path: Path) -> None:
    """The line names it, and the option that chooses another."""
    port = service.address.rpartition(":")[2]
    code, _, said = here.nove(tmp_path, "serve", "--port", port)

    assert (code, said) == (
        2,
        f"nove: Another program listens at 127.0.0.1 port {port}: stop it, or choose another port with --port.\n",
    )


@pytest.mark.long
def test_killed_restarted_and_stopped(tmp_path: Path) -> None:
    """A kill loses nothing and leaves nothing in the way; SIGTERM ends in order, and commands go on without it."""
    with serving(tmp_path) as first:
        made = orjson.loads(nove(tmp_path, "shop", "create", "Bottega")[1])
        assert first.end(signal.SIGKILL) == -signal.SIGKILL
    assert socket_path(tmp_path / "nove.db").exists()
    with serving(tmp_path, NOVE_PUBLIC_URL="https://nove.example") as second:
        [shop] = orjson.loads(nove(tmp_path, "shop", "list")[1])
        began = time.monotonic()
        code = second.end(signal.SIGTERM)
        took = time.monotonic() - began
    live = orjson.loads(nove(tmp_path, "shop", "live", made["shop_id"])[1])

    assert (shop["shop_id"], shop["live"], live["live"]) == (made["shop_id"], False, True)
    assert (code, took < 20, second.address) == (0, True, "https://nove.example")
    assert [line["event"] for line in second.lines() if line["event"] in ("stopping", "stopped")] == [
        "stopping",
        "stopped",
    ]
    assert not socket_path(tmp_path / "nove.db").exists()


@pytest.mark.parametrize("half", ["api", "worker"])
def test_halves_refuse_sqlite(half: str, here: Here, tmp_path: Path) -> None:
    """They need PostgreSQL; nothing is made."""
    assert here.nove(tmp_path, half) == (
        2,
        "",
        "nove: `nove api` and `nove worker` need PostgreSQL: set NOVE_DATABASE_URL=postgresql://…, "
        "or run both halves in one process with `nove serve`.\n",
    )
    assert list(tmp_path.iterdir()) == []


def test_settings_that_are_wrong_or_missing(here: Here, tmp_path: Path) -> None:
    """Each names its variable."""
    nowhere = "postgresql://nove@127.0.0.1:1/nove"
    wrong = here.nove(tmp_path, "serve", NOVE_DATABASE_URL="mysql://x")
    missing = here.nove(tmp_path, "api", NOVE_DATABASE_URL=nowhere)
    away = here.nove(tmp_path, "worker", NOVE_DATABASE_URL=nowhere, NOVE_SECRET_KEY=KEY)

    assert (wrong[:2], missing[:2], away[:2]) == ((2, ""), (2, ""), (2, ""))
    assert wrong[2].startswith("nove: Wrong setting. NOVE_DATABASE_URL: ")
    assert missing[2].startswith("nove: NOVE_SECRET_KEY is required on PostgreSQL")
    assert away[2] == (
        "nove: PostgreSQL at 127.0.0.1:1 does not answer. See that it runs, and that NOVE_DATABASE_URL is right.\n"
    )


async def create(address: str, name: str) -> None:
    """An empty database."""
    engine = create_async_engine(address, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f'CREATE DATABASE "{name}"'))
    await engine.dispose()


def test_postgres_is_migrated_by_command(postgres_server: str, here: Here, tmp_path: Path) -> None:
    """A database without its schema is refused with the command that makes it; done twice, it changes nothing."""
    address = postgres_server.format("postgres").replace("postgresql://", "postgresql+asyncpg://")
    name = f"empty_{os.getpid()}"
    asyncio.run(create(address, name))
    given = {"NOVE_DATABASE_URL": postgres_server.format(name), "NOVE_SECRET_KEY": KEY}

    assert here.nove(tmp_path, "api", "--port", "0", **given) == (
        2,
        "",
        "nove: The database has no schema yet. Run `nove migrate`, then start again.\n",
    )
    for said in (f"at step {newest()}, from nothing.", f"at step {newest()}."):
        assert here.nove(tmp_path, "migrate", **given)[:2] == (0, f"The database is up to date {said}\n")
    code, printed, _ = here.nove(tmp_path, "shop", "create", "Bottega", **given)
    assert (code, sorted(orjson.loads(printed))) == (0, ["api_key", "company_id", "shop_id"])


@pytest.mark.long
@pytest.mark.parametrize("words", [("api", "--port", "0"), ("worker",)])
def test_a_half_without_a_public_address(words: tuple[str, ...], postgres_server: str, tmp_path: Path) -> None:
    """It warns that hooks and pages get an address which only this machine may reach; where one is set, it does not."""
    name = f"half_{words[0]}_{os.getpid()}"
    asyncio.run(create(postgres_server.format("postgres").replace("postgresql://", "postgresql+asyncpg://"), name))
    given = {"NOVE_DATABASE_URL": postgres_server.format(name), "NOVE_SECRET_KEY": KEY}
    assert nove(tmp_path, "migrate", **given)[0] == 0

    def warned(**more: str) -> list[str]:
        with serving(tmp_path, *words, **given, **more) as half:
            assert half.end(signal.SIGTERM) == 0
            return [str(line["address"]) for line in half.lines() if "NOVE_PUBLIC_URL" in str(line["event"])]

    [address] = warned()
    assert address.startswith("http://127.0.0.1:")
    assert warned(NOVE_PUBLIC_URL="https://nove.example") == []
