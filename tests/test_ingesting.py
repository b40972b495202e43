"""Files that a carrier dropped: taken in as its pushes are, once, and what cannot be read is kept for a person."""

import asyncio
from base64 import b64encode
from pathlib import Path
from uuid import UUID

import orjson
import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from app.arrivals.keeping import MAX_BODY, ArrivalSource, ArrivalState
from app.arrivals.tables import arrivals, bodies
from app.cli import nove
from app.cli.dropping import Piece, pieces
from app.commanding import commanding
from app.commands import CreateShop, Ingest
from app.database import Database
from app.errors import NotFound
from app.intake.dropped import Became, take_dropped
from app.intake.pushed import Outcome
from app.intake.retrying import retry_failed
from app.settings import Settings
from app.shipments.tables import events
from carriers import carrier
from carriers.vocabulary import Status
from tests.building import World, build
from tests.recorded import recorded

EDI = recorded("edifact_iftsta", "delivered")
BROKEN = EDI[: len(EDI) // 2]


@pytest.fixture
async def world(database: Database) -> World:
    """A live shop on a fresh database."""
    return await build(database)


async def drop(world: World, slug: str, *given: bytes) -> list[Became]:
    return await take_dropped(world.installation, world.shop.company_id, slug, given)


async def stored(world: World) -> dict[str, int]:
    async with world.database.reading() as db:
        return {
            table.name: await db.value(select(func.count()).select_from(table)) for table in (arrivals, bodies, events)
        }


async def states(world: World) -> list[tuple[str, str, str]]:
    async with world.database.reading() as db:
        rows = await db.all(select(arrivals).order_by(arrivals.c.id))
    return [(row.source, row.state, row.reason) for row in rows]


@pytest.mark.parametrize(
    ("slug", "name", "number", "status"),
    [
        ("edifact_iftsta", "delivered", "CONS0001", Status.DELIVERED),
        ("x12_214", "delivered", "PRO0001", Status.DELIVERED),
        ("gs1_epcis", "out_for_delivery", "00095211100000000014", Status.IN_TRANSIT),
        ("upu_emsevt", "delivered", "RB123456785GB", Status.DELIVERED),
        ("ups", "delivered", "1Z999AA10123456784", Status.DELIVERED),
    ],
)
async def test_a_file_moves_the_shipment_once(world: World, slug: str, name: str, number: str, status: Status) -> None:
    """Of a format or of any carrier; no account is needed. The same file again stores nothing."""
    [parcel] = carrier(slug).parse(recorded(slug, name))
    shipment = await world.ship(parcel.number or number, slug)

    [first] = await drop(world, slug, recorded(slug, name))
    before = await stored(world)
    again = await drop(world, slug, recorded(slug, name), recorded(slug, name))

    assert (await world.look(shipment)).status is status
    assert first == Became(Outcome.ACCEPTED, 1, 0, len(parcel.events))
    assert again == [Became(Outcome.DUPLICATE)] * 2
    assert await stored(world) == before


async def test_good_ones_are_taken_beside_bad_ones(world: World) -> None:
    """What cannot be read is in quarantine with its reason, once; what nobody has posted waits to be posted."""
    twice = await drop(world, "edifact_iftsta", BROKEN, EDI, BROKEN)
    again = await drop(world, "edifact_iftsta", BROKEN)
    posted = await world.ship("CONS0001", "edifact_iftsta")

    reason = "the last segment has no end"
    assert twice == [
        Became(Outcome.QUARANTINED, reason=reason),
        Became(Outcome.ACCEPTED, 1, 1),
        Became(Outcome.DUPLICATE),
    ]
    assert again == [Became(Outcome.QUARANTINED, reason=f"{reason} (it has come before)")]
    assert posted.status is Status.DELIVERED
    assert await states(world) == [
        ("import", "quarantined", reason),
        ("import", "unclaimed", ""),  # by the waybill, another number of the same parcel
        ("import", "taken", ""),
    ]


async def test_what_fails_for_a_reason_of_ours_is_tried_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is kept for a worker; then it is known."""
    shipment = await world.ship("CONS0001", "edifact_iftsta")

    async def fails(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr("app.intake.dropped.take_in", fails)
        kept = await drop(world, "edifact_iftsta", EDI)
    waiting = await states(world)
    again = await drop(world, "edifact_iftsta", EDI)
    await retry_failed(world.installation)

    assert kept == [Became(Outcome.DEFERRED, 1, reason="RuntimeError")]
    assert waiting == [(ArrivalSource.IMPORT, ArrivalState.FAILED, "it could not be taken in: RuntimeError")]
    assert again == [Became(Outcome.DUPLICATE)]
    assert (await world.look(shipment)).status is Status.DELIVERED


def test_a_file_of_several_interchanges(tmp_path: Path) -> None:
    """Each is a body of its own, byte for byte; a format without them has one."""
    x12 = recorded("x12_214", "delivered")
    given: dict[str, tuple[str, list[bytes]]] = {
        "one.edi": ("edifact_iftsta", [EDI]),
        "many.edi": ("edifact_iftsta", [EDI + b"\r\n", b"UNA:+.? '\n" + EDI, BROKEN, EDI]),
        "many.x12": ("x12_214", [x12, x12 + b"\n", x12]),
        "other.json": ("ups", [recorded("ups", "delivered")]),
    }
    for name, (slug, its) in given.items():
        path = tmp_path / name
        path.write_bytes(b"".join(its))
        found = list(pieces(carrier(slug), path))

        assert [each.body for each in found] == its, name
        assert [each.interchange for each in found] == ([1, 2, 3, 4][: len(its)] if len(its) > 1 else [None])


def test_a_file_that_is_too_large_or_empty(tmp_path: Path) -> None:
    """A body is bounded as a hook's is; a file of many is not."""
    paths = {name: tmp_path / name for name in ("large", "many", "empty")}
    paths["large"].write_bytes(b" " * (MAX_BODY + 1))
    paths["many"].write_bytes(EDI * (MAX_BODY // len(EDI) + 1))
    paths["empty"].write_bytes(b"")
    found = {name: list(pieces(carrier("edifact_iftsta"), path)) for name, path in paths.items()}

    assert found["large"] == [
        Piece(str(paths["large"]), None, b"", f"{MAX_BODY + 1} bytes: at most {MAX_BODY} are taken as one body")
    ]
    assert found["empty"] == [Piece(str(paths["empty"]), None, b"", "it is empty")]
    assert {each.body for each in found["many"]} == {EDI}
    assert len(found["many"]) == MAX_BODY // len(EDI) + 1


@pytest.fixture
def settings(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The installation of a command."""
    monkeypatch.setenv("NOVE_DATABASE_URL", database_url)
    monkeypatch.setenv("NOVE_SECRET_KEY", "A" * 43 + "=")
    return Settings(_env_file=None, database_url=database_url, secret_key="A" * 43 + "=")


async def made(settings: Settings) -> dict[str, str]:
    async with commanding(settings) as ask:
        shop: dict[str, str] = await ask(CreateShop.of(shop_name="Bottega"))
        return shop


async def test_it_needs_a_company_that_is_there(settings: Settings) -> None:
    """Whoever mistyped it is told, before anything is stored."""
    nobody = UUID("019ef0f0-0000-7000-8000-000000000000")
    async with commanding(settings) as ask:
        for whose in ({"shop": nobody}, {"company": nobody}):
            with pytest.raises(NotFound):
                await ask(Ingest(carrier="edifact_iftsta", bodies=(b64encode(EDI),), **whose))


async def test_the_command(settings: Settings, tmp_path: Path) -> None:
    """Files and folders, hidden ones left out; what is rejected is told by file and interchange, and is exit code 1."""
    shop = await made(settings)
    drops = tmp_path / "drops"
    drops.joinpath("late").mkdir(parents=True)
    drops.joinpath("late", "b.edi").write_bytes(recorded("edifact_iftsta", "held"))
    drops.joinpath("a.edi").write_bytes(EDI + BROKEN + recorded("edifact_iftsta", "many_parcels"))
    drops.joinpath(".part").write_bytes(BROKEN)
    alone = tmp_path / "alone.edi"
    alone.write_bytes(b"")
    words = ["ingest", "edifact_iftsta", str(drops), str(alone), "--company", shop["company_id"]]

    first = await asyncio.to_thread(CliRunner().invoke, nove, [*words, "--json"])
    again = await asyncio.to_thread(CliRunner().invoke, nove, words)
    clean = await asyncio.to_thread(
        CliRunner().invoke, nove, ["ingest", "edifact_iftsta", str(drops / "late"), "--shop", shop["shop_id"]]
    )

    reason = "the last segment has no end"
    assert (first.exit_code, again.exit_code, clean.exit_code) == (1, 1, 0)
    assert orjson.loads(first.stdout) == {
        "files": 3,
        "bodies": 4,
        "accepted": 3,
        "duplicate": 0,
        "quarantined": 1,
        "deferred": 0,
        "parcels": 8,
        "unclaimed": 8,
        "new_events": 0,
        "rejects": [
            {"file": f"{drops}/a.edi", "interchange": 2, "reason": reason},
            {"file": str(alone), "interchange": None, "reason": "it is empty"},
        ],
    }
    assert again.stdout == "3 files, 4 bodies: 3 known, 1 in quarantine\n0 parcels (0 not posted yet), 0 new events\n"
    assert f"{drops}/a.edi, interchange 2: {reason} (it has come before)\n" in again.stderr
    assert clean.stdout.startswith("1 files, 1 bodies: 1 known\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["pigeon", "{file}", "--shop", "019ef0f0-0000-7000-8000-000000000000"], "no carrier 'pigeon'"),
        (["ups", "{file}", "none.edi", "--shop", "019ef0f0-0000-7000-8000-000000000000"], "there is no none.edi"),
        (["ups", "{file}"], "name the shop or the company"),
    ],
)
def test_a_command_that_cannot_be_run(tmp_path: Path, words: list[str], told: str) -> None:
    """Exit code 2, and what to do; nothing is opened."""
    file = tmp_path / "file"
    file.write_bytes(EDI)
    done = CliRunner().invoke(nove, ["ingest", *(word.format(file=file) for word in words)], env={"COLUMNS": "400"})

    assert (done.exit_code, told in done.stderr) == (2, True), done.stderr
