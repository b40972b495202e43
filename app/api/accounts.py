"""A company's contracts with carriers. Credentials go in and are never told again."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field, StringConstraints

from app import accounts
from app.account_state import State, state_of
from app.accounts import AddedAccount, CarrierAccount
from app.api.access import Administrator, Door, Here, Reader
from app.api.routing import answer, api
from app.api.shapes import Input, Line, Listed, Output
from app.api.writing import Write
from app.database import Session
from app.errors import NotAllowed
from app.fallback import covered
from app.installation import Installation
from app.keys import Caller, Scope
from app.ration import MOST_CALLS
from app.shipments import store
from app.shipments.written import NOT_BLANK
from carriers import carrier as carrier_of

router = api("accounts")

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,40}$")]
Credential = Annotated[str, StringConstraints(max_length=4096)] | int | float | bool | None
Given = Annotated[dict[Annotated[str, StringConstraints(max_length=100)], Credential], Field(max_length=30)]
Secret = Annotated[str, StringConstraints(min_length=8, max_length=500)]
DailyQuota = Annotated[
    Annotated[int, Field(ge=1, le=MOST_CALLS)] | None,
    Field(description="Calls a day (UTC) that the carrier allows this contract; null for what it allows everybody"),
]


class NewAccount(Input):
    """A contract; `GET /v1/carriers` says which credentials each carrier needs."""

    carrier: Slug = Field(examples=["gls_it"])
    name: Line = ""
    credentials: Given = Field({}, examples=[{"client_id": "…", "client_secret": "…"}])
    secret: Secret | None = Field(None, description="For carriers that sign their pushes with a secret of their own")
    daily_quota: DailyQuota = None


class AccountChange(Input):
    """What to change; of the credentials, given fields change, those given as null go, the rest stays."""

    name: Annotated[Line, Field(min_length=1), NOT_BLANK] | None = None
    credentials: Given | None = None
    secret: Secret | None = None
    enabled: bool | None = Field(
        None, description="False: nothing is asked by this contract; true: it is again. New credentials enable it too"
    )
    daily_quota: DailyQuota = None


class Health(Output):
    """How the carrier answers this account: `well`, `failing`, `resting` or `disabled`.

    Calls rest until `open_until` after failures in a row; `GET /v1/carriers/{slug}/health` says more.
    """

    state: State
    failures: int
    open_until: datetime | None
    last_error: str
    last_error_at: datetime | None
    last_success_at: datetime | None


class AccountOut(Output):
    """A contract: of its credentials only which are set; `hook_url`, for pushes, is told to scope `admin` alone.

    `serves`: of an aggregator's, the carriers that it is asked about where there is no account with them.
    """

    id: UUID
    carrier: str
    name: str
    credentials: dict[str, bool]
    hook_url: str | None
    serves: list[str]
    enabled: bool
    disabled_at: datetime | None
    disabled_reason: str
    daily_quota: int | None
    health: Health
    created_at: datetime


class AccountMade(AccountOut):
    """A new contract; `secret`, for signing pushes, is shown this once (empty if the carrier has no use for one)."""

    secret: str


@router.get("/v1/accounts")
async def listed(
    caller: Reader, here: Here, carrier: Annotated[str | None, Query(max_length=40)] = None
) -> Listed[AccountOut]:
    """The company's contracts, oldest first."""
    async with here.database.reading() as db:
        found = await accounts.of_company(db, caller.company_id, carrier)
    return Listed(items=[_shown(here, each, hook=caller.may(Scope.ADMIN)) for each in found])


@router.post("/v1/accounts", response_model=AccountMade, status_code=201)
async def add(given: NewAccount, caller: Administrator, here: Here, write: Write) -> Response:
    """Add a contract with a carrier."""

    async def effect(db: Session) -> Response:
        added = await accounts.add(
            db,
            here.sealer,
            caller.company_id,
            given.carrier,
            public_url=here.settings.public_url,
            name=given.name,
            credentials=given.credentials,
            secret=given.secret or "",
            daily_quota=given.daily_quota,
        )
        return answer(_made(here, added), 201)

    return await write.once(effect)


