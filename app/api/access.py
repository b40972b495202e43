"""Who is calling, what the key may do, and which shop is meant.

A key is looked up at most once in five seconds by each process, so that a revoked one is of no use after that.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import Depends, Header, Query, Request
from fastapi.security import HTTPBearer
from starlette.types import Scope as HttpScope

from app import accounts, keys
from app.accounts import CarrierAccount
from app.api.buckets import Buckets, Standing, network_of
from app.database import Database
from app.errors import FieldError, InvalidInput, NotAllowed, NotAuthenticated, NotFound, TooMany
from app.installation import Installation
from app.keys import Caller, Scope
from app.sealing import key_hash

CACHE_SECONDS = 5.0
CROWDED = 1_000

BEARER = HTTPBearer(auto_error=False, description="An API key: `Authorization: Bearer nove_…`")
"""For the OpenAPI document; the key is checked before a route's own work begins."""

# Wrong keys from one address: enough for a mistake, too few for a search, and for the database's sake.
_STRANGERS = (60, 1.0)

# What a carrier may push to one account.
_PUSHES = (600, 50.0)


class Gate:
    """Lets callers in: keys looked up and remembered for a moment, rate limits kept, use noted aside."""

    def __init__(self, database: Database, buckets: Buckets | None = None) -> None:
        self._database = database
        self._buckets = buckets or Buckets()
        self._known: dict[bytes, tuple[float, Caller]] = {}
        self._hooks: dict[tuple[str, str], tuple[float, CarrierAccount]] = {}
        self._notes: set[asyncio.Task[None]] = set()

    async def admit(self, request: Request) -> Caller:
        """The caller of a request, who pays for it; NotAuthenticated, TooMany."""
        return await self.enter(request.scope, request.headers.get("authorization"))

    async def enter(self, scope: HttpScope, authorization: str | None) -> Caller:
        """The same, for who has looked the header up already."""
        try:
            caller = await self._caller(keys.presented(authorization))
        except NotAuthenticated:
            self._charge_stranger(Request(scope))
            raise
        state = scope["state"]
        state["caller"] = caller
        self._charge(state, self._buckets.take(caller.key_id, "key", caller.bucket, caller.refill))
        return caller

    def spend(self, request: Request, cost: int) -> None:
        """Take from the caller's allowance what a request costs (beyond the 1 that every request pays); TooMany."""
        caller: Caller = request.state.caller
        if cost > 0:
            standing = self._buckets.take(caller.key_id, "key", caller.bucket, caller.refill, cost)
            self._charge(request.scope["state"], standing)

    async def admit_push(self, request: Request, carrier: str, token: str) -> CarrierAccount:
        """The account that a carrier pushes to, which pays for it; NotFound, TooMany."""
        try:
            account = await self.account(carrier, token)
        except NotFound:
            self._charge_stranger(request)
            raise
        self._charge(request.scope["state"], self._buckets.take(("hook", account.id), "hook", *_PUSHES))
        return account

    async def account(self, carrier: str, token: str) -> CarrierAccount:
        """The account of an address, remembered as keys are; NotFound."""
        now, place = time.monotonic(), (carrier, token)
        until, account = self._hooks.get(place, (0.0, None))
        if account is None or now >= until:
            async with self._database.glancing() as db:
                account = await accounts.by_hook(db, carrier, token)
            if len(self._hooks) >= CROWDED:
                self._hooks = {each: known for each, known in self._hooks.items() if now < known[0]}
            self._hooks[place] = (now + CACHE_SECONDS, account)
        return account

    async def look_again(self, request: Request) -> Caller:
        """The caller as the database has it now."""
        key = keys.presented(request.headers.get("authorization"))
        self._known.pop(key_hash(key), None)
        request.state.caller = caller = await self._caller(key)
        return caller

    def forget(self, key_id: UUID) -> None:
        """Stop knowing a key, since it was revoked."""
        self._known = {digest: known for digest, known in self._known.items() if known[1].key_id != key_id}

    def forget_account(self, account_id: UUID) -> None:
        """Stop knowing a carrier account, since it was changed."""
        self._hooks = {place: known for place, known in self._hooks.items() if known[1].id != account_id}

    async def close(self) -> None:
        """Finish what was left for later."""
        await asyncio.gather(*self._notes, return_exceptions=True)

    async def _caller(self, key: str) -> Caller:
        now, digest = time.monotonic(), key_hash(key)
        until, caller = self._known.get(digest, (0.0, None))
        if caller is not None and now < until:
            return caller
        self._known.pop(digest, None)
        keys.checked(key)
        async with self._database.reading() as db:
            caller = await keys.look_up(db, digest.hex())
        if len(self._known) >= CROWDED:
            self._known = {each: known for each, known in self._known.items() if now < known[0]}
        self._known[digest] = (now + CACHE_SECONDS, caller)
        if caller.stale_use:
            note = asyncio.create_task(self._note_use(caller))
            self._notes.add(note)
            note.add_done_callback(self._notes.discard)
        return caller

    async def _note_use(self, caller: Caller) -> None:
        async with self._database.transaction() as db:
            await keys.mark_used(db, caller.company_id, caller.key_id)

    def _charge_stranger(self, request: Request) -> None:
        standing = self._buckets.take(("address", network_of(request)), "strangers", *_STRANGERS)
        self._charge(request.scope["state"], standing)

    @staticmethod
    def _charge(state: dict[str, Any], standing: Standing) -> None:
        state["standing"] = standing
        if standing.wait:
            raise TooMany("Too many requests. Wait as `Retry-After` says, then go on.", standing.wait)


