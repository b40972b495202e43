"""Carrier accounts: a company's contracts, sealed, with the health of the carrier as this account sees it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from pydantic import SecretStr, ValidationError
from sqlalchemy import Column, ColumnElement, Index, Integer, LargeBinary, Row, Table, Text, bindparam, select, update

from app.account_state import BY_HAND, FRESH
from app.bulk import Fetch, names_of
from app.database import HexKey, Id, Instant, Session, metadata, new_id
from app.errors import FieldError, InvalidInput, NotFound
from app.sealing import Sealer, new_signing_secret, token_hash
from app.wrong_fields import in_words
from carriers import Carrier, UnknownCarrier, base
from carriers import carrier as carrier_of

carrier_accounts = Table(
    "carrier_accounts",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("carrier", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("credentials", LargeBinary, nullable=False),
    Column("base_url", Text, nullable=False, server_default=""),
    Column("hook_generation", Integer, nullable=False),
    Column("hook_hash", HexKey, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    # Health: failures in a row, when the next call may go out, and what the carrier last said.
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("open_until", Instant),
    Column("last_error", Text, nullable=False, server_default=""),
    Column("last_error_at", Instant),
    Column("last_success_at", Instant),
    # How often in a row it refused the credentials; one that is disabled is asked no more.
    Column("refusals", Integer, nullable=False, server_default="0"),
    Column("disabled_at", Instant),
    Column("disabled_reason", Text, nullable=False, server_default=""),
    # The account's rate limit: the time until which its calls are spoken for.
    Column("booked_until", Instant),
    # Its quota (none: the adapter's), what is spent of it since the day began, when the ration allows the next call.
    Column("daily_quota", Integer),
    Column("spent", Integer, nullable=False, server_default="0"),
    Column("spent_on", Instant),
    Column("rationed_until", Instant),
    Column("created_at", Instant, nullable=False),
    Column("removed_at", Instant),
    Index("ix_carrier_accounts_hook", "hook_hash", unique=True),
    Index("ix_carrier_accounts_carrier", "company_id", "carrier"),
)


@dataclass(frozen=True, slots=True)
class CarrierAccount:
    """A contract. `credentials` and `secret` are sealed; `base_url` is empty for the carrier's own address."""

    company_id: UUID
    id: UUID
    carrier: str
    name: str
    credentials: bytes = field(repr=False)
    base_url: str
    hook_generation: int
    hook_hash: str = field(repr=False)
    secret: bytes = field(repr=False)
    failures: int
    open_until: datetime | None
    last_error: str
    last_error_at: datetime | None
    last_success_at: datetime | None
    refusals: int
    disabled_at: datetime | None
    disabled_reason: str
    booked_until: datetime | None
    daily_quota: int | None
    spent: int
    spent_on: datetime | None
    rationed_until: datetime | None
    created_at: datetime
    removed_at: datetime | None


@dataclass(frozen=True, slots=True)
class AddedAccount:
    """A new contract, where its carrier pushes to, and the secret for its pushes, shown this once (empty for none)."""

    account: CarrierAccount
    hook_url: str = field(repr=False)
    secret: str = field(repr=False)


async def add(
    db: Session,
    sealer: Sealer,
    company_id: UUID,
    carrier: str,
    *,
    public_url: str,
    name: str = "",
    credentials: Mapping[str, Any] | None = None,
    base_url: str = "",
    secret: str = "",
    daily_quota: int | None = None,
) -> AddedAccount:
    """A new contract with a carrier. InvalidInput names the credentials that are wrong, or the carrier.

    `secret` is for carriers that sign their pushes with a secret of their own; otherwise we make one.
    """
    kind = _known(carrier)
    account_id = new_id()
    if kind.pushes and not secret:
        secret = new_signing_secret()
    token = sealer.page_token("hook", account_id, 1)
    await db.run(
        carrier_accounts.insert().values(
            company_id=company_id,
            id=account_id,
            carrier=carrier,
            name=name or kind.name,
            credentials=_sealed_credentials(sealer, account_id, kind, credentials or {}),
            base_url=base_url,
            hook_generation=1,
            hook_hash=token_hash(token).hex(),
            secret=_sealed_secrets(sealer, account_id, secret),
            daily_quota=daily_quota,
            created_at=db.now,
        )
    )
    account = await get(db, company_id, account_id)
    return AddedAccount(account, hook_url(sealer, account, public_url), secret)


