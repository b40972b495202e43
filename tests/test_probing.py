"""The doctor's calls: each says whether the other side takes us, or why it was not asked, and changes nothing there."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app import accounts
from app.accounts import carrier_accounts
from app.database import Database
from app.demo.serving import serving
from app.demo.stand_ins.ups import UpsStandIn
from app.finding import Finding
from app.probing import probe
from app.settings import Settings
from tests.building import World, build
from tests.mail_servers import Mailbox, mail_server


@pytest.fixture
async def world(database: Database) -> World:
    """A live shop on a fresh database."""
    return await build(database)


def said(found: list[Finding], topic: str) -> list[tuple[str, str]]:
    return [(each.level.value, each.text) for each in found if each.topic == topic]


async def asked(world: World, topic: str, **settings: str) -> list[tuple[str, str]]:
    """What is found with these settings."""
    given = Settings(_env_file=None, **settings)  # type: ignore[arg-type]
    return said(await probe(replace(world.installation, settings=given)), topic)


async def test_the_mail_server(world: World) -> None:
    """It is greeted, and sent nothing; one that is not there is a problem."""
    mailbox = Mailbox()
    async with mail_server(mailbox) as port:
        greeted = await asked(world, "e-mail", smtp_url=f"smtp://127.0.0.1:{port}")
    [(level, words)] = await asked(world, "e-mail", smtp_url=f"smtp://127.0.0.1:{port}")

    assert greeted == [("ok", "The mail server takes us.")]
    assert level == "problem"
    assert words.startswith(f"The mail server 127.0.0.1:{port} (NOVE_SMTP_URL) does not take us: ")
    assert mailbox.taken == []


async def test_an_address_that_only_this_machine_reaches(world: World) -> None:
    """It is named, with the setting."""
    assert await asked(world, "address", public_url="http://127.0.0.1:8000") == [
        (
            "information",
            "http://127.0.0.1:8000 is reached from this machine alone: set NOVE_PUBLIC_URL to what carriers and "
            "recipients can reach.",
        )
    ]


@pytest.mark.parametrize(
    ("status", "body", "finding"),
    [
        (200, '{"status": "ok"}', ("ok", "{} leads to a Nove.")),
        (502, "Bad gateway", ("warning", "answers 502 to /healthz: see that the proxy passes requests on to Nove.")),
        (
            200,
            "<html>",
            ("warning", "answers something that is not ours: see that the proxy passes requests on to Nove."),
        ),
    ],
)
async def test_the_public_address(
    world: World, status: int, body: str, finding: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is called as a carrier would call it; what is wrong with the answer says where to look."""
    monkeypatch.setattr("app.probing._only_here", lambda _url: False)  # every server of a test is here

    async def answer(_request: Request) -> Response:
        return PlainTextResponse(body, status)

    async with serving(Starlette(routes=[Route("/healthz", answer)])) as url:
        [(level, words)] = await asked(world, "address", public_url=url, outbound_allow="127.0.0.0/8")

    if level == "warning":
        words = words.removeprefix(f"{url} (NOVE_PUBLIC_URL), tried from here, ")
    assert (level, words) == (finding[0], finding[1].format(url))


@pytest.mark.parametrize(
    ("url", "why"), [("https://10.1.2.3", "has no public address"), ("http://nove.invalid", "has no public address")]
)
async def test_an_address_that_carriers_do_not_reach(world: World, url: str, why: str) -> None:
    """A private one, one without https, a name that nobody knows."""
    [(level, words)] = await asked(world, "address", public_url=url)

    assert level == "warning"
    assert words.startswith(f"{url} (NOVE_PUBLIC_URL), tried from here, {why}")


async def test_a_carrier_s_credentials(world: World) -> None:
    """A token is asked for where there are tokens; nothing is asked where each question counts, or calls rest."""
    ups = UpsStandIn(lambda _number: None)

    async def add(carrier: str, credentials: Mapping[str, str], base_url: str = "") -> str:
        async with world.database.transaction() as db:
            added = await accounts.add(
                db,
                world.installation.sealer,
                world.shop.company_id,
                carrier,
                public_url="https://nove.example",
                credentials=credentials,
                base_url=base_url,
            )
        return f"Account {added.account.id} ({carrier})"

    async with serving(ups.app()) as url:
        taken = await add("ups", ups.credentials, url)
        refused = await add("ups", {**ups.credentials, "client_secret": "another"}, url)
        resting = await add("ups", ups.credentials, url)
        async with world.database.transaction() as db:
            await db.run(
                update(carrier_accounts)
                .where(carrier_accounts.c.id == UUID(resting.split()[1]))
                .values(open_until=db.now + timedelta(hours=1))
            )
        untried = await add("brt", {"user_id": "1", "password": "x"})
        found = said(await probe(world.installation), "credentials")
    away = said(await probe(world.installation), "credentials")

    assert found[0] == ("ok", f"{taken} is taken: it was given a token.")
    assert found[1][0] == "problem"
    assert found[1][1].startswith(f"{refused} is refused: ")
    assert found[1][1].endswith("Enter its credentials anew (PATCH /v1/accounts/…).")
    assert found[2:] == [
        ("information", f"{resting} is not tried while its calls rest."),
        (
            "information",
            f"{untried} is not tried, since each question counts; polls show whether it answers: never yet.",
        ),
    ]
    assert [level for level, _ in away] == ["warning", "warning", "information", "information"]
    assert ups.requests == [] or all("oauth" in each for each in ups.requests)
