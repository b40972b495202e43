"""A secret key can be exchanged while the service runs: nothing stored is lost, and addresses stay good."""

import base64
import os
from asyncio import to_thread
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, select, update
from typer.testing import CliRunner

from app import accounts, idempotency
from app.accounts import carrier_accounts
from app.cli import nove
from app.commanding import commanding, listening
from app.commands import AddAccount, CreateShop, Examine
from app.database import Database
from app.errors import WrongSetting
from app.idempotency import Kept, Once
from app.installation import Installation, opened
from app.intake.change import tracking_page
from app.outbox import endpoints
from app.outbox.endpoints import Endpoint
from app.resealing import SEALED, Resealed, keep_token_keys, reseal, under_former
from app.schema import metadata
from app.sealing import Sealer, token_hash
from app.secret_keys import load_keys
from app.settings import Settings, read_settings
from app.shipments import store
from app.unsealing import kept_token_keys
from tests.building import World, build

OLD, NEW, NEWEST = bytes(range(32)), bytes(range(1, 33)), bytes(range(2, 34))
WRITE = Once(os.urandom, "ab" * 32, "cd" * 32)  # type: ignore[arg-type]
UNSEALED = {"bodies.content": "raw bodies are compressed, kept for days, and shown to the support team"}


async def run_through(here: Installation) -> list[Resealed]:
    """Every step to the end."""
    await keep_token_keys(here)
    steps = [await reseal(here, None)]
    while steps[-1].next is not None:
        steps.append(await reseal(here, steps[-1].next))
    return steps


async def secrets_in(world: World) -> tuple[accounts.CarrierAccount, Endpoint, Once]:
    """An account, an endpoint and a kept answer under the world's key."""
    company_id = world.shop.company_id
    once = replace(WRITE, company_id=company_id)
    async with world.database.transaction() as db:
        added = await accounts.add(
            db, world.installation.sealer, company_id, "sandbox", public_url="", credentials={"speed": "60"}
        )
        endpoint, _ = await endpoints.create(
            db, world.installation.sealer, company_id, world.shop.id, url="https://shop.example", types=endpoints.TYPES
        )
        await idempotency.begin(db, world.installation.sealer, once)
        await idempotency.keep(db, world.installation.sealer, once, Kept(201, "application/json", b"kept"))
    return added.account, endpoint, once


def under(world: World, *keys: bytes) -> World:
    """The same world for a process with these keys."""
    return replace(world, installation=replace(world.installation, sealer=Sealer(*keys)))


async def test_everything_is_sealed_anew_and_the_old_key_is_of_no_use(database: Database) -> None:
    """After the run the new key alone opens all there is; a second run finds nothing to do."""
    world = under(await build(database), OLD)
    account, endpoint, once = await secrets_in(world)
    both = under(world, NEW, OLD)
    async with database.reading() as db:
        before = await under_former(db, both.installation.sealer)
    steps = await run_through(both.installation)
    again = await run_through(both.installation)
    alone = Sealer(NEW)
    async with database.transaction() as db:
        left = await under_former(db, alone)
        account = await accounts.get(db, account.company_id, account.id)
        endpoint = await endpoints.get(db, endpoint.company_id, endpoint.shop_id, endpoint.id)
        kept = await idempotency.begin(db, alone, once)

    assert before == {"account": 1, "hook": 1, "endpoint": 1, "idempotency": 1}
    assert [(step.kind, step.number, step.shut) for step in steps] == [
        ("token", 0, ()),
        ("account", 1, ()),
        ("hook", 1, ()),
        ("endpoint", 1, ()),
        ("erasure", 0, ()),
        ("idempotency", 1, ()),
    ]
    assert {step.number for step in again} == {0}
    assert left == {}
    assert accounts.fields_set(alone, account) == {"speed": True}
    assert [
        len(found) for found in (accounts.secrets_of(alone, account), endpoints.secrets_of(alone, endpoint, world.now))
    ] == [1, 1]
    assert kept == Kept(201, "application/json", b"kept")
    with pytest.raises(WrongSetting):
        accounts.secrets_of(Sealer(OLD), account)


async def test_addresses_outlive_two_exchanges(database: Database) -> None:
    """A page's link and a hook's address are the same under the third key, which knows the first by its token key."""
    world = under(await build(database), OLD)
    account, _, _ = await secrets_in(world)
    shipment = await world.ship()
    page, hook = tracking_page(world.installation, shipment), accounts.hook_url(world.installation.sealer, account, "")
    await run_through(under(world, NEW, OLD).installation)
    second = under(world, NEW)
    second.installation.sealer.remember(await kept_token_keys(database, second.installation.sealer))
    newer = await second.ship("NEWER1234")
    newer_page = tracking_page(second.installation, newer)
    third = under(world, NEWEST, NEW)
    third.installation.sealer.remember(await kept_token_keys(database, third.installation.sealer))
    await run_through(third.installation)
    third = under(world, NEWEST)
    third.installation.sealer.remember(await kept_token_keys(database, third.installation.sealer))

    assert tracking_page(third.installation, shipment) == page
    assert tracking_page(third.installation, newer) == newer_page
    assert accounts.hook_url(third.installation.sealer, account, "") == hook
    async with database.reading() as db:
        found = await store.by_page(db, token_hash(page.rpartition("/")[2]).hex())
    assert found == shipment
    assert tracking_page(under(world, NEWEST).installation, shipment) != page  # it is the kept key that makes it


