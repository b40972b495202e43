"""Short commands find the process that has the database, and come back with its result or its error."""

import asyncio
import shutil
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import chdir
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import pytest
from sqlalchemy import select

from app import commanding as module
from app.accounts import carrier_accounts
from app.commanding import commanding, listening, socket_path
from app.commands import COMMANDS, AddAccount, Command, CreateKey, CreateShop, Json, ListShops, TurnLive
from app.errors import DatabaseTaken, InvalidInput, NotFound, TryLater, Unusable, WrongSetting
from app.installation import Installation, opened
from app.settings import Settings

NOBODY = "019ef0f0-0000-7000-8000-000000000000"


@pytest.fixture
def settings(tmp_path: Path, sqlite_template: Path) -> Settings:
    """An installation far down, where the address of a socket would be over 108 bytes long."""
    folder = tmp_path / ("deep" * 30)
    folder.mkdir()
    folder.joinpath("nove.db").touch(0o600)
    shutil.copyfile(sqlite_template, folder / "nove.db")
    return Settings(_env_file=None, database_url=f"sqlite:///{folder}/nove.db", public_url="https://nove.example")


def path_of(settings: Settings) -> Path:
    assert settings.sqlite_path is not None
    return settings.sqlite_path


@pytest.fixture
async def service(settings: Settings) -> AsyncIterator[Installation]:
    """A process that has the file and takes commands."""
    async with opened(settings) as here, listening(here):
        yield here


async def test_a_command_goes_to_the_service(service: Installation, settings: Settings) -> None:
    """Its effect is in the service's database, its result what it would be here."""
    async with commanding(settings) as ask:
        made = await ask(CreateShop.of(shop_name="Bottega", live=True, staff_mail="staff@example.com"))
        listed = await ask(ListShops())

    assert sorted(made) == ["api_key", "company_id", "shop_id"]
    assert listed == [
        {
            "company_id": made["company_id"],
            "shop_id": made["shop_id"],
            "name": "Bottega",
            "locale": "it",
            "timezone": "Europe/Rome",
            "live": True,
            "mail_from": "",
            "staff_mail": "staff@example.com",
        }
    ]


async def test_the_same_without_a_service(settings: Settings) -> None:
    """The command takes the file and gives it back."""
    async with commanding(settings) as ask:
        made = await ask(CreateShop.of(shop_name="Bottega"))
    async with commanding(settings) as ask:
        live = await ask(TurnLive.of(shop=made["shop_id"]))
        key = await ask(CreateKey.of(shop=made["shop_id"], scopes=["read", "support"]))

    assert (live["name"], live["live"]) == ("Bottega", True)
    assert (key["shop_id"], key["scopes"], key["api_key"][:5]) == (made["shop_id"], ["read", "support"], "nove_")
    assert not socket_path(path_of(settings)).exists()


async def test_no_database_yet(tmp_path: Path) -> None:
    """A short command makes none: whoever mistyped the address would look into an empty one."""
    settings = Settings(_env_file=None, database_url=f"sqlite:///{tmp_path}/none/nove.db")
    with pytest.raises(Unusable) as stopped:
        async with commanding(settings):
            pass

    assert stopped.value.detail == (
        f"No database at {tmp_path}/none/nove.db: start `nove serve` or run `nove migrate` first."
    )
    assert not (tmp_path / "none").exists()


async def test_postgres_needs_no_service(database_url: str) -> None:
    """On either database a command gives the same."""
    settings = Settings(_env_file=None, database_url=database_url, secret_key="A" * 43 + "=")
    async with commanding(settings) as ask:
        made = await ask(CreateShop.of(shop_name="Bottega"))
        [shop] = await ask(ListShops())

    assert shop["shop_id"] == made["shop_id"]


async def test_an_account_is_added(service: Installation, settings: Settings) -> None:
    """It says where the carrier pushes to, under the service's public address, and with which secret."""
    async with commanding(settings) as ask:
        shop = (await ask(CreateShop.of(shop_name="Bottega")))["shop_id"]
        added = await ask(AddAccount.of(carrier="ups", shop=shop, credentials={"client_id": "a", "client_secret": "b"}))
        polled = await ask(AddAccount.of(carrier="brt", shop=shop, credentials={"user_id": "a", "password": "b"}))

        given = {"carrier": "dhl_unified", "shop": shop, "credentials": {"api_key": "a"}, "daily_quota": 5_000}
        rationed = await ask(AddAccount.of(**given))
    async with service.database.reading() as db:
        quota = select(carrier_accounts.c.daily_quota).where(carrier_accounts.c.id == UUID(rationed["account_id"]))
        assert await db.value(quota) == 5_000

    assert sorted(polled) == ["account_id"]  # it does not push
    assert sorted(added) == ["account_id", "hook_url", "secret"]
    assert added["hook_url"].startswith("https://nove.example/hooks/ups/")
    assert added["secret"].startswith("whsec_")


async def test_errors_come_back_as_they_were(service: Installation, settings: Settings) -> None:
    """Their kind, their words, and the fields that are wrong."""
    async with commanding(settings) as ask:
        with pytest.raises(NotFound) as missing:
            await ask(TurnLive.of(shop=NOBODY))
        shop = (await ask(CreateShop.of(shop_name="Bottega")))["shop_id"]
        with pytest.raises(InvalidInput) as wrong:
            await ask(AddAccount.of(carrier="ups", shop=shop, credentials={"client_id": "a", "colour": "red"}))

    assert missing.value.detail == f"No shop {NOBODY}. The database asked was {path_of(settings)}."
    assert [(each.field, each.message) for each in wrong.value.errors] == [
        ("credentials.client_secret", "Required."),
        ("credentials.colour", "Unknown field: leave it out, or check its spelling."),
    ]


