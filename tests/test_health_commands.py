"""How a carrier does, on the command line: the facts that the API tells, for a terminal and for programs."""

import asyncio
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from app.cli import nove
from app.cli.health import lines

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


async def test_lines_for_people_that_fit_the_narrowest_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every figure whole at 80 columns, also where there are many; where there is no account, that is said."""
    await shop()
    monkeypatch.setenv("COLUMNS", "80")
    printed = (await run("carrier", "health", "sandbox")).splitlines()
    none = await run("carrier", "health", "ups")

    assert printed[0].startswith("Sandbox, ")
    assert printed[2].startswith("Sandbox (")
    assert printed[2].endswith("): well")
    assert printed[3:] == [
        "  calls     0, - answered, - each",
        "  refused   0 throttled, 0 for their credentials",
        "  parcels   0 asked about, - not found",
        "  quota     0 of 250 used",
        "  news      - late, - in no table",
    ]
    assert max(map(len, printed)) <= 80
    assert none == "There is no account with UPS.\n"


async def test_an_account_that_is_not_well_says_since_when_and_why() -> None:
    """Disabled before it ever answered, and resting since an hour."""
    figures = {
        "calls": {
            "calls": 123_456,
            "success": 0.5,
            "mean_seconds": 1.234,
            "throttled": 7,
            "credentials_refused": 3,
            "parcels": 9,
            "not_found": 1 / 3,
        },
        "news": {"median_delay_seconds": 600, "unmapped": 0.25},
        "subscriptions": {"pending": 2, "live": 5},
        "quota": {"used": 99_999, "limit": 100_000, "short": True, "due": 1_000},
    }
    reason = {"disabled_reason": "3 times in a row the carrier refuses our credentials (401)", "last_error": "x"}
    off = {"name": "A", "id": NOBODY, "state": "disabled", "since": None, "open_until": None} | reason
    rests = {"state": "resting", "since": "2026-03-12T08:00:01", "open_until": "2026-03-12T10:00:01"}
    told = {
        "name": "Sandbox",
        "since": "2026-03-11T09:00:00",
        "until": "2026-03-12T09:00:00",
        "accounts": [off | figures, off | figures | rests | {"disabled_reason": "", "last_error": "it failed (500)"}],
    }
    printed = [line.plain for line in lines(told)]

    assert printed[2:10] == [
        f"A ({NOBODY}): disabled",
        "  calls     123456, 50% answered, 1.23 s each",
        "  refused   7 throttled, 3 for their credentials",
        "  parcels   9 asked about, 33% not found",
        "  quota     99999 of 100000 used, short: 1000 wait",
        "  news      10 min late, 25% in no table",
        "  pushes    5 live, 2 pending",
        "  it has not answered yet: 3 times in a row the carrier refuses our credentials (401)",
    ]
    assert printed[-1] == (
        "  it has not answered since 2026-03-12T08:00 UTC (asked again after 2026-03-12T10:00 UTC): it failed (500)"
    )


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
