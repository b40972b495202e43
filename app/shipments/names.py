"""The names by which a shipment goes, or went, beside that of its row: the carrier and the number of each.

Candidates are tried until evidence settles which of them it is; a former name has been corrected; legs are the parts of
one journey. What carriers say of a name that is not the row's is kept under the name's own id, in `events` and in
`arrivals`: of a leg it counts, of any other it does not. Few shipments have any: `Shipment.identity` says whether.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Column, Index, Integer, Row, Table, Text, bindparam, delete, or_, select, tuple_, update

from app.bulk import Fetch, names_of
from app.database import Id, Instant, Json, Session, Word, metadata, new_id
from app.shipments.shipment import Shipment


class Role(StrEnum):
    """What a name is to its shipment."""

    CANDIDATE = "candidate"
    FORMER = "former"
    LEG = "leg"


names = Table(
    "names",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("shipment_id", Id, nullable=False),
    Column("role", Word(Role), nullable=False),
    # In which candidates are tried, and legs travelled.
    Column("position", Integer, nullable=False),
    Column("carrier", Text, nullable=False),
    Column("tracking_number", Text),
    Column("since", Instant, nullable=False),
    # When it stopped being the shipment's; none while it is, or may become so.
    Column("until", Instant),
    # When the carrier was last asked, or told of it, and what came of that.
    Column("tried_at", Instant),
    Column("outcome", Text, nullable=False, server_default=""),
    # When it was known to be the shipment's; an announced leg waits for its carrier's word.
    Column("settled_at", Instant),
    # When another parcel under it was last told of, as on the shipment's row while it is its name.
    Column("begins_after", Instant),
    # What came of it before it was settled anew: a list of `Name.came_of`, oldest first.
    Column("earlier", Json),
    Index("ix_names_shipment", "company_id", "shipment_id"),
    Index("ix_names_number", "company_id", "carrier", "tracking_number"),
    Index("ix_names_any_number", "company_id", "tracking_number"),
)


class Name(NamedTuple):
    """A name as its row says it: fields are the columns, explained there."""

    company_id: UUID
    id: UUID
    shipment_id: UUID
    role: Role
    position: int
    carrier: str
    tracking_number: str | None
    since: datetime
    until: datetime | None = None
    tried_at: datetime | None = None
    outcome: str = ""
    settled_at: datetime | None = None
    begins_after: datetime | None = None
    earlier: list[dict[str, str | None]] | None = None

    @classmethod
    def of(cls, row: Row[Any]) -> "Name":
        """From a row of the table."""
        return cls(**row._mapping)

    def is_of(self, shipment: Shipment) -> bool:
        """Whether it is the name of the shipment's row."""
        return same_name(self, shipment)

    def came_of(self) -> list[dict[str, str | None]]:
        """What has come of it so far, oldest first: in words, and when it was tried, settled and left."""
        times = {"tried_at": self.tried_at, "settled_at": self.settled_at, "until": self.until}
        now = {"outcome": self.outcome, **{name: at and at.isoformat() for name, at in times.items()}}
        return [*(self.earlier or ()), *([now] if self.outcome else ())]

    def settled(self, at: datetime, why: str, *same: "Name") -> "Name":
        """It is the shipment's from now on; what came of it before stays, and what did where it stood as well."""
        before = sorted((each for name in (*same, self) for each in name.came_of()), key=_tried)
        return self._replace(settled_at=at, outcome=why, until=None, earlier=before or None)

    def borne(self, shipment: Shipment) -> Shipment:
        """The shipment as if this were its name: what is said of that is kept under the id that it has then."""
        return shipment._replace(id=self.id, carrier=self.carrier, tracking_number=self.tracking_number)


def _tried(outcome: Mapping[str, str | None]) -> str:
    return outcome["tried_at"] or outcome["settled_at"] or ""


def same_name(one: Name | Shipment, other: Name | Shipment) -> bool:
    """Whether both go by the same carrier and number."""
    return (one.carrier, one.tracking_number) == (other.carrier, other.tracking_number)


