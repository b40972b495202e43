"""A service that everything goes wrong with names nobody: not in its log, a metric, an error or its output."""

import http.server
import os
import re
import signal
import socketserver
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import httpx
import orjson
import pytest

from tests.api.posting import ago
from tests.privacy.lives import CANARIES, EMAIL, RECIPIENT, parcel, said, told

NOVE = str(Path(sys.executable).with_name("nove"))
SECRET = "canary0secret0value"
READY = 60.0


class Grumbler(http.server.BaseHTTPRequestHandler):
    """A carrier and a receiver that fail, and repeat what they know."""

    asked: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        """Any call."""
        self.asked.append(self.path)
        self.rfile.read(int(self.headers.get("content-length") or 0))
        body = f"no: {' '.join(CANARIES)} {SECRET}".encode()
        self.send_response(500, f"refused for {EMAIL}")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


class Postman(socketserver.StreamRequestHandler):
    """A mail server that takes nobody's mail, and says whose."""

    asked: ClassVar[list[bytes]] = []

    def handle(self) -> None:
        """One conversation."""
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            self.asked.append(line)
            refusal = f"550 5.1.1 nobody <{EMAIL}> {CANARIES[0]}\r\n".encode()
            polite = {b"EHLO": b"250-here\r\n250 AUTH PLAIN\r\n", b"AUTH": b"235 ok\r\n", b"MAIL": b"250 ok\r\n"}
            self.wfile.write(polite.get(line[:4].upper(), refusal))


@contextmanager
def listening(kind: Callable[..., Any], handler: Callable[..., Any]) -> Iterator[int]:
    """A server on a free port of loopback."""
    with kind(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


class Service:
    """A service under test, everything it says in one file, every answer it gives that is an error in a list."""

    def __init__(self, folder: Path, form: str, mail: int) -> None:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("NOVE_")}
        self.environment = plain | {
            "NOVE_DATABASE_URL": f"sqlite:///{folder}/nove.db",
            "NOVE_LOG_FORMAT": form,
            "NOVE_LOG_LEVEL": "DEBUG",
            "NOVE_SMTP_URL": f"smtp://nove:{SECRET}@127.0.0.1:{mail}",
            "NOVE_OUTBOUND_ALLOW": "127.0.0.0/8",
        }
        self.folder, self.output = folder, folder / "output"
        self.errors: list[str] = []
        with self.output.open("wb") as output:
            command = [NOVE, "serve", "--port", "0"]
            self.process = subprocess.Popen(
                command, cwd=folder, env=self.environment, stdout=output, stderr=subprocess.STDOUT
            )
        self.address = self.until(lambda: re.search(r"http://127\.0\.0\.1:\d+", self.said()))[0]
        self.http = httpx.Client(base_url=self.address, timeout=20)

    def said(self) -> str:
        """Everything so far."""
        return self.output.read_text()

    def until(self, look: Callable[[], Any]) -> Any:
        """What is looked for, once it is there."""
        deadline = time.monotonic() + READY
        while not (found := look()):
            assert time.monotonic() < deadline, self.said()
            assert self.process.poll() is None, self.said()
            time.sleep(0.05)
        return found

    def command(self, *words: str) -> Any:
        """What a short command prints."""
        done = subprocess.run([NOVE, *words], cwd=self.folder, env=self.environment, capture_output=True, check=True)
        return orjson.loads(done.stdout)

    def call(self, method: str, path: str, **rest: Any) -> httpx.Response:
        """Ask; an error is remembered."""
        answer = self.http.request(method, path, **rest)
        if answer.status_code >= 400:
            self.errors.append(f"{answer.status_code} {answer.headers} {answer.text}")
        return answer


def go_wrong(service: Service, grumbler: int) -> dict[str, str]:
    """Use everything, rightly and wrongly; the secrets that came of it."""
    made = service.command("shop", "create", "Bottega", "--live", "--staff-mail", f"staff-{EMAIL}")
    key, shop = made["api_key"], made["shop_id"]
    credentials = ("--credential", f"client_id={SECRET}", "--credential", f"client_secret={SECRET}")
    service.command("account", "add", "ups", "--shop", shop, *credentials, "--base-url", f"http://127.0.0.1:{grumbler}")
    added = service.command("account", "add", "sandbox", "--shop", shop)
    service.http.headers["Authorization"] = f"Bearer {key}"
    call = service.call
    endpoint = call("POST", "/v1/endpoints", json={"url": f"http://127.0.0.1:{grumbler}/{SECRET}"}).json()
    polled = parcel("1Z999AA10123456784", RECIPIENT, "#1", carrier="ups")
    ids = [
        call("POST", "/v1/shipments", json=each).json()["id"]
        for each in (polled, parcel("MINE-1", RECIPIENT, "#2", carrier="own"))
    ]
    event = {"occurred_at": ago(hours=1), "status": "out_for_delivery", "text": CANARIES[0]}
    call("POST", f"/v1/shipments/{ids[1]}/events", json=event)
    page = call("GET", f"/v1/shipments/{ids[1]}").json()["tracking_page"]
    for path in (page, f"{page}x", f"{page}.json"):
        call("GET", path)
    hook = added["hook_url"]
    signed = {"sandbox-id": "1", "sandbox-timestamp": str(int(time.time())), "sandbox-signature": SECRET}
    body = told(said("SANDBOX-DELIVERED-9", "held", ago(hours=1), CANARIES[4]))
    for address, headers in ((hook, signed), (hook, {}), (f"{hook}{SECRET}", signed)):
        call("POST", address, content=body, headers=headers)
    _send_nonsense(service)
    _break_the_database(service, ids[1], event)
    service.until(lambda: any(line.upper().startswith(b"RCPT") for line in Postman.asked))
    service.until(lambda: any(SECRET in path for path in Grumbler.asked) and len(set(Grumbler.asked)) > 1)
    call("POST", "/v1/erasures", json={"phone": RECIPIENT["phone"], "country": "IT"})
    service.errors.append(call("GET", "/metrics").text)
    tokens = {"hook token": hook.rpartition("/")[2], "page token": page.rpartition("/")[2]}
    sealing = (service.folder / "nove.db.key").read_text().strip()
    return {"key": key, "endpoint": endpoint["secret"], "hook": added["secret"], "sealing": sealing, **tokens}