async def get(db: Session, company_id: UUID, account_id: UUID) -> CarrierAccount:
    """One live contract of a company; NotFound for a removed or another company's one as for a missing one."""
    if found := await _where(db, *_this(company_id, account_id)):
        return found[0]
    raise NotFound(f"No carrier account {account_id}.")


async def of_company(db: Session, company_id: UUID, carrier: str | None = None) -> list[CarrierAccount]:
    """The live contracts of a company, oldest first; with one carrier if it is named."""
    mine = carrier_accounts.c.company_id == company_id
    return await _where(db, mine, *([carrier_accounts.c.carrier == carrier] if carrier else []))


async def companies_with(db: Session, carriers: Collection[str]) -> set[tuple[UUID, str]]:
    """Who has a live contract with which of these carriers."""
    columns = carrier_accounts.c.company_id, carrier_accounts.c.carrier
    wanted = carrier_accounts.c.removed_at.is_(None), carrier_accounts.c.carrier.in_(carriers)
    return {(row.company_id, row.carrier) for row in await db.all(select(*columns).where(*wanted).distinct())}


async def by_hook(db: Session, carrier: str, token: str) -> CarrierAccount:
    """The contract whose pushes come to this address; NotFound if none does, or no longer."""
    digest = token_hash(token)
    if found := await _BY_HOOK(db, (digest, carrier), {"hash": digest.hex(), "carrier": carrier}):
        return found[0]
    raise NotFound("No carrier account has this address.")


_COLUMNS = [carrier_accounts.c[field_.name] for field_ in fields(CarrierAccount)]
_BY_HOOK = Fetch(
    _COLUMNS,
    CarrierAccount,
    f"""
    SELECT {names_of(_COLUMNS)} FROM carrier_accounts
    WHERE hook_hash = $1 AND carrier = $2 AND removed_at IS NULL
    """,  # noqa: S608  (of our own names)
    select(*_COLUMNS).where(
        carrier_accounts.c.hook_hash == bindparam("hash"),
        carrier_accounts.c.carrier == bindparam("carrier"),
        carrier_accounts.c.removed_at.is_(None),
    ),
)


async def change(
    db: Session,
    sealer: Sealer,
    account: CarrierAccount,
    *,
    credentials: Mapping[str, Any] | None = None,
    secret: str | None = None,
    enabled: bool | None = None,
    **columns: Any,
) -> CarrierAccount:
    """Change what is given. Of the credentials the given fields change and those given as none go; the rest stays.

    New credentials begin with good health and enable the account, as `enabled` does; `columns` change as they are.
    """
    changes = columns | ({"rationed_until": None} if "daily_quota" in columns else {})
    if enabled is False:
        changes |= {"disabled_at": account.disabled_at or db.now, "disabled_reason": account.disabled_reason or BY_HAND}
    if credentials is not None:
        merged = {**_credentials(sealer, account), **credentials}
        given = {field: value for field, value in merged.items() if value is not None}
        changes["credentials"] = _sealed_credentials(sealer, account.id, carrier_of(account.carrier), given)
    if enabled or (credentials is not None and enabled is None):
        changes |= FRESH
    if secret is not None:
        changes["secret"] = _sealed_secrets(sealer, account.id, secret)
    if changes:
        await db.run(update(carrier_accounts).where(*_this(account.company_id, account.id)).values(changes))
    return await get(db, account.company_id, account.id)


