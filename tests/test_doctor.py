"""The doctor's findings: each fault is a line that says what to do, and a sound installation has no problem."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from sqlalchemy import insert, text, update
from typer.testing import CliRunner, Result

from app import accounts
from app.accounts import carrier_accounts
from app.arrivals.keeping import ArrivalSource, Arrived
from app.arrivals.tables import unmapped
from app.cli import nove
from app.database import Database, new_id
from app.doctor import examine, look_from_outside
from app.finding import Finding, Level
from app.intake import take_in
from app.migrating import newest
from app.outbox import endpoints as told
from app.outbox.tables import endpoints, messages
from app.sealing import Sealer
from app.settings import Settings
from app.shipments.tables import shipments
from tests.building import World, build


@pytest.fixture
async def world(database: Database) -> World:
    """A live shop on a fresh database."""
    return await build(database)


def said(found: list[Finding], topic: str) -> list[tuple[str, str]]:
    return [(each.level.value, each.text) for each in found if each.topic == topic]


async def test_a_sound_installation(world: World) -> None:
    """Every line is fine, or only to be known."""
    found = await examine(world.installation)

    assert {each.level for each in found} <= {Level.OK, Level.INFORMATION}
    assert [each.topic for each in found] == [
        "schema",
        "PostgreSQL" if world.database.postgres else "SQLite",
        *("durability", "clock", "shops", "secrets", "carriers", "arrivals"),
        *("polls", "messages", "retries", "timed", "e-mail", "address"),
    ]
    assert said(found, "schema") == [("ok", f"At step {newest()}, the newest.")]
    assert said(found, "shops") == [("ok", "1, all live.")]


async def test_a_carrier_that_fails(world: World) -> None:
    """Which account, how often, until when its calls rest, and what the carrier said."""
    async with world.database.transaction() as db:
        added = await accounts.add(
            db, world.installation.sealer, world.shop.company_id, "sandbox", public_url="https://nove.example"
        )
        await db.run(
            update(carrier_accounts).values(failures=3, open_until=db.now + timedelta(hours=1), last_error="503")
        )
        until = (db.now + timedelta(hours=1)).strftime("%Y-%m-%d %H:%M UTC")

    assert said(await examine(world.installation), "carriers") == [
        (
            "warning",
            f"Account {added.account.id} (sandbox) failed 3 times in a row; calls rest until {until}. It says: 503",
        )
    ]


async def test_another_key(world: World) -> None:
    """Secrets that the key does not open are named, with what to do."""
    async with world.database.transaction() as db:
        added = await accounts.add(
            db, world.installation.sealer, world.shop.company_id, "sandbox", public_url="https://nove.example"
        )
        endpoint, _ = await told.create(
            db,
            world.installation.sealer,
            world.shop.company_id,
            world.shop.id,
            url="https://example.com",
            types=["shipment.created"],
        )
        await db.run(update(endpoints).values(failures=1, enabled=False, disabled_reason="it answered 410"))

    sound = await examine(world.installation)
    found = await examine(replace(world.installation, sealer=Sealer(os.urandom(32))))

    assert said(sound, "secrets") == [("ok", "The key opens those of 1 accounts, 1 endpoints.")]
    assert said(found, "secrets") == [
        (
            "problem",
            f"The key does not open those of account {added.account.id} (sandbox), endpoint {endpoint.id}: set "
            "NOVE_SECRET_KEY (or the .key file) to the key that sealed them, or enter them again.",
        )
    ]
    assert said(found, "endpoints") == [
        (
            "warning",
            f"Endpoint {endpoint.id} failed once in a row and was disabled (it answered 410): mend it, then enable it.",
        )
    ]


async def test_what_could_not_be_read(world: World) -> None:
    """Quarantined bodies and unlisted codes are counted, with the command that takes them up again."""
    company_id = world.shop.company_id
    arrived = Arrived(company_id, "brt", ArrivalSource.HOOK, b"{", world.now, reason="not JSON")
    async with world.database.transaction() as db:
        await take_in(world.installation, db, [arrived, replace(arrived, body=b"[")])
        await db.run(
            insert(unmapped).values(
                company_id=company_id,
                carrier="brt",
                list="",
                code="999",
                text="",
                count=1,
                first_seen_at=db.now,
                last_seen_at=db.now,
            )
        )
    found = await examine(world.installation)

    assert said(found, "arrivals") == [
        (
            "warning",
            "2 of brt quarantined, as for: not JSON. Once the adapter is mended: "
            "`nove replay --quarantined --carrier brt`.",
        )
    ]
    assert said(found, "carriers")[1] == (
        "information",
        "1 codes stand in no table: GET /v1/carriers/unmapped lists them.",
    )


async def test_work_that_nobody_does(world: World) -> None:
    """Overdue polls and messages point at a worker that does not run."""
    shipment = await world.ship()
    due = world.now - timedelta(hours=1)
    async with world.database.transaction() as db:
        added = await accounts.add(
            db, world.installation.sealer, world.shop.company_id, "sandbox", public_url="https://nove.example"
        )
        await db.run(update(shipments).values(account_id=added.account.id, next_poll_at=due, lease_until=due))
        await db.run(
            insert(messages).values(
                company_id=shipment.company_id,
                id=new_id(),
                shop_id=shipment.shop_id,
                shipment_id=shipment.id,
                target="x",
                cause="x",
                channel="email",
                audience="staff",
                type="late",
                version=1,
                payload={},
                state="due",
                due_at=due,
                created_at=due,
            )
        )
    found = await examine(world.installation)
    line = (
        "warning",
        f"1 overdue, the oldest since {due:%Y-%m-%d %H:%M UTC}: see that a worker runs (`nove serve` or "
        "`nove worker`), and what its log says.",
    )

    assert said(found, "messages") == [line]
    assert said(found, "polls") == [
        line,
        (
            "warning",
            "1 were left by a worker that is not heard of: one that runs takes them over within seconds; if this "
            "stays, none does.",
        ),
    ]


async def test_a_database_that_forgets(world: World) -> None:
    """A setting of the database that can lose commits is a problem."""
    if world.database.postgres:
        async with world.database.transaction() as db:
            name = await db.value(text("SELECT current_database()"))
            await db.run(text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
        await world.database.close()
        url = str(world.database._writer.url.render_as_string(hide_password=False)).replace("+asyncpg", "")
        again = Database(url)
    else:
        again = world.database
        async with again._writer.connect() as connection:
            await connection.exec_driver_sql("ROLLBACK")
            await connection.exec_driver_sql("PRAGMA synchronous=NORMAL")
            await connection.exec_driver_sql("BEGIN")
    found = await examine(replace(world.installation, database=again))
    await again.close()

    [(level, words)] = said(found, "durability")
    assert level == "problem"
    assert ("synchronous_commit is off" in words) or ("synchronous 1: should be wal and 2" in words)


def doctor(**variables: str) -> Result:
    return CliRunner().invoke(nove, ["doctor"], env={"COLUMNS": "400", **variables})


def lines(result: Result) -> dict[str, str]:
    """The level of each topic."""
    return {words[1]: words[0] for line in result.stdout.splitlines()[1:] if (words := line.split())}


def test_no_database_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor makes none, and says what does."""
    monkeypatch.chdir(tmp_path)
    result = doctor(NOVE_DATABASE_URL="sqlite:///none/nove.db")

    assert (result.exit_code, lines(result)) == (0, {"settings": "ok", "disk": "ok", "database": "warning"})
    assert "`nove serve` makes it" in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_setting_that_is_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is named, and the exit code says that there is a problem."""
    monkeypatch.chdir(tmp_path)
    result = doctor(NOVE_DATABASE_URL="mysql://x")

    assert (result.exit_code, lines(result)) == (1, {"settings": "problem"})
    assert "NOVE_DATABASE_URL" in result.stdout


def test_a_database_that_does_not_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """So does one that is away, or a key that is missing."""
    monkeypatch.chdir(tmp_path)
    away = "postgresql://nove@127.0.0.1:1/nove"
    result = doctor(NOVE_DATABASE_URL=away, NOVE_SECRET_KEY="A" * 43 + "=")
    keyless = doctor(NOVE_DATABASE_URL=away)

    assert (result.exit_code, lines(result)) == (1, {"settings": "ok", "database": "problem"})
    assert "PostgreSQL at 127.0.0.1:1 does not answer." in result.stdout
    assert lines(keyless)["key"] == "problem"


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Too little room is a problem before it is an outage."""
    monkeypatch.setattr("app.disk.FREE_BYTES", 1 << 60)

    [finding] = look_from_outside(Settings(_env_file=None, database_url=f"sqlite:///{tmp_path}/nove.db"))

    assert finding.level is Level.PROBLEM
    assert finding.text.endswith(f"MiB free in {tmp_path}: make room, at least 5 % and 512 MiB.")


def test_for_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`--json` prints one list; the exit code is the same."""
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(nove, ["doctor", "--json"], env={"NOVE_DATABASE_URL": "mysql://x"})
    [found] = orjson.loads(result.stdout)

    assert (result.exit_code, found["level"], found["topic"], sorted(found)) == (
        1,
        "problem",
        "settings",
        ["level", "text", "topic"],
    )