async def test_a_run_that_is_broken_off_is_begun_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batch after batch; what a run has done the next one does not do, and a value that does not open stays."""
    monkeypatch.setattr("app.resealing.AT_ONCE", 2)
    world = under(await build(database), OLD)
    made = [(await secrets_in_account(world)) for _ in range(5)]
    async with database.transaction() as db:
        await db.run(
            update(carrier_accounts).where(carrier_accounts.c.id == made[0].id).values(credentials=made[1].credentials)
        )
    both = under(world, NEW, OLD)
    cut = await reseal(both.installation, (1, world.shop.company_id, ""))
    steps = await run_through(both.installation)
    async with database.reading() as db:
        left = await under_former(db, both.installation.sealer)

    assert (cut.number, cut.shut, cut.next is not None) == (1, (f"account:{made[0].id}",), True)
    assert sum(step.number for step in steps if step.kind == "account") == 3
    assert sum(step.number for step in steps if step.kind == "hook") == 5
    assert left == {"account": 1}


async def secrets_in_account(world: World) -> accounts.CarrierAccount:
    """One more account."""
    async with world.database.transaction() as db:
        return (
            await accounts.add(db, world.installation.sealer, world.shop.company_id, "sandbox", public_url="")
        ).account


def test_every_sealed_column_is_known() -> None:
    """A new column of bytes is either sealed anew in a run, or said here to be none."""
    columns = {
        str(column)
        for table in metadata.tables.values()
        for column in table.columns
        if type(column.type) is LargeBinary
    }

    assert columns - {str(each.column) for each in SEALED} == set(UNSEALED)


def test_keys_that_cannot_be_told_apart_are_refused() -> None:
    """The short id of each says which one opens: 256 are enough to find two alike."""
    first = Sealer(OLD).current_id
    alike = next(key for n in range(10_000) if Sealer(key := n.to_bytes(32)).current_id == first)

    with pytest.raises(WrongSetting, match="cannot be told apart"):
        Sealer(OLD, alike)


def test_former_keys_are_settings_too(tmp_path: Path) -> None:
    """Several, with commas; a wrong one is named."""
    old = ",".join(base64.b64encode(key).decode() for key in (NEW, OLD))
    settings = Settings(_env_file=None, secret_key=base64.b64encode(NEWEST).decode(), secret_key_old=old)

    assert load_keys(settings) == (NEWEST, NEW, OLD)
    with pytest.raises(WrongSetting, match="NOVE_SECRET_KEY_OLD must be base64 of 32 bytes"):
        load_keys(Settings(_env_file=None, secret_key=base64.b64encode(NEW).decode(), secret_key_old="short"))


async def test_the_command_makes_a_key_while_the_service_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On SQLite: the file has the new key alone at the end, the running service uses it, and what it had opens."""
    monkeypatch.setenv("NOVE_DATABASE_URL", f"sqlite:///{tmp_path}/nove.db")
    settings = Settings(_env_file=None)
    async with opened(settings) as here, listening(here):
        async with commanding(settings) as ask:
            shop = (await ask(CreateShop.of(shop_name="Bottega")))["shop_id"]
            await ask(AddAccount.of(carrier="sandbox", shop=shop, credentials={"speed": "60"}))
        before = load_keys(settings)
        counted = await reseal_by_command()
        done = await reseal_by_command("--new-key", "--apply")
        after = load_keys(settings)
        async with commanding(settings) as ask:
            findings = [each["text"] for each in (await ask(Examine()))["findings"] if each["topic"] == "secrets"]
        former = here.sealer.former
    async with opened(settings) as here, here.database.reading() as db:
        [account] = await db.all(select(carrier_accounts))
        opens = accounts.fields_set(here.sealer, account)  # type: ignore[arg-type]
        links = len(here.sealer.token_keys())

    assert counted == (0, ["Everything is sealed under the current key."])
    assert done == (0, ["Sealed anew: 1 accounts' credentials, 1 accounts' push secrets."])
    assert (len(after), after == before, former) == (1, False, 0)
    assert findings == ["The key opens those of 1 accounts, 0 endpoints."]
    assert (opens, links) == ({"speed": True}, 2)


async def test_a_key_of_the_settings_is_exchanged_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command says how; with both keys set it does the rest and says what to take out."""
    monkeypatch.setenv("NOVE_DATABASE_URL", f"sqlite:///{tmp_path}/nove.db")
    monkeypatch.setenv("NOVE_SECRET_KEY", base64.b64encode(OLD).decode())
    async with opened(read_settings(_env_file=None)):
        pass
    async with commanding(read_settings(_env_file=None)) as ask:
        shop = (await ask(CreateShop.of(shop_name="Bottega")))["shop_id"]
        await ask(AddAccount.of(carrier="sandbox", shop=shop))
    refused = await reseal_by_command("--new-key", "--apply")
    monkeypatch.setenv("NOVE_SECRET_KEY", base64.b64encode(NEW).decode())
    monkeypatch.setenv("NOVE_SECRET_KEY_OLD", base64.b64encode(OLD).decode())
    counted = await reseal_by_command()
    async with commanding(read_settings(_env_file=None)) as ask:
        findings = [each for each in (await ask(Examine()))["findings"] if each["topic"] == "secrets"]
    done = await reseal_by_command("--apply")

    assert refused == (1, [])
    assert counted == (0, ["1 accounts' credentials, 1 accounts' push secrets", "Nothing was changed: add --apply."])
    assert [(each["level"], each["text"]) for each in findings][1:] == [
        ("warning", "2 are sealed under a former key: `nove reseal --apply` seals them anew.")
    ]
    assert done == (
        0,
        [
            "Sealed anew: 1 accounts' credentials, 1 accounts' push secrets.",
            "Take NOVE_SECRET_KEY_OLD out of the settings now, and start every process again.",
        ],
    )


async def reseal_by_command(*words: str) -> tuple[int, Sequence[str]]:
    """Exit code and lines."""
    ran = await to_thread(CliRunner().invoke, nove, ["reseal", *words])
    return ran.exit_code, ran.output.splitlines()
