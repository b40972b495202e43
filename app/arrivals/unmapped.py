"""Codes of carriers that no table lists: kept and counted for a person to decide on, never guessed."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, tuple_

from app import shops
from app.arrivals.tables import sightings, unmapped
from app.database import Session
from app.mappings import EVERYBODY, MappingState
from app.mappings.tables import mappings
from carriers.suggesting import Suggestion, suggested

NEWEST = 20
"""Sightings of a code that samples are taken from."""
SAMPLES = 5


@dataclass(slots=True)
class UnmappedCode:
    """A code without a row: where it stands in the carrier's lists, what it came with, how often and when.

    `samples` are texts with their contexts, newest first, and `shipment_ids` the newest of `shipments`, as far as the
    asker reaches.
    """

    carrier: str
    list: str
    code: str
    text: str
    count: int
    first_seen_at: datetime
    last_seen_at: datetime
    samples: Sequence[tuple[str, str]] = ()
    shipments: int = 0
    shipment_ids: tuple[UUID, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from others of the company."""
        return self.carrier, self.list, self.code

    @property
    def suggestion(self) -> Suggestion | None:
        """What the words speak for."""
        return suggested(self.text, *(text for text, _ in self.samples), self.code)


async def of_company(
    db: Session,
    company_id: UUID,
    shop_ids: Collection[UUID],
    limit: int,
    *,
    carrier: str | None = None,
    after: Sequence[str] | None = None,
) -> list[UnmappedCode]:
    """What the company's carriers said that has no row, by carrier, list and code, after those three if given.

    What a row has been accepted for since is left out. Sightings are those of these shops; unless they are all there
    are, so are the codes, and the words are no other shop's.
    """
    order = (unmapped.c.carrier, unmapped.c.list, unmapped.c.code)
    wanted: list[ColumnElement[bool]] = [unmapped.c.company_id == company_id, ~_mended()]
    if carrier is not None:
        wanted.append(unmapped.c.carrier == carrier)
    if after is not None:
        wanted.append(tuple_(*order) > tuple_(*after))
    whole = set(await shops.locales(db, company_id)) <= set(shop_ids)
    if not whole:
        wanted.append(_seen_by(shop_ids))
    rows = await db.all(select(unmapped).where(*wanted).order_by(*order).limit(limit))
    names = [column.name for column in unmapped.c if column.name != "company_id"]
    found = [UnmappedCode(**{name: row._mapping[name] for name in names}) for row in rows]
    await _look(db, company_id, shop_ids, {each.key: each for each in found})
    for each in found if not whole else ():
        each.text = each.samples[0][0]
    return found


def _seen_by(shop_ids: Collection[UUID]) -> ColumnElement[bool]:
    """Whether one of these shops has a shipment of which the code was said."""
    same = (sightings.c[name] == unmapped.c[name] for name in ("company_id", "carrier", "list", "code"))
    return select(sightings.c.code).where(*same, sightings.c.shop_id.in_(shop_ids)).exists()


@dataclass(frozen=True, slots=True)
class WaitingCode:
    """A code without a row, of all companies together: with one of the texts it came with, and of how many companies.

    `suggested` is the row that the words speak for, as `status/sub_status`; empty if they speak for none.
    """

    carrier: str
    list: str
    code: str
    text: str
    count: int
    companies: int
    first_seen_at: datetime
    last_seen_at: datetime

    @property
    def suggested(self) -> str:
        """What the words speak for."""
        found = suggested(self.text, self.code)
        return "/".join(word for word in (found.row.status, found.row.sub_status) if word) if found else ""


async def of_everybody(db: Session, carrier: str | None = None) -> Sequence[WaitingCode]:
    """What no table lists and no row is in force for, most often met first."""
    key = (unmapped.c.carrier, unmapped.c.list, unmapped.c.code)
    count = func.sum(unmapped.c.count).label("count")
    wanted = [~_mended(), *([unmapped.c.carrier == carrier] if carrier else [])]
    query = select(
        *key,
        func.max(unmapped.c.text).label("text"),
        count,
        func.count().label("companies"),
        func.min(unmapped.c.first_seen_at).label("first_seen_at"),
        func.max(unmapped.c.last_seen_at).label("last_seen_at"),
    )
    rows = await db.all(query.where(*wanted).group_by(*key).order_by(count.desc(), *key))
    return [WaitingCode(**row._mapping) for row in rows]


async def number(db: Session) -> int:
    """How many codes of all companies wait for somebody to decide on them."""
    return int(await db.value(select(func.count()).select_from(unmapped).where(~_mended())))


def _mended() -> ColumnElement[bool]:
    """Whether a row in force gives the code its meaning, whatever its context."""
    mine = (mappings.c.company_id.in_((unmapped.c.company_id, EVERYBODY)), mappings.c.state == MappingState.ACTIVE)
    same = (getattr(mappings.c, name) == getattr(unmapped.c, name) for name in ("carrier", "list", "code"))
    return select(mappings.c.id).where(*mine, *same, mappings.c.context.is_(None)).exists()


async def _look(
    db: Session, company_id: UUID, shop_ids: Collection[UUID], found: dict[tuple[str, str, str], UnmappedCode]
) -> None:
    """Add where each has been seen."""
    code = (sightings.c.carrier, sightings.c.list, sightings.c.code)
    mine = (
        sightings.c.company_id == company_id,
        tuple_(*code).in_(found),
        sightings.c.shop_id.in_(shop_ids),
    )
    nth = func.row_number().over(partition_by=code, order_by=sightings.c.shipment_id.desc()).label("nth")
    number = func.count().over(partition_by=code).label("number")
    counted = select(sightings, nth, number).where(*mine).subquery()
    newest = select(counted).where(counted.c.nth <= NEWEST).order_by(counted.c.nth)
    texts: defaultdict[tuple[str, str, str], dict[tuple[str, str], None]] = defaultdict(dict)
    for row in await db.all(newest) if found else ():
        each = found[row.carrier, row.list, row.code]
        each.shipments = row.number
        each.shipment_ids += (row.shipment_id,) if row.nth <= SAMPLES else ()
        texts[each.key][row.text, row.context] = None
    for key, said in texts.items():
        found[key].samples = tuple(said)[:SAMPLES]
