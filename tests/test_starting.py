"""What a start refuses: each time one line that says what to do, exit code 2, and nothing made or changed."""

import contextlib
import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app import accounts
from app.cli import main
from app.commanding import commanding
from app.commands import AddAccount, CreateShop, Examine
from app.errors import WrongSetting
from app.installation import opened
from app.settings import Settings

Said = tuple[object, str]
Start = Callable[..., Said]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Start:
    """Run a command in a folder of its own; gives the exit code and what it says on standard error."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("NOVE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("app.serving.set_up", lambda _settings: None)  # the test's own logging stays

    def run(*words: str, **variables: str) -> Said:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["nove", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, capsys.readouterr().err

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the settings' own default has the database."""
    path = tmp_path / "var" / "nove.db"
    path.parent.mkdir()
    return path


SHORT = ("serve", "migrate", "shop list")


@pytest.mark.parametrize("command", SHORT)
def test_a_file_that_is_no_database(start: Start, file: Path, command: str) -> None:
    """It is named, and left as it is."""
    file.write_bytes(content := os.urandom(5000))

    assert start(*command.split()) == (
        2,
        "nove: var/nove.db cannot be read as a SQLite database (file is not a database). "
        "See that NOVE_DATABASE_URL is right.\n",
    )
    assert file.read_bytes() == content


@pytest.mark.parametrize("command", SHORT)
def test_the_database_of_another_program(start: Start, file: Path, command: str) -> None:
    """Nothing of ours is made in it."""
    with contextlib.closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE songs (title TEXT)")

    assert start(*command.split()) == (
        2,
        "nove: var/nove.db is the database of another program: set NOVE_DATABASE_URL to a file of Nove's own.\n",
    )
    with contextlib.closing(sqlite3.connect(file)) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("songs",)]


@pytest.mark.parametrize("command", SHORT)
def test_a_database_of_a_later_version(start: Start, file: Path, command: str) -> None:
    """Its step is named."""
    assert start("migrate")[0] == 0
    with contextlib.closing(sqlite3.connect(file)) as later:
        later.execute("UPDATE alembic_version SET version_num = '9999'")
        later.commit()

    assert start(*command.split()) == (
        2,
        "nove: The database is at step 9999, which this version does not know. Install the newer Nove.\n",
    )


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_a_folder_in_place_of_the_file(start: Start, file: Path, command: str) -> None:
    """What the machine refuses is a line too."""
    file.mkdir()

    assert start(command) == (
        2,
        "nove: The database var/nove.db cannot be opened (Is a directory): see that it is a file in a folder where "
        "this user may write, or set NOVE_DATABASE_URL to another.\n",
    )


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:///:memory:", "must name a file, as sqlite:///var/nove.db: in memory every stop would lose it"),
        ("sqlite:///", "must name a file, as sqlite:///var/nove.db: in memory every stop would lose it"),
    ],
)
def test_a_database_in_memory(start: Start, tmp_path: Path, url: str, said: str) -> None:
    """It would forget what was acknowledged."""
    assert start("serve", NOVE_DATABASE_URL=url) == (
        2,
        f"nove: Wrong setting. NOVE_DATABASE_URL: {said}. The README lists every setting.\n",
    )
    assert list(tmp_path.iterdir()) == []


def test_an_address_that_cannot_be_understood(start: Start) -> None:
    """The line does not repeat it: there is a password in it."""
    code, said = start("migrate", NOVE_DATABASE_URL="postgresql://nove:pa55@word@host:port/nove")

    assert (code, "pa55" in said) == (2, False)
    assert said.startswith("nove: NOVE_DATABASE_URL cannot be understood: write postgresql://user:password@host:port/")


async def in_use(path: Path) -> Settings:
    """The settings of a database with a company in it, and a contract with a carrier."""
    settings = Settings(_env_file=None, database_url=f"sqlite:///{path}")
    async with opened(settings):
        pass
    async with commanding(settings) as ask:
        shop = (await ask(CreateShop.of(shop_name="Bottega")))["shop_id"]
        await ask(AddAccount.of(carrier="sandbox", shop=shop, credentials={"speed": "60"}))
    return settings


async def test_a_key_file_that_is_lost(file: Path) -> None:
    """No other is made in its place, and with the file back all is well."""
    settings = await in_use(file)
    key = file.with_name("nove.db.key")
    key.rename(file.with_name("kept"))
    with pytest.raises(WrongSetting) as lost:
        async with opened(settings):
            pass
    made = key.exists()
    file.with_name("kept").rename(key)
    async with commanding(settings) as ask:
        findings = (await ask(Examine()))["findings"]

    assert lost.value.detail == (
        f"The key file {key} is missing, and the database beside it is in use: only that key opens its secrets. "
        "Restore the file from your backup, or set NOVE_SECRET_KEY to the key."
    )
    assert not made
    assert [each["text"] for each in findings if each["topic"] == "secrets"] == [
        "The key opens those of 1 accounts, 0 endpoints."
    ]


async def test_another_key(file: Path) -> None:
    """A key that opens none of the secrets is refused; the line says where it came from."""
    settings = await in_use(file)
    wrong = settings.model_copy(update={"secret_key": Settings(_env_file=None, secret_key="A" * 43 + "=").secret_key})
    with pytest.raises(WrongSetting) as refused:
        async with opened(wrong):
            pass

    assert refused.value.detail == (
        "The key from NOVE_SECRET_KEY does not open the secrets in the database: it is not the one that sealed them. "
        "Restore the key file from your backup, or set NOVE_SECRET_KEY to that key."
    )


async def test_one_row_that_was_changed_by_hand(file: Path) -> None:
    """One that does not open stops nothing, while the key opens another."""
    settings = await in_use(file)
    async with opened(settings) as here, here.database.transaction() as db:
        [company] = await db.all(accounts.carrier_accounts.select())
        added = await accounts.add(db, here.sealer, company.company_id, "own", public_url="https://nove.example")
        await db.run(
            accounts.carrier_accounts.update()
            .where(accounts.carrier_accounts.c.id == added.account.id)
            .values(credentials=b"changed")
        )
    async with opened(settings) as here:
        assert here.settings == settings