def installation_of(request: Request) -> Installation:
    """The installation behind a request."""
    return cast(Installation, request.app.state.installation)


def gate_of(request: Request) -> Gate:
    """The gate of the application."""
    return cast(Gate, request.app.state.gate)


def needs(scope: Scope) -> Callable[[Request], Awaitable[Caller]]:
    """A dependency: the caller, who must have the scope; NotAllowed otherwise."""

    async def check(request: Request) -> Caller:
        caller: Caller = request.state.caller
        require(caller, scope)
        return caller

    return check


def require(caller: Caller, scope: Scope) -> None:
    """NotAllowed if the caller lacks the scope."""
    if not caller.may(scope):
        raise NotAllowed(f"This key lacks the scope `{scope}`. Use a key that has it.")


async def one_shop(
    request: Request,
    x_shop_id: Annotated[UUID | None, Header(description="Which shop, for a key of all a company's shops")] = None,
    shop_id: Annotated[UUID | None, Query(description="The same as `X-Shop-Id`")] = None,
) -> UUID:
    """The shop that a request is about: the key's own, the one that is named, or the only one there is."""
    named = await any_shop(request, x_shop_id, shop_id)
    if named is not None:
        return named
    caller: Caller = request.state.caller
    if len(caller.shop_ids) != 1:
        raise InvalidInput(
            "This key is for all shops of the company: say which one is meant.",
            [FieldError("X-Shop-Id", "Name one of your shops; `GET /v1/shops` lists them.")],
            code="shop_required",
        )
    return caller.shop_ids[0]


async def any_shop(
    request: Request,
    x_shop_id: Annotated[UUID | None, Header(description="Which shop, for a key of all a company's shops")] = None,
    shop_id: Annotated[UUID | None, Query(description="The same as `X-Shop-Id`")] = None,
) -> UUID | None:
    """The shop that a request is limited to: the key's own or the one that is named; none for all of the company's.

    Another's shop is a NotFound like a missing one.
    """
    caller: Caller = request.state.caller
    if x_shop_id and shop_id and x_shop_id != shop_id:
        message = "The header and the parameter name two shops: send one of them."
        raise InvalidInput(message, [FieldError("shop_id", message)])
    named = x_shop_id or shop_id
    if named is None:
        return caller.shop_id
    if named not in caller.shop_ids and caller.shop_id is None:
        caller = await gate_of(request).look_again(request)  # it may have been opened just now
    if named not in caller.shop_ids:
        raise NotFound(f"No shop {named}.")
    return named


async def reached(request: Request, shop_id: Annotated[UUID | None, Depends(any_shop)]) -> tuple[UUID, ...]:
    """The shops that a request reaches: the one it is limited to, else all of the caller's."""
    caller: Caller = request.state.caller
    return caller.shop_ids if shop_id is None else (shop_id,)


# Dependencies are all async: FastAPI would run the others in a thread each, which costs more than what they do.
async def _here(request: Request) -> Installation:
    return installation_of(request)


async def _door(request: Request) -> Gate:
    return gate_of(request)


MAY_READ = Depends(needs(Scope.READ))
"""For routes that need not know who reads."""

Reader = Annotated[Caller, Depends(needs(Scope.READ))]
Writer = Annotated[Caller, Depends(needs(Scope.WRITE))]
Supporter = Annotated[Caller, Depends(needs(Scope.SUPPORT))]
Administrator = Annotated[Caller, Depends(needs(Scope.ADMIN))]
OneShop = Annotated[UUID, Depends(one_shop)]
AnyShop = Annotated[UUID | None, Depends(any_shop)]
Shops = Annotated[tuple[UUID, ...], Depends(reached)]
Here = Annotated[Installation, Depends(_here)]
Door = Annotated[Gate, Depends(_door)]