def former(shipment: Shipment, known: Sequence[Name]) -> Name:
    """A new former name: that which the shipment has now; `known` are its other ones."""
    since = max((each.until for each in known if each.until is not None), default=shipment.created_at)
    place = shipment.company_id, new_id(), shipment.id
    return Name(*place, Role.FORMER, 0, shipment.carrier, shipment.tracking_number, since)


def leg(shipment: Shipment, carrier: str, number: str | None, position: int, since: datetime) -> Name:
    """A new leg of its journey, which nobody has vouched for yet."""
    return Name(shipment.company_id, new_id(), shipment.id, Role.LEG, position, carrier, number, since)


def going_by(known: Sequence[Name]) -> list[Name]:
    """Those that the shipment goes by, or may go by: each carrier and number once, as a leg if it is one."""
    now = [each for each in known if each.role is not Role.FORMER and each.until is None]
    legs = [each for each in now if each.role is Role.LEG]
    return legs + [each for each in now if not any(same_name(each, leg) for leg in legs)]


async def of(db: Session, shipment: Shipment) -> list[Name]:
    """A shipment's names, in the order of their positions."""
    return (await of_many(db, [shipment])).get(shipment.id, [])


async def of_many(db: Session, shipments: Iterable[Shipment]) -> dict[UUID, list[Name]]:
    """The names of those of the shipments that have any, each in the order of their positions."""
    marked = sorted({(each.company_id, each.id) for each in shipments if each.identity is not None})
    found: dict[UUID, list[Name]] = {}
    if marked:
        for name in await _OF(db, list(zip(*marked, strict=True)), {"marked": marked}):
            found.setdefault(name.shipment_id, []).append(name)
    return found


_OF = Fetch(
    list(names.c),
    Name,
    f"""
    SELECT {names_of(list(names.c))} FROM names
    WHERE (company_id, shipment_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[])) ORDER BY position, id
    """,  # noqa: S608  (of our own names)
    select(names)
    .where(tuple_(names.c.company_id, names.c.shipment_id).in_(bindparam("marked", expanding=True)))
    .order_by(names.c.position, names.c.id),
)


async def put(db: Session, name: Name) -> None:
    """Write a new name, or a known one as it is now."""
    values = name._asdict()
    insert = db.insert(names).values(values)
    await db.run(insert.on_conflict_do_update(index_elements=["company_id", "id"], set_=values))


async def drop(db: Session, name: Name) -> None:
    """Forget a name."""
    await db.run(delete(names).where(names.c.company_id == name.company_id, names.c.id == name.id))


async def note(db: Session, name: Name, outcome: str) -> None:
    """What came of asking about a name just now, or of being told of it."""
    this = names.c.company_id == name.company_id, names.c.id == name.id
    await db.run(update(names).where(*this).values(tried_at=db.now, outcome=outcome[:500]))


async def meant(db: Session, sought: Sequence[tuple[UUID, str, str]], ids: Sequence[tuple[UUID, UUID]]) -> list[Name]:
    """The candidates and legs of these companies, carriers and numbers, and those of these companies and ids."""
    if not sought and not ids:
        return []
    by_number = tuple_(names.c.company_id, names.c.carrier, names.c.tracking_number).in_(sought)
    by_id = tuple_(names.c.company_id, names.c.id).in_(ids)
    query = select(names).where(or_(by_number, by_id), names.c.role != Role.FORMER, names.c.until.is_(None))
    return [Name.of(row) for row in await db.all(query.order_by(names.c.id))]


async def called(db: Session, company_id: UUID, numbers: Sequence[str]) -> list[UUID]:
    """The company's shipments that go by one of these numbers beside that of their row, or went by it."""
    mine = names.c.company_id == company_id, names.c.tracking_number.in_(numbers)
    rows = await db.all(select(names.c.shipment_id).where(*mine)) if numbers else ()
    return list({row.shipment_id for row in rows})


async def bearers(db: Session, gone: Sequence[Shipment]) -> list[tuple[Name, Shipment]]:
    """The names of these shipments, each with the shipment that it makes: what is kept under its id is theirs, too."""
    by_id = {each.id: each for each in gone}
    return [(name, name.borne(by_id[id_])) for id_, known in (await of_many(db, gone)).items() for name in known]
