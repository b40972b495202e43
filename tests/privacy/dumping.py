"""A dump of a whole database, opened as far as it can be: unpacked, unsealed, as plain text."""

from collections.abc import Iterator, Sequence
from typing import Any

import zstandard
from sqlalchemy import select

from app.errors import WrongSetting
from app.installation import Installation
from app.resealing import SEALED
from app.schema import metadata


async def found_in(here: Installation, canaries: Sequence[str]) -> set[tuple[str, str]]:
    """Each canary that the database holds, with the place: (`table.column`, canary)."""
    found = set()
    async with here.database.reading() as db:
        for table in metadata.sorted_tables:
            for row in await db.all(select(table)):
                for column, value in row._mapping.items():
                    told = " ".join(_told(here, f"{table.name}.{column}", row, value)).lower()
                    found |= {(f"{table.name}.{column}", each) for each in canaries if each.lower() in told}
    return found


def _told(here: Installation, place: str, row: Any, value: Any) -> Iterator[str]:
    yield repr(value)
    if not isinstance(value, bytes) or not value:
        return
    yield value.decode("utf-8", "replace")
    sealed = {str(each.column): each for each in SEALED}
    if place in sealed:
        each = sealed[place]
        try:
            yield here.sealer.open(value, f"{each.kind}:{row._mapping[each.key.name]}").decode("utf-8", "replace")
        except WrongSetting:
            yield "sealed otherwise"
    try:
        yield zstandard.ZstdDecompressor().decompress(value, max_output_size=1 << 22).decode("utf-8", "replace")
    except zstandard.ZstdError:
        return
