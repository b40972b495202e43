"""Lists of shipments, newest first, by what a shop asks for."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import ColumnElement, func, literal_column, or_, select, true

from app.database import Session
from app.shipments import names
from app.shipments.posting import known_carrier, normal_number
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments
from app.shipments.written import Country, Instant
from carriers.vocabulary import Direction, Status, SubStatus

Text = Annotated[str, StringConstraints(max_length=100, strip_whitespace=True)]


class Filters(BaseModel):
    """Which shipments; those given must all hold. Of times, `from` is included and `to` is not."""

    model_config = ConfigDict(frozen=True)

    status: Annotated[list[Status], Field(max_length=9)] = []
    sub_status: Annotated[list[SubStatus], Field(max_length=50)] = []
    carrier: Annotated[list[Annotated[Text, AfterValidator(known_carrier)]], Field(max_length=50)] = []
    order_reference: Text | None = None
    tracking_number: Text | None = Field(None, description="Also that of a leg, or a former one")
    country: Country | None = Field(None, description="The recipient's, ISO 3166 alpha-2")
    created_from: Instant | None = None
    created_to: Instant | None = None
    updated_from: Instant | None = None
    updated_to: Instant | None = None
    problem: bool | None = None
    stale: bool | None = None
    late: bool | None = None
    tag: Text | None = None
    direction: Direction | None = None
    numbered: bool | None = Field(None, description="False: those that wait for their tracking number")
    sender_reference: Text | None = None
    carrier_settled: bool | None = Field(None, description="False: those whose carrier is one of several `candidates`")
    recycled: bool | None = Field(None, description="True: those whose number is used again, for another parcel")


async def listed(
    db: Session,
    company_id: UUID,
    shop_ids: Sequence[UUID],
    filters: Filters,
    *,
    limit: int,
    before: UUID | None = None,
) -> list[Shipment]:
    """The shipments of these shops that fit, newest first, older than `before` if given."""
    mine = shipments.c.company_id == company_id, shipments.c.shop_id.in_(shop_ids)
    query = select(shipments).where(*mine, *_conditions(db, filters))
    if filters.tracking_number is not None:
        query = query.where(await by_number(db, company_id, filters.tracking_number))
    if before is not None:
        query = query.where(shipments.c.id < before)
    return [Shipment.of(row) for row in await db.all(query.order_by(shipments.c.id.desc()).limit(limit))]


def _conditions(db: Session, filters: Filters) -> Iterator[ColumnElement[bool]]:
    for name in ("status", "sub_status", "carrier"):
        if wanted := getattr(filters, name):
            yield shipments.c[name].in_(wanted)
    for name in ("order_reference", "problem", "stale", "late", "direction", "sender_reference"):
        if (value := getattr(filters, name)) is not None:
            yield shipments.c[name] == value
    if filters.stale or filters.late:
        yield shipments.c.problem == true()  # as each of them is: the index of problems serves
    yield from _by_name(filters)
    if filters.country is not None:
        yield shipments.c.recipient_country == filters.country
    if filters.tag is not None:
        yield db.holds(shipments.c.tags, filters.tag)
        yield shipments.c.tags != literal_column("'[]'")  # as the index of what is tagged says it
    for name in ("created", "updated"):
        column: ColumnElement[Any] = shipments.c[f"{name}_at"]
        if (start := getattr(filters, f"{name}_from")) is not None:
            yield column >= start
        if (end := getattr(filters, f"{name}_to")) is not None:
            yield column < end


def _by_name(filters: Filters) -> Iterator[ColumnElement[bool]]:
    """By what is known of its number and its carrier; what a person is to look at is found by indexes of its own."""
    if filters.numbered is not None:
        yield shipments.c.tracking_number.is_not(None) if filters.numbered else shipments.c.tracking_number.is_(None)
    if filters.recycled is not None:
        yield shipments.c.recycled_at.is_not(None) if filters.recycled else shipments.c.recycled_at.is_(None)
    if filters.carrier_settled is not None:  # as the index of those that are not says it
        unsettled = shipments.c.identity == literal_column("'unsettled'")
        yield func.coalesce(shipments.c.identity, "") != "unsettled" if filters.carrier_settled else unsettled


async def by_number(db: Session, company_id: UUID, number: str) -> ColumnElement[bool]:
    """That a shipment goes by this number, on whichever leg, or went by it before that was corrected."""
    numbers = spellings(number)
    called = await names.called(db, company_id, numbers)
    known = shipments.c.tracking_number.in_(numbers)
    return or_(known, shipments.c.id.in_(called)) if called else known


def spellings(number: str) -> list[str]:
    """The forms in which a tracking number can be stored, whatever its carrier; none if it cannot be one."""
    try:
        return sorted({normal_number(number), normal_number(number, "own")})
    except ValueError:
        return []
