"""Asking a carrier, about numbers or for one: with a token kept until it is refused or runs out."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from httpx import AsyncClient

from carriers.base import Account, Answer, Carrier, CredentialsRefused, TokenRefused
from carriers.subscribing import Handshake, Hook, Subscribed

EARLY = 60.0
"""Seconds before its end at which a token is renewed."""


_Told = TypeVar("_Told")


class TokenKeeper:
    """Access tokens by account, kept in memory for as long as they live."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, float]] = {}

    async def token(self, key: str, carrier: Carrier, http: AsyncClient, account: Account) -> str:
        """The account's token, a fresh one if there is none or it is about to end."""
        value, ends = self._kept.get(key, ("", 0.0))
        if not value or time.monotonic() >= ends:
            fresh = await carrier.token(http, account)
            value = fresh.value
            self._kept[key] = (
                value,
                time.monotonic() + max(0.0, fresh.seconds - min(EARLY, fresh.seconds / 2)),
            )
        return value

    def forget(self, key: str) -> None:
        """Drop a token that the carrier has refused."""
        self._kept.pop(key, None)


async def ask(
    carrier: Carrier,
    http: AsyncClient,
    account: Account,
    numbers: Sequence[str],
    *,
    tokens: TokenKeeper,
    key: str = "",
) -> list[Answer]:
    """One call about at most `batch_size` numbers; a refused token is renewed once. Raises CarrierError."""
    return await _with_token(
        lambda known: carrier.fetch(http, known, numbers), carrier, http, account, tokens=tokens, key=key
    )


async def resolve(
    carrier: Carrier,
    http: AsyncClient,
    account: Account,
    reference: str,
    *,
    tokens: TokenKeeper,
    key: str = "",
) -> str:
    """The tracking number of a sender's reference, empty if there is none; as `Carrier.resolve`, with a token."""
    return await _with_token(
        lambda known: carrier.resolve(http, known, reference), carrier, http, account, tokens=tokens, key=key
    )


async def subscribe(
    carrier: Carrier,
    http: AsyncClient,
    account: Account,
    numbers: Sequence[str],
    hook: Hook,
    *,
    tokens: TokenKeeper,
    key: str = "",
) -> Subscribed:
    """Let the carrier push the news of numbers; as `Carrier.subscribe`, with a token."""
    return await _with_token(
        lambda known: carrier.subscribe(http, known, numbers, hook), carrier, http, account, tokens=tokens, key=key
    )


async def confirm(
    carrier: Carrier,
    http: AsyncClient,
    account: Account,
    asked: Handshake,
    *,
    tokens: TokenKeeper,
    key: str = "",
) -> None:
    """Answer a carrier's handshake; as `Carrier.confirm`, with a token."""
    await _with_token(lambda known: carrier.confirm(http, known, asked), carrier, http, account, tokens=tokens, key=key)


async def _with_token(
    question: Callable[[Account], Awaitable[_Told]],
    carrier: Carrier,
    http: AsyncClient,
    account: Account,
    *,
    tokens: TokenKeeper,
    key: str,
) -> _Told:
    if not carrier.needs_token:
        return await question(account)
    key = key or f"{carrier.slug}:{hash(account.credentials)}"
    for again in (True, False):
        known = replace(account, token=await tokens.token(key, carrier, http, account))
        try:
            return await question(known)
        except TokenRefused as error:
            tokens.forget(key)
            if not again:
                raise CredentialsRefused("the carrier refuses every token it gives us") from error
    raise AssertionError("unreachable")
