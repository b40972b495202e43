"""API keys: of one shop, or of all a company's shops; only their hash is kept."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Column, Float, Index, Integer, Table, Text, or_, select, tuple_, update

from app.database import HexKey, Id, Instant, Json, Session, metadata, new_id
from app.errors import FieldError, InvalidInput, NotAuthenticated, NotFound
from app.sealing import key_hash, key_well_formed, new_api_key
from app.shops import shops

BUCKET, REFILL = 600, 20.0
"""What a key may do at once, and how much of it comes back each second."""

USED_EVERY = timedelta(minutes=1)
"""How exact `last_used_at` is."""

PREFIX_LENGTH = 12  # `nove_` and seven characters: enough to tell a shop's keys apart, of no use to guess one

api_keys = Table(
    "api_keys",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("shop_id", Id),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("hash", HexKey, nullable=False),
    Column("scopes", Json, nullable=False),
    Column("bucket", Integer, nullable=False),
    Column("refill", Float, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_used_at", Instant),
    Column("revoked_at", Instant),
    Index("ix_api_keys_hash", "hash", unique=True),
)


class Scope(StrEnum):
    """What a key may do; `write` and `support` may read as well, `admin` may do everything."""

    READ = "read"
    WRITE = "write"
    SUPPORT = "support"
    ADMIN = "admin"


IMPLIED: dict[Scope, frozenset[Scope]] = {
    Scope.READ: frozenset({Scope.READ}),
    Scope.WRITE: frozenset({Scope.WRITE, Scope.READ}),
    Scope.SUPPORT: frozenset({Scope.SUPPORT, Scope.READ}),
    Scope.ADMIN: frozenset(Scope),
}


@dataclass(frozen=True, slots=True)
class Key:
    """A key as its owner sees it: never the key itself, only how it begins. No `shop_id`: all shops of the company."""

    company_id: UUID
    id: UUID
    shop_id: UUID | None
    name: str
    prefix: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling. `shop_id` none: for all shops of the company, which `shop_ids` lists, oldest first.

    `scopes` holds the implied ones too; `bucket` and `refill` (a second) are the key's rate limit.
    """

    company_id: UUID
    shop_id: UUID | None
    key_id: UUID
    scopes: frozenset[Scope]
    bucket: int
    refill: float
    shop_ids: tuple[UUID, ...]
    stale_use: bool
    """Whether `last_used_at` is due to be written again."""

    def may(self, scope: Scope) -> bool:
        """Whether the key has the scope, or one that implies it."""
        return scope in self.scopes


async def create(
    db: Session,
    company_id: UUID,
    shop_id: UUID | None,
    name: str,
    scopes: Iterable[str],
    *,
    bucket: int = BUCKET,
    refill: float = REFILL,
) -> tuple[Key, str]:
    """A new key, and the key itself in plain, which is never seen again. InvalidInput for an unknown scope."""
    try:
        given = tuple(dict.fromkeys(Scope(scope) for scope in scopes))
    except ValueError as error:
        raise InvalidInput(
            f"{error}; there are {', '.join(Scope)}.", [FieldError("scopes", f"Use {', '.join(Scope)}.")]
        ) from error
    if not given:
        raise InvalidInput("A key needs a scope.", [FieldError("scopes", f"Name one of {', '.join(Scope)}.")])
    plain = new_api_key()
    key = Key(company_id, new_id(), shop_id, name, plain[:PREFIX_LENGTH], given, db.now, None, None)
    await db.run(
        api_keys.insert().values(
            company_id=company_id,
            id=key.id,
            shop_id=shop_id,
            name=name,
            prefix=key.prefix,
            hash=key_hash(plain).hex(),
            scopes=list(given),
            bucket=bucket,
            refill=refill,
            created_at=db.now,
        )
    )
    return key, plain