def test_a_command_is_checked_before_it_is_sent() -> None:
    """Every argument that is wrong is named."""
    with pytest.raises(InvalidInput) as wrong:
        CreateShop.of(shop_name=" ", locale="Italian", mail_from="nobody")

    assert [(each.field, each.message) for each in wrong.value.errors] == [
        ("shop_name", "Must not be empty: send at least 1 characters."),
        ("locale", "Send a language, such as it or en-GB."),
        ("mail_from", "Send an address such as `Shop <shop@example.com>`, or an empty text for none."),
    ]


async def test_only_its_owner_reaches_the_socket(settings: Settings) -> None:
    """It is beside the database, for its owner alone; making it leaves the working directory where it was."""
    before = Path.cwd()
    async with opened(settings) as here, listening(here):
        private = [stat.S_IMODE(path.stat().st_mode) for path in (socket_path(path_of(settings)), path_of(settings))]

    assert private == [0o600, 0o600]
    assert len(str(socket_path(path_of(settings)))) > 108
    assert Path.cwd() == before


async def test_a_stale_socket_is_replaced(settings: Settings) -> None:
    """What a killed service left behind is in nobody's way; at a stop the socket goes."""
    path = socket_path(path_of(settings))
    with chdir(path.parent), socket.socket(socket.AF_UNIX) as left:
        left.bind(path.name)
    async with opened(settings) as here, listening(here), commanding(settings) as ask:
        assert await ask(ListShops()) == []

    assert not path.exists()


async def test_another_file_is_not_replaced(settings: Settings) -> None:
    """A file that is no socket is not ours to remove."""
    path = socket_path(path_of(settings))
    path.write_text("mine")
    async with opened(settings) as here:
        with pytest.raises(WrongSetting, match="is in the way of the socket"):
            async with listening(here):
                pass

    assert path.read_text() == "mine"


async def test_a_process_that_takes_no_commands(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command waits for it a little, then says why it cannot run."""
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    async with opened(settings):
        with pytest.raises(DatabaseTaken, match="takes no commands just now"):
            async with commanding(settings):
                pass


async def test_a_service_that_begins_to_listen_a_little_later(settings: Settings) -> None:
    """The moment between the two is waited for."""

    async def listed() -> Json:
        async with commanding(settings) as ask:
            return await ask(ListShops())

    async with opened(settings) as here:
        waiting = asyncio.create_task(listed())
        await asyncio.sleep(0.05)
        async with listening(here):
            assert await waiting == []


class Slow(Command):
    """A command that takes as long as the test wants."""

    name: ClassVar[str] = "test.slow"
    begun: ClassVar[asyncio.Event]
    end: ClassVar[asyncio.Event]

    async def run(self, here: Installation) -> Json:
        """Wait for the test."""
        type(self).begun.set()
        await type(self).end.wait()
        return "done"


class Failing(Command):
    """A command with a mistake in it."""

    name: ClassVar[str] = "test.failing"

    async def run(self, here: Installation) -> Json:
        """Fail."""
        raise ZeroDivisionError("anna@example.com")


@pytest.fixture
def more_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    Slow.begun, Slow.end = asyncio.Event(), asyncio.Event()
    for kind in (Slow, Failing):
        monkeypatch.setitem(COMMANDS, kind.name, kind)


@pytest.mark.usefixtures("more_commands")
async def test_a_stop_waits_for_what_has_begun(settings: Settings) -> None:
    """A command under way is answered; one that comes after the stop is told to try again."""
    async with opened(settings) as here:
        async with listening(here), asyncio.timeout(5):
            ask = await (asking := commanding(settings)).__aenter__()
            answered = asyncio.ensure_future(ask(Slow()))
            await Slow.begun.wait()
            asyncio.get_running_loop().call_later(0.05, Slow.end.set)
        assert await answered == "done"
        with pytest.raises(TryLater, match="The service stopped before it answered"):
            await ask(ListShops())
        await asking.__aexit__(None, None, None)


@pytest.mark.usefixtures("more_commands", "service")
async def test_a_mistake_in_a_command(settings: Settings) -> None:
    """The service goes on, and says nothing of the inside."""
    async with commanding(settings) as ask:
        with pytest.raises(Exception, match="The command failed in the running service"):
            await ask(Failing())
        assert await ask(ListShops()) == []


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize(
    "line", [b"{", b"[]", b'{"command": "shop.create"}', b'{"command": "shop.live", "arguments": {"shop": 1, "x": 2}}']
)
async def test_what_is_no_command(settings: Settings, line: bytes) -> None:
    """It is answered with an error, and the next is heard."""
    path = socket_path(path_of(settings))
    with chdir(path.parent):
        reader, writer = await asyncio.open_unix_connection(path.name)
    writer.write(line + b"\n" + b'{"command": "shop.list", "arguments": {}}\n')

    assert b"The running service is of another version" in await reader.readline()
    assert await reader.readline() == b'{"result":[]}\n'
    writer.close()
    await writer.wait_closed()
