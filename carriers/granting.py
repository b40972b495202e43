"""Access tokens as OAuth grants them, in `access_token` and `expires_in`."""

from typing import Any

from httpx import AsyncClient

from carriers.base import CarrierUnavailable, CredentialsRefused, Token
from carriers.calling import call
from carriers.reading import at, json_of, text_of

LONGEST = 8192
"""Characters of a token."""


async def granted(http: AsyncClient, url: str, name: str, *, life: float = 3600.0, **request: Any) -> Token:
    """A token of the carrier of this name, by a POST of which only the keys vary, so that a 400 is about them.

    `life` is as in `token_of`; `request` is handed to httpx. Raises CarrierError.
    """
    answer = await call(http, "POST", url, accept=(200, 400), **request)
    if answer.status_code == 400:
        raise CredentialsRefused(f"{name} refuses our credentials (400)")
    return token_of(answer.content, name, life=life)


def token_of(body: bytes, name: str, *, life: float | None = None) -> Token:
    """The token of a grant; `life` is how many seconds it lives where that is not told (none: then it is no grant)."""
    said = json_of(body)
    value, told = text_of(at(said, "access_token"), LONGEST), text_of(at(said, "expires_in"))
    seconds = float(told) if told.isdecimal() else life
    if not value or seconds is None:
        raise CarrierUnavailable(f"{name} granted no token")
    return Token(value, seconds)
