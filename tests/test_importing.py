"""Shipments out of a CSV file: good rows are posted, bad ones told by their line, and a file may come again."""

from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from app.database import Database
from app.errors import InvalidInput, NotFound
from app.intake.importing import COLUMNS, Imported, batches, import_batch
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments
from carriers.vocabulary import Direction, Status
from tests.building import World, build, event

NOBODY = UUID("019ef0f0-0000-7000-8000-000000000000")


@pytest.fixture
async def world(database: Database) -> World:
    """A live shop on a fresh database."""
    return await build(database)


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "shipments.csv"
    path.write_bytes(text.encode(encoding))
    return path


async def imported(world: World, path: Path) -> Imported:
    [lines] = batches(path)
    return await import_batch(world.installation, world.shop.id, lines)


async def stored(world: World) -> list[Shipment]:
    async with world.database.reading() as db:
        return [Shipment.of(row) for row in await db.all(select(shipments).order_by(shipments.c.id))]


async def test_every_column(world: World, tmp_path: Path) -> None:
    """Each column finds its field; a time without offset is the shop's own."""
    row = {
        "carrier": "own",
        "tracking_number": "abc 123",
        "sender_reference": "S-1",
        "order_reference": "1001",
        "direction": "return",
        "service": "Express",
        "shipped_at": "2026-03-02T09:30",
        "promised_on": "2026-03-05",
        "parcel_count": "2",
        "tags": "gift | fragile;b2b",
        "recipient_name": "Anna Prova",
        "recipient_company": "Prova srl",
        "recipient_email": "Anna@Example.com",
        "recipient_phone": "055 123456",
        "recipient_street": '"Via Roma 1, scala B"',
        "recipient_postcode": "50100",
        "recipient_city": "Firenze",
        "recipient_state": "FI",
        "recipient_country": "it",
        "recipient_locale": "it",
    }
    assert list(row) == list(COLUMNS)

    done = await imported(world, written(tmp_path, ",".join(row) + "\n" + ",".join(row.values()) + "\n"))

    [shipment] = await stored(world)
    assert done == Imported(1, 0, ())
    assert (shipment.carrier, shipment.tracking_number, shipment.sender_reference) == ("own", "abc123", "S-1")
    assert (shipment.order_reference, shipment.direction, shipment.service) == ("1001", Direction.RETURN, "Express")
    assert shipment.shipped_at == datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
    assert (shipment.promised_on, shipment.parcel_count) == (date(2026, 3, 5), 2)
    assert shipment.tags == ["gift", "fragile", "b2b"]
    assert shipment.recipient == {
        "name": "Anna Prova",
        "company": "Prova srl",
        "email": "Anna@Example.com",
        "phone": "055 123456",
        "street": "Via Roma 1, scala B",
        "postcode": "50100",
        "city": "Firenze",
        "state": "FI",
        "country": "IT",
        "locale": "it",
    }
    assert (shipment.imported, shipment.status) == (True, Status.PENDING)


async def test_bad_rows_are_told_and_stop_nothing(world: World, tmp_path: Path) -> None:
    """Each by the line it ends on and by its column, without repeating what may be personal."""
    done = await imported(
        world,
        written(
            tmp_path,
            "carrier,tracking_number,recipient_email,shipped_at\n"
            "own,GOOD-1,anna@example.com,2026-03-02\n"
            "own,!!,,\n"
            "pigeon,GOOD-2,,\n"
            "own,GOOD-3,anna at example,\n"
            "own,GOOD-4,,02/03/2026\n"
            "\n"
            'own,"GOOD\n-5",,,,\n'
            "own\n"
            "own,GOOD-6\n",
        ),
    )

    assert [shipment.tracking_number for shipment in await stored(world)] == ["GOOD-1", "GOOD-6"]
    assert done == Imported(
        2,
        0,
        (
            (3, "tracking_number: A tracking number has 4 to 40 letters, digits and hyphens"),
            (
                4,
                "carrier: Unknown carrier 'pigeon'; GET /v1/carriers lists them, `own` is for one without adapter",
            ),
            (5, "recipient_email: Must be one e-mail address, such as anna@example.com"),
            (6, "shipped_at: '02/03/2026' is no time such as 2026-03-14 or 2026-03-14T16:30"),
            (9, "6 cells under 4 columns: quote cells with the separator in"),
            (10, "Give a tracking_number, or a sender_reference by which the carrier knows the parcel"),
        ),
    )


