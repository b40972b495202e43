"""Shipments out of a CSV file: read row by row, posted in batches, each row judged by itself.

An import tells recipients at most of where a parcel stands at last, and machines `shipment.imported` once: see
`triggers`. The shop gets one digest of it, by mail. Rows whose shipment is known bring it up to date, so a file may
be imported again.
"""

import csv
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from app import shops
from app.errors import InvalidInput, Refused
from app.installation import Installation
from app.intake.foreseeing import foresee
from app.intake.posting import post
from app.outbox import digests
from app.shipments.posting import PostedShipment
from app.wrong_fields import in_words

COLUMNS: Mapping[str, str] = {
    "carrier": "slug of the carrier, as `nove carriers` lists it (required)",
    "tracking_number": "the carrier's number (this or sender_reference is required)",
    "sender_reference": "the number under which the carrier knows the parcel as yours",
    "order_reference": "the order that it carries",
    "direction": "outbound (the default) or return",
    "service": "the carrier's service, as ordered",
    "shipped_at": "day, or time; without offset in the shop's time zone",
    "promised_on": "the day promised to the recipient, as 2026-03-14",
    "parcel_count": "how many parcels go under the number",
    "tags": "any number, with | or ; between them",
    "recipient_name": "",
    "recipient_company": "",
    "recipient_email": "where messages go",
    "recipient_phone": "",
    "recipient_street": "",
    "recipient_postcode": "",
    "recipient_city": "",
    "recipient_state": "",
    "recipient_country": "two letters, as IT",
    "recipient_locale": "the recipient's language, as it",
}
"""The columns of a file, in any order; empty cells are as if left out."""

BATCH = 500
CELL = 10_000
SEPARATORS = ",;\t"


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the file: the line it ends on, and its cells that are not empty, or why it cannot be read."""

    number: int
    cells: dict[str, str]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a batch: how many shipments are new, how many were known, and (line, reason) of bad rows."""

    created: int
    known: int
    failed: tuple[tuple[int, str], ...]


def batches(path: Path, size: int = BATCH) -> Iterator[list[Line]]:
    """The file's rows, never more than a batch of them in memory.

    UTF-8; separated by commas, semicolons or tabs. InvalidInput says what is wrong with the file as a whole.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            file.seek(0)
            separator = max(SEPARATORS, key=head.count)
            reader = csv.reader(file, delimiter=separator, strict=True)
            lines = _lines(reader, _header(reader))
            while batch := list(islice(lines, size)):
                yield batch
    except OSError as error:
        raise InvalidInput(f"Cannot read {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is not in UTF-8: save it as `CSV UTF-8`.") from error


def run_of(path: Path, shop_id: UUID) -> UUID:
    """The id of a run of imports, which the same file of the same shop has again, and so no second digest."""
    with path.open("rb") as file:
        return UUID(bytes=hashlib.file_digest(file, lambda: hashlib.sha256(shop_id.bytes)).digest()[:16])


async def import_batch(
    installation: Installation, shop_id: UUID, lines: Sequence[Line], run_id: UUID | None = None
) -> Imported:
    """Post a batch in one transaction; a row that is refused leaves the others alone.

    The shop gets one digest of a run, once `end_run` says that it has ended.
    """
    created = known = 0
    failed: list[tuple[int, str]] = []
    stored: list[UUID] = []
    async with installation.database.transaction() as db:
        shop = await shops.find(db, shop_id)
        zone = ZoneInfo(shop.timezone)
        good: list[tuple[Line, PostedShipment]] = []
        for line in lines:
            try:
                if line.reason:
                    raise InvalidInput(line.reason)
                good.append((line, _posted(line.cells, zone)))
            except Refused as error:
                failed.append((line.number, error.detail))
        await foresee(installation, db, shop, [posted for _, posted in good])
        for line, posted in good:
            try:
                result = await post(installation, db, shop, posted, imported=True)
            except Refused as error:
                failed.append((line.number, error.detail))
            else:
                created += result.created
                known += not result.created
                stored.append(result.shipment.id)
        if run_id is not None:
            await digests.note(db, shop, run_id, stored)
    return Imported(created, known, tuple(sorted(failed)))


async def end_run(installation: Installation, shop_id: UUID, run_id: UUID, failed: int) -> None:
    """The run has ended, with so many rows refused: its digest leaves, once the carriers have been asked."""
    async with installation.database.transaction() as db:
        await digests.end(db, await shops.find(db, shop_id), run_id, failed)


def _header(reader: Any) -> list[str]:
    try:
        names = [name.strip().lower() for name in next(reader, [])]
    except csv.Error as error:
        raise InvalidInput(f"The first line cannot be read: {error}.") from error
    unknown = [name for name in names if name not in COLUMNS]
    if unknown or "carrier" not in names or not {"tracking_number", "sender_reference"} & set(names):
        wrong = f"There is no column {', '.join(map(repr, unknown))}." if unknown else "A column is missing."
        raise InvalidInput(
            f"{wrong} The first line names the columns: carrier, and tracking_number or sender_reference; "
            f"beside them any of {', '.join(COLUMNS)}."
        )
    if len(set(names)) < len(names):
        raise InvalidInput("The first line names a column twice.")
    return names


def _lines(reader: Any, names: list[str]) -> Iterator[Line]:
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Line(reader.line_num, {}, f"not CSV: {error}")
            continue
        given = {name: cell.strip()[:CELL] for name, cell in zip(names, cells, strict=False) if cell.strip()}
        if not any(cells):
            continue
        excess = len(cells) - len(names)
        reason = (
            f"{len(cells)} cells under {len(names)} columns: quote cells with the separator in" if excess > 0 else ""
        )
        yield Line(reader.line_num, {} if reason else given, reason)


def _posted(cells: Mapping[str, str], zone: ZoneInfo) -> PostedShipment:
    """The shipment of a row; InvalidInput names the columns that are wrong."""
    plain = dict(cells)
    given: dict[str, Any] = {"recipient": {}}
    for name in [name for name in plain if name.startswith("recipient_")]:
        given["recipient"][name.removeprefix("recipient_")] = plain.pop(name)
    if "order_reference" in plain:
        given["order"] = {"reference": plain.pop("order_reference")}
    if "tags" in plain:
        given["tags"] = [tag.strip() for tag in plain.pop("tags").replace(";", "|").split("|") if tag.strip()]
    if "shipped_at" in plain:
        given["shipped_at"] = _instant(plain.pop("shipped_at"), zone)
    if not given["recipient"]:
        del given["recipient"]
    try:
        return PostedShipment.model_validate({**plain, **given})
    except ValidationError as error:
        raise InvalidInput("; ".join(_complaint(each) for each in error.errors(include_url=False))) from None


def _instant(text: str, zone: ZoneInfo) -> datetime:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"shipped_at: {text[:40]!r} is no time such as 2026-03-14 or 2026-03-14T16:30") from None
    return read if read.tzinfo else read.replace(tzinfo=zone)


def _complaint(error: Mapping[str, Any]) -> str:
    """The column and what is wrong with it, without repeating the cell, which may be personal."""
    place = "_".join(str(part) for part in error["loc"] if not isinstance(part, int))
    return f"{place}: {in_words(error)}" if place else in_words(error)
