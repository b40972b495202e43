"""How a carrier does, on the command line: the facts that the API tells, for a terminal and for programs."""

import asyncio
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from app.cli import nove

KEY = "A" * 43 + "="
NOBODY = "019ef0f0-0000-7000-8000-000000000000"


@pytest.fixture(autouse=True)
async def _here(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    """An installation on either database."""
    for name, value in {"NOVE_DATABASE_URL": database_url, "NOVE_SECRET_KEY": KEY, "COLUMNS": "200"}.items():
        monkeypatch.setenv(name, value)


async def ended(*words: str) -> Result:
    """The command, which runs a loop of its own, as it ended."""
    return await asyncio.to_thread(CliRunner().invoke, nove, words)


async def run(*words: str) -> str:
    """What the command printed."""
    done = await ended(*words)
    assert done.exit_code == 0, done.exception or done.output
    return done.stdout


async def shop() -> dict[str, Any]:
    """A new shop of a new company, with an account with the sandbox."""
    made: dict[str, Any] = orjson.loads(await run("shop", "create", "Bottega"))
    await run("account", "add", "sandbox", "--shop", made["shop_id"], "--daily-quota", "250")
    return made


def of(told: str) -> list[str]:
    """The companies of the accounts that are told of."""
    return sorted(each["company_id"] for each in orjson.loads(told)["accounts"])


async def test_everybodys_accounts_or_those_of_a_shop_or_a_company() -> None:
    """As JSON the facts of the API, and each account's company."""
    mine, other = await shop(), await shop()
    health = ("carrier", "health", "sandbox", "--json")
    [account] = orjson.loads(await run(*health, "--shop", mine["shop_id"], "--hours", "48"))["accounts"]

    assert of(await run(*health)) == sorted([mine["company_id"], other["company_id"]])
    assert of(await run(*health, "--company", other["company_id"])) == [other["company_id"]]
    assert (account["company_id"], account["state"], account["calls"]["calls"]) == (mine["company_id"], "well", 0)
    assert (account["quota"]["limit"], account["quota"]["own"]) == (250, True)


async def test_a_table_for_people() -> None:
    """A row for each account; where there is none, that is said."""
    await shop()
    lines = await run("carrier", "health", "sandbox")
    none = await run("carrier", "health", "ups")

    assert lines.startswith("Sandbox, ")
    assert "well" in lines
    assert "0 of 250" in lines
    assert none == "There is no account with UPS.\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("pigeon",), "No carrier 'pigeon'"),
        (("sandbox", "--company", NOBODY), f"No company {NOBODY}."),
        (("sandbox", "--shop", NOBODY), f"No shop {NOBODY}."),
    ],
)
async def test_what_there_is_not_is_said(words: tuple[str, ...], said: str) -> None:
    """A carrier, a company, a shop."""
    done = await ended("carrier", "health", *words)

    assert str(done.exception).startswith(said)