async def test_a_file_may_be_imported_again(world: World, tmp_path: Path) -> None:
    """Known shipments are brought up to date; what a row leaves empty stays."""
    await imported(world, written(tmp_path, "carrier,tracking_number,service,tags\nown,GOOD-1,Express,gift\n"))
    done = await imported(
        world, written(tmp_path, "carrier,tracking_number,service,tags\nown,GOOD-1,,late\nown,GOOD-1,,last\n")
    )

    [shipment] = await stored(world)
    assert done == Imported(0, 2, ())
    assert (shipment.service, shipment.tags) == ("Express", ["last"])


async def test_what_is_imported_tells_at_most_once(world: World, tmp_path: Path) -> None:
    """A history that comes in whole tells its recipient where the parcel is, and nothing of the way there."""
    await imported(world, written(tmp_path, "carrier,tracking_number,recipient_email\nown,GOOD-1,anna@example.com\n"))
    [shipment] = await stored(world)
    now = world.now
    await world.say(shipment, event(Status.IN_TRANSIT, at=now), event(Status.OUT_FOR_DELIVERY, at=now))

    sent = [each for each in await world.ledger(shipment) if each[1] == "due"]
    assert sent == [("out_for_delivery", "due", "")]


@pytest.mark.parametrize(
    "head", ["carrier;tracking_number", "CARRIER\ttracking_number ", "\ufeffcarrier,tracking_number"]
)
def test_forms_of_files(tmp_path: Path, head: str) -> None:
    """Semicolons and tabs separate as well; a byte order mark and capitals do no harm."""
    separator = next(each for each in ";\t," if each in head)

    [[line]] = batches(written(tmp_path, f"{head}\r\nown{separator} GOOD-1 \r\n"))

    assert (line.number, line.cells, line.reason) == (2, {"carrier": "own", "tracking_number": "GOOD-1"}, "")


def test_a_file_comes_in_batches(tmp_path: Path) -> None:
    """Never more than a batch of it is in memory."""
    path = written(tmp_path, "carrier,tracking_number\n" + "own,GOOD\n" * 7)

    assert [[line.number for line in lines] for lines in batches(path, 3)] == [[2, 3, 4], [5, 6, 7], [8]]


def test_a_quote_that_does_not_end(tmp_path: Path) -> None:
    """What it swallowed is one bad row."""
    [[good, bad]] = batches(written(tmp_path, 'carrier,tracking_number\nown,GOOD\nown,"GOOD\nown,GOOD\n'))

    assert (good.reason, bad.number, bad.reason) == ("", 4, "not CSV: unexpected end of data")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "A column is missing"),
        ("carrier,service\nown,x\n", "A column is missing"),
        ("carrier,tracking_number,colour\n", "There is no column 'colour'"),
        ("carrier,tracking_number,carrier\n", "names a column twice"),
    ],
)
def test_a_file_without_its_columns(tmp_path: Path, text: str, reason: str) -> None:
    """The first line must name known columns, each once, the two that are needed among them."""
    with pytest.raises(InvalidInput, match=reason):
        next(batches(written(tmp_path, text)))


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """It is missing, or in another encoding."""
    with pytest.raises(InvalidInput, match="No such file or directory"):
        next(batches(tmp_path / "none.csv"))
    with pytest.raises(InvalidInput, match="is not in UTF-8"):
        next(batches(written(tmp_path, "carrier,tracking_number,recipient_city\nown,GOOD-1,Forlì\n", "latin-1")))


async def test_an_unknown_shop(world: World, tmp_path: Path) -> None:
    """Nothing is imported."""
    [lines] = batches(written(tmp_path, "carrier,tracking_number\nown,GOOD-1\n"))

    with pytest.raises(NotFound, match=f"No shop {NOBODY}"):
        await import_batch(world.installation, NOBODY, lines)
    assert await stored(world) == []