@router.get("/v1/accounts/{account_id}")
async def read(account_id: UUID, caller: Reader, here: Here) -> AccountOut:
    """One contract, with the carrier's health as it sees it."""
    async with here.database.reading() as db:
        return _shown(here, await accounts.get(db, caller.company_id, account_id), hook=caller.may(Scope.ADMIN))


@router.patch("/v1/accounts/{account_id}", response_model=AccountOut)
async def change(
    account_id: UUID, given: AccountChange, *, caller: Administrator, here: Here, door: Door, write: Write
) -> Response:
    """Change a contract; new credentials are tried at the next poll. See `DELETE` for who may."""

    async def effect(db: Session) -> Response:
        account = await _own(db, caller, account_id)
        columns: dict[str, str | int | None] = {"name": given.name} if given.name is not None else {}
        if "daily_quota" in given.model_fields_set:
            columns["daily_quota"] = given.daily_quota
        changed = await accounts.change(
            db,
            here.sealer,
            account,
            credentials=given.credentials,
            secret=given.secret,
            enabled=given.enabled,
            **columns,
        )
        return answer(_shown(here, changed, hook=True))

    changed = await write.once(effect)
    here.tokens.forget(str(account_id))
    door.forget_account(account_id)
    return changed


@router.post("/v1/accounts/{account_id}/move-hook", response_model=AccountMade)
async def move_hook(account_id: UUID, caller: Administrator, here: Here, door: Door, write: Write) -> Response:
    """A new address and secret for the carrier's pushes; the old ones end at once. See `DELETE` for who may."""

    async def effect(db: Session) -> Response:
        account = await _own(db, caller, account_id)
        return answer(_made(here, await accounts.move_hook(db, here.sealer, account, here.settings.public_url)))

    moved = await write.once(effect)
    door.forget_account(account_id)
    return moved


@router.delete("/v1/accounts/{account_id}", status_code=204)
async def remove(account_id: UUID, caller: Administrator, here: Here, door: Door) -> None:
    """End a contract: its credentials are erased, its pushes refused; shipments stay.

    A key of one shop may not, while shipments of another shop go by this contract.
    """
    async with here.database.transaction() as db:
        await _own(db, caller, account_id)
        await accounts.remove(db, caller.company_id, account_id)
    here.tokens.forget(str(account_id))
    door.forget_account(account_id)


async def _own(db: Session, caller: Caller, account_id: UUID) -> CarrierAccount:
    """The contract, which the caller may change; NotAllowed for a key of one shop if other shops need the contract."""
    account = await accounts.get(db, caller.company_id, account_id)
    if caller.shop_id is not None and await store.others_use(db, caller.company_id, account_id, caller.shop_id):
        raise NotAllowed(
            "Shipments of another shop go by this contract, and this key is for one shop alone. "
            "Use a key with the scope `admin` for all of the company's shops, or add a contract of your own."
        )
    return account


def _shown(here: Installation, account: CarrierAccount, *, hook: bool) -> AccountOut:
    pushes = carrier_of(account.carrier).pushes
    return AccountOut(
        id=account.id,
        carrier=account.carrier,
        name=account.name,
        credentials=accounts.fields_set(here.sealer, account),
        hook_url=accounts.hook_url(here.sealer, account, here.settings.public_url) if hook and pushes else None,
        serves=sorted(covered(here.sealer, account)),
        enabled=account.disabled_at is None,
        disabled_at=account.disabled_at,
        disabled_reason=account.disabled_reason,
        daily_quota=account.daily_quota,
        health=Health(
            state=state_of(account, here.database.now()),
            **{name: getattr(account, name) for name in Health.model_fields if name != "state"},
        ),
        created_at=account.created_at,
    )


def _made(here: Installation, added: AddedAccount) -> AccountMade:
    return AccountMade(**dict(_shown(here, added.account, hook=True)), secret=added.secret)