async def move_hook(db: Session, sealer: Sealer, account: CarrierAccount, public_url: str) -> AddedAccount:
    """A new address and secret for the carrier's pushes; the old ones end at once."""
    generation = account.hook_generation + 1
    secret = new_signing_secret() if carrier_of(account.carrier).pushes else ""
    await db.run(
        update(carrier_accounts)
        .where(*_this(account.company_id, account.id))
        .values(
            hook_generation=generation,
            hook_hash=token_hash(sealer.page_token("hook", account.id, generation)).hex(),
            secret=_sealed_secrets(sealer, account.id, secret),
        )
    )
    moved = await get(db, account.company_id, account.id)
    return AddedAccount(moved, hook_url(sealer, moved, public_url), secret)


async def remove(db: Session, company_id: UUID, account_id: UUID) -> None:
    """End a contract and erase its secrets; NotFound if there is none such."""
    removed = update(carrier_accounts).where(*_this(company_id, account_id), carrier_accounts.c.removed_at.is_(None))
    if not await db.run(removed.values(removed_at=db.now, credentials=b"", secret=b"")):
        raise NotFound(f"No carrier account {account_id}.")


def hook_url(sealer: Sealer, account: CarrierAccount, public_url: str) -> str:
    """Where the carrier pushes to."""
    token = sealer.known_token("hook", account.id, account.hook_generation, account.hook_hash)
    return f"{public_url}/hooks/{account.carrier}/{token}"


def opened(sealer: Sealer, account: CarrierAccount | Row[Any]) -> base.Account:
    """The contract as the carrier's adapter sees it, credentials in clear."""
    model = carrier_of(account.carrier).credentials
    return base.Account(model.model_validate(_credentials(sealer, account)), base_url=account.base_url)


def secrets_of(sealer: Sealer, account: CarrierAccount | Row[Any]) -> tuple[str, ...]:
    """The secrets that the carrier may sign its pushes with."""
    return tuple(orjson.loads(sealer.open(account.secret, f"hook:{account.id}")))


def fields_set(sealer: Sealer, account: CarrierAccount) -> dict[str, bool]:
    """Each field of the carrier's credentials, and whether it is set: all that is ever told of them."""
    given = _credentials(sealer, account)
    return {name: name in given for name in carrier_of(account.carrier).credentials.model_fields}


def _known(slug: str) -> Carrier:
    try:
        return carrier_of(slug)
    except UnknownCarrier as error:
        wrong = [FieldError("carrier", f"{error}, and GET /v1/carriers")]
        raise InvalidInput("This carrier is not known.", wrong, code="unknown_carrier") from error


def _credentials(sealer: Sealer, account: CarrierAccount | Row[Any]) -> dict[str, Any]:
    given: dict[str, Any] = orjson.loads(sealer.open(account.credentials, f"account:{account.id}"))
    return given


def _sealed_credentials(sealer: Sealer, account_id: UUID, carrier: Carrier, given: Mapping[str, Any]) -> bytes:
    try:
        valid = carrier.credentials.model_validate(dict(given))
    except ValidationError as error:
        wrong = [
            FieldError(".".join(("credentials", *(str(part)[:100] for part in each["loc"]))), in_words(each))
            for each in error.errors(include_input=False, include_url=False)
        ]
        said = f"These are not the credentials that {carrier.name} needs; what is wrong is named."
        raise InvalidInput(said, wrong) from None
    return sealer.seal(orjson.dumps(valid.model_dump(exclude_unset=True), default=_clear), f"account:{account_id}")


def _clear(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _sealed_secrets(sealer: Sealer, account_id: UUID, secret: str) -> bytes:
    return sealer.seal(orjson.dumps([secret] if secret else []), f"hook:{account_id}")


def _this(company_id: UUID, account_id: UUID) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (carrier_accounts.c.company_id == company_id, carrier_accounts.c.id == account_id)


async def _where(db: Session, *conditions: ColumnElement[bool]) -> list[CarrierAccount]:
    query = select(carrier_accounts).where(*conditions, carrier_accounts.c.removed_at.is_(None))
    return [CarrierAccount(**row._mapping) for row in await db.all(query.order_by(carrier_accounts.c.id))]