def _send_nonsense(service: Service) -> None:
    """Every kind of refusal, with somebody's data in it."""
    call, name = service.call, CANARIES[0]
    for field, value in (
        ("email", name),
        ("country", name),
        ("name", [EMAIL]),
        ("nick", EMAIL),
        ("locale", f"{name}!"),
    ):
        call("POST", "/v1/shipments", json=parcel("ABC123456", {**RECIPIENT, field: value}, "#3", carrier="own"))
    call("POST", "/v1/shipments", json={"carrier": name, "tracking_number": EMAIL, "recipient": EMAIL})
    call("POST", "/v1/shipments/batch", json={"shipments": [{"recipient": RECIPIENT}, EMAIL]})
    call("POST", "/v1/shipments", content=f'{{"recipient": "{EMAIL}" "'.encode())
    call("POST", "/v1/shipments", content=EMAIL.encode() * 60_000)
    call("POST", "/v1/shipments", content=EMAIL.encode(), headers={"content-type": "text/plain"})
    call("POST", "/v1/lookup", json={"email": [EMAIL], "name": name, "phone": {"number": RECIPIENT["phone"]}})
    call("POST", "/v1/erasures", json={"email": name})
    call("GET", f"/v1/shipments?email={EMAIL}&cursor={EMAIL}&status={name}&limit={EMAIL}")
    call("GET", "/v1/shipments", headers={"Authorization": f"Bearer {SECRET}"})
    call("GET", "/v1/shipments", headers={"Authorization": f"Basic {SECRET}"})
    call("POST", "/v1/accounts", json={"carrier": "ups", "credentials": {"client_id": [SECRET], "password": SECRET}})
    call("PATCH", "/v1/shop", json={"staff_mail": name, "mail_from": f"{name} <{name}>"})
    for path in ("/track", "/v1/nowhere", "/t/none"):
        call("POST", f"{path}?q={EMAIL}", json=RECIPIENT)


def _break_the_database(service: Service, id_: str, event: dict[str, Any]) -> None:
    """A table is away: what the driver says repeats the values."""
    for turn in ("events RENAME TO events_away", "events_away RENAME TO events"):
        with sqlite3.connect(service.folder / "nove.db", timeout=20) as database:
            database.execute(f"ALTER TABLE {turn}")
        database.close()
        if turn.startswith("events "):
            broken = service.call("POST", f"/v1/shipments/{id_}/events", json={**event, "text": f"{CANARIES[0]} again"})
            assert broken.status_code == 500


@pytest.mark.long
@pytest.mark.parametrize("form", ["json", "console"])
def test_nobody_and_no_secret_is_told(tmp_path: Path, form: str) -> None:
    """DEBUG included, polls, mails and webhooks that fail, errors of every kind, until the process ends."""
    Grumbler.asked.clear()
    Postman.asked.clear()
    with (
        listening(http.server.ThreadingHTTPServer, Grumbler) as grumbler,
        listening(socketserver.ThreadingTCPServer, Postman) as mail,
    ):
        service = Service(tmp_path, form, mail)
        try:
            secrets = go_wrong(service, grumbler)
            service.process.send_signal(signal.SIGTERM)
            code = service.process.wait(timeout=25)
        finally:
            service.process.kill()
            service.process.wait()
            service.http.close()
    names = {each: each for each in CANARIES} | {"password": SECRET, **secrets}
    output, errors = service.said(), service.errors

    assert code == 0
    assert {int(each[:3]) for each in errors if each[:3].isdigit()} >= {401, 404, 413, 415, 422, 500}
    assert "Traceback" not in output
    assert [name for name, value in names.items() if value.lower() in output.lower()] == []
    assert [
        (name, each[-500:]) for each in errors for name, value in names.items() if value.lower() in each.lower()
    ] == []
