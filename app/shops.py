"""Companies and their shops: the tenants, and the channels they sell through."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Index, Integer, Table, Text, bindparam, select, update

from app.bulk import Fetch, names_of
from app.database import Id, Instant, Json, Session, metadata, new_id
from app.errors import FieldError, InvalidInput, NotFound
from app.locales import choose, supported

CONTACT_DAYS = 90
LEAST_CONTACT_DAYS, MOST_CONTACT_DAYS = 30, 365

companies = Table(
    "companies",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)

shops = Table(
    "shops",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("mail_from", Text, nullable=False, server_default=""),
    Column("staff_mail", Text, nullable=False, server_default=""),
    Column("brand", Json, nullable=False),
    # How long the recipients' data is kept once their parcels have arrived.
    Column("contact_days", Integer, nullable=False, server_default="90"),
    Column("created_at", Instant, nullable=False),
    ForeignKeyConstraint(["company_id"], ["companies.company_id"]),
    Index("ix_shops_id", "id"),
)


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop. `mail_from` and `staff_mail` are empty until set; `live` means that recipients get messages.

    `contact_days` after a parcel's final status, whose it was is forgotten.
    """

    company_id: UUID
    id: UUID
    name: str
    locale: str
    timezone: str
    live: bool
    mail_from: str
    staff_mail: str
    brand: dict[str, Any]
    created_at: datetime
    contact_days: int = CONTACT_DAYS


async def create_company(db: Session, name: str) -> UUID:
    """A new tenant."""
    company_id = new_id()
    await db.run(companies.insert().values(company_id=company_id, name=name, created_at=db.now))
    return company_id


async def company_exists(db: Session, company_id: UUID) -> bool:
    """Whether there is such a tenant."""
    return await db.value(select(companies.c.name).where(companies.c.company_id == company_id)) is not None


async def create(
    db: Session,
    company_id: UUID,
    name: str,
    *,
    locale: str = "it",
    timezone: str = "Europe/Rome",
    live: bool = False,
    mail_from: str = "",
    staff_mail: str = "",
) -> Shop:
    """A new shop of a company; NotFound if there is no such company, InvalidInput for a language without words."""
    if not name.strip():
        raise InvalidInput("A shop needs a name.")
    _check_locale(locale)
    if not await company_exists(db, company_id):
        raise NotFound(f"No company {company_id}. Leave the company out to make one together with the shop.")
    shop = Shop(company_id, new_id(), name, locale, timezone, live, mail_from, staff_mail, {}, db.now)
    await db.run(
        shops.insert().values(
            company_id=company_id,
            id=shop.id,
            name=name,
            locale=locale,
            timezone=timezone,
            live=live,
            mail_from=mail_from,
            staff_mail=staff_mail,
            brand={},
            created_at=db.now,
        )
    )
    return shop


async def get(db: Session, company_id: UUID, shop_id: UUID) -> Shop:
    """One shop of a company; NotFound for another company's as for a missing one."""
    found = await _GET(db, (company_id, shop_id), {"company": company_id, "shop": shop_id})
    if not found:
        raise NotFound(f"No shop {shop_id}.")
    return found[0]


COLUMNS = [shops.c[field.name] for field in fields(Shop)]
_GET = Fetch(
    COLUMNS,
    Shop,
    f"SELECT {names_of(COLUMNS)} FROM shops WHERE company_id = $1 AND id = $2",  # noqa: S608
    select(*COLUMNS).where(shops.c.company_id == bindparam("company"), shops.c.id == bindparam("shop")),
)


async def find(db: Session, shop_id: UUID) -> Shop:
    """One shop by its id alone: for commands of whoever runs the service."""
    row = await db.first(select(shops).where(shops.c.id == shop_id))
    if row is None:
        raise NotFound(f"No shop {shop_id}.")
    return Shop(**row._mapping)


async def of_company(db: Session, company_id: UUID) -> list[Shop]:
    """Every shop of a company, oldest first."""
    rows = await db.all(select(shops).where(shops.c.company_id == company_id).order_by(shops.c.id))
    return [Shop(**row._mapping) for row in rows]


async def locales(db: Session, company_id: UUID) -> dict[UUID, str]:
    """The language of each shop of a company."""
    rows = await db.all(select(shops.c.id, shops.c.locale).where(shops.c.company_id == company_id))
    return {row.id: row.locale for row in rows}


def _check_locale(locale: str) -> None:
    if choose(locale) != locale:
        message = f"There are no words in {locale!r}: send one of {', '.join(supported())}."
        raise InvalidInput(message, [FieldError("locale", message)])


async def change(db: Session, shop: Shop, **changes: Any) -> Shop:
    """Change what the keywords name; the shop as it is then."""
    if "locale" in changes:
        _check_locale(changes["locale"])
    if changes:
        await db.run(
            update(shops).where(shops.c.company_id == shop.company_id, shops.c.id == shop.id).values(**changes)
        )
    return await get(db, shop.company_id, shop.id)