async def of(db: Session, company_id: UUID, shop_id: UUID | None) -> list[Key]:
    """The live keys of a shop, or all of a company's if no shop is named; oldest first."""
    query = select(api_keys).where(api_keys.c.company_id == company_id, api_keys.c.revoked_at.is_(None))
    if shop_id is not None:
        query = query.where(api_keys.c.shop_id == shop_id)
    rows = await db.all(query.order_by(api_keys.c.id))
    return [
        Key(
            row.company_id,
            row.id,
            row.shop_id,
            row.name,
            row.prefix,
            tuple(Scope(scope) for scope in row.scopes),
            row.created_at,
            row.last_used_at,
            row.revoked_at,
        )
        for row in rows
    ]


async def revoke(db: Session, company_id: UUID, shop_id: UUID | None, key_id: UUID) -> None:
    """End a key of the shop, or of the company if no shop is named; NotFound if it has none such, or no longer."""
    change = update(api_keys).where(
        api_keys.c.company_id == company_id, api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None)
    )
    if shop_id is not None:
        change = change.where(api_keys.c.shop_id == shop_id)
    if not await db.run(change.values(revoked_at=db.now)):
        raise NotFound(f"No key {key_id}.")


def presented(header: str | None) -> str:
    """The key in an Authorization header, well formed or not; NotAuthenticated if there is none."""
    if not header:
        raise NotAuthenticated("Send your API key in the header `Authorization: Bearer nove_…`.")
    scheme, _, key = header.partition(" ")
    if scheme.lower() != "bearer":
        raise NotAuthenticated(_NOT_OURS)
    return key.strip()


_NOT_OURS = "This is no API key of ours. Send it whole, as `Authorization: Bearer nove_…`."


def checked(key: str) -> None:
    """NotAuthenticated if the key cannot be ours, as one that was not copied whole."""
    if not key_well_formed(key):
        raise NotAuthenticated(_NOT_OURS)


async def authenticate(db: Session, header: str | None) -> Caller:
    """Who sends this Authorization header; NotAuthenticated for a missing, foreign or revoked key."""
    key = presented(header)
    checked(key)
    return await look_up(db, key_hash(key).hex())


async def look_up(db: Session, digest: str) -> Caller:
    """Whose key has this hash; NotAuthenticated if nobody's, or it was revoked."""
    key = await db.first(select(api_keys).where(api_keys.c.hash == digest, api_keys.c.revoked_at.is_(None)))
    if key is None:
        raise NotAuthenticated("This API key is unknown or was revoked. Ask for a new one.")
    reach = (key.shop_id,)
    if key.shop_id is None:
        rows = await db.all(select(shops.c.id).where(shops.c.company_id == key.company_id).order_by(shops.c.id))
        reach = tuple(row.id for row in rows)
    return Caller(
        key.company_id,
        key.shop_id,
        key.id,
        frozenset().union(*(IMPLIED[Scope(scope)] for scope in key.scopes)),
        key.bucket,
        key.refill,
        reach,
        key.last_used_at is None or key.last_used_at <= db.now - USED_EVERY,
    )


async def authors(db: Session, names: Collection[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], str]:
    """Keys, by company and id, as a person knows them: name and how each begins."""
    columns = (api_keys.c.company_id, api_keys.c.id, api_keys.c.name, api_keys.c.prefix)
    rows = await db.all(select(*columns).where(tuple_(*columns[:2]).in_(sorted(names)))) if names else ()
    known = {(row.company_id, row.id): f"{row.name} ({row.prefix}…)" for row in rows}
    return {name: known.get(name, str(name[1])) for name in names}


async def author(db: Session, caller: Caller) -> str:
    """Who is calling, as a person knows the key."""
    name = caller.company_id, caller.key_id
    return (await authors(db, {name}))[name]


async def mark_used(db: Session, company_id: UUID, key_id: UUID) -> None:
    """Note that the key was used, unless that was noted within the last minute."""
    await db.run(
        update(api_keys)
        .where(
            api_keys.c.company_id == company_id,
            api_keys.c.id == key_id,
            or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at <= db.now - USED_EVERY),
        )
        .values(last_used_at=db.now)
    )
