"""Secrets: credentials sealed at rest, tokens in addresses, API keys, signing secrets.

A key of 32 bytes stands behind everything (`app/secret_keys.py` says where it comes from); sealing and tokens each use
a key derived from it. A sealed value is: key id (1 byte), nonce (12 bytes), ciphertext and tag (AES-256-GCM); the
purpose is authenticated with it, so a value copied into another column does not open.

There may be several keys: the first seals, and makes new tokens; the others open what they sealed, and make the
tokens that they made before. A token key alone may outlive its key: addresses in sent messages go on.
"""

import base64
import hashlib
import hmac
import os
import re
import secrets
import zlib
from collections.abc import Iterable
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.errors import WrongSetting

KEY_BYTES = 32
TOKEN_BYTES = 18  # 144 bits, 24 characters without padding
HOW_TO_MAKE = "make one with: openssl rand -base64 32"

_NONCE_BYTES = 12
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM_LENGTH, _CHECKSUM_LENGTH = 43, 6  # what 256 and 32 bits take in base 62
_API_KEY = re.compile(rf"nove_[0-9A-Za-z]{{{_RANDOM_LENGTH + _CHECKSUM_LENGTH}}}", re.ASCII)


class _Key:
    """A key of 32 bytes, and what is derived from it."""

    __slots__ = ("cipher", "id", "token_key")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise WrongSetting(f"NOVE_SECRET_KEY must be base64 of {KEY_BYTES} bytes, not of {len(key)}; {HOW_TO_MAKE}")
        self.cipher = AESGCM(_derived(key, "seal"))
        self.token_key = _derived(key, "token")
        self.id = key_id(key)


class Sealer:
    """Seals values and makes tokens under the first of its keys, each of 32 bytes; opens what any of them sealed."""

    __slots__ = ("_current", "_keys", "_token_keys")

    def __init__(self, *keys: bytes) -> None:
        self._token_keys: tuple[bytes, ...] = ()
        self.turn_to(*keys)

    def turn_to(self, *keys: bytes) -> None:
        """Use these keys from now on; token keys known so far stay known."""
        made = [_Key(key) for key in keys]
        if len({each.id for each in made}) < len(made):
            raise WrongSetting(f"Two keys cannot be told apart by their short id; {HOW_TO_MAKE}, and use that one")
        self._keys = {each.id: each for each in made}
        self._current = made[0]
        self._token_keys = tuple(dict.fromkeys((*(each.token_key for each in made), *self._token_keys)))

    @property
    def current_id(self) -> bytes:
        """How what the current key sealed begins (1 byte)."""
        return self._current.id

    @property
    def former(self) -> int:
        """How many keys it has beside the current one."""
        return len(self._keys) - 1

    def seal(self, plaintext: bytes, purpose: str) -> bytes:
        """The value encrypted for a purpose, as `account:<id>`; the same value never seals to the same bytes."""
        nonce = os.urandom(_NONCE_BYTES)
        return self._current.id + nonce + self._current.cipher.encrypt(nonce, plaintext, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """The value again; WrongSetting if it was sealed under another key or for another purpose, or is damaged."""
        key = self._keys.get(bytes(sealed[:1]))
        if key is None:
            raise WrongSetting(
                "A stored secret was sealed under another key: set NOVE_SECRET_KEY (or the .key file beside the "
                "SQLite database) to the key that was in use when it was stored, or name that key in "
                "NOVE_SECRET_KEY_OLD, or enter the secret again"
            )
        try:
            nonce, ciphertext = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
            return key.cipher.decrypt(nonce, ciphertext, purpose.encode())
        except (InvalidTag, ValueError) as error:
            raise WrongSetting(
                "A stored secret does not open: NOVE_SECRET_KEY (or the .key file) is not the one in use when it was "
                "stored, or the row was changed by hand; restore the key, or enter the secret again"
            ) from error

    def token_keys(self) -> tuple[bytes, ...]:
        """Every key that tokens were made with, the current one first."""
        return self._token_keys

    def remember(self, token_keys: Iterable[bytes]) -> None:
        """Know token keys whose own keys are gone."""
        self._token_keys = tuple(dict.fromkeys((*self._token_keys, *token_keys)))

    def page_token(self, kind: str, id: UUID, generation: int) -> str:  # noqa: A002
        """The token in an address, as of a tracking page or a hook: 24 URL-safe characters, 144 bits.

        The same three always give the same token, so that it can be written into every message without being stored;
        raising the generation revokes it.
        """
        return _token(self._current.token_key, kind, id, generation)

    def known_token(self, kind: str, id: UUID, generation: int, digest: str) -> str:  # noqa: A002
        """The same token as when it was made, whichever key was the current one then: the one with this stored hash."""
        first = self.page_token(kind, id, generation)
        if not self._token_keys[1:] or hmac.compare_digest(token_hash(first).hex(), digest):
            return first
        tokens = (_token(key, kind, id, generation) for key in self._token_keys[1:])
        return next((each for each in tokens if hmac.compare_digest(token_hash(each).hex(), digest)), first)

    def marks(self, text: str) -> list[str]:
        """Digests by which something forgotten is known again, one for each key, the current one's first (32 digits).

        Keyed, so that who has the database alone can try no guesses on them.
        """
        return [
            hmac.digest(_derived(key, "mark"), text.encode("utf-8", "replace"), "sha256")[:16].hex()
            for key in self._token_keys
        ]


def key_id(key: bytes) -> bytes:
    """By what a sealed value tells which key opens it (1 byte)."""
    return _derived(key, "id")[:1]


def token_key_id(key: bytes) -> str:
    """By what a kept token key is told from others (16 digits); nothing can be read from it."""
    return _derived(key, "id")[:8].hex()


def token_hash(token: str) -> bytes:
    """What is stored of a token, for the look-up (SHA-256, 32 bytes)."""
    return hashlib.sha256(token.encode()).digest()


def new_api_key() -> str:
    """A fresh API key: `nove_`, 256 random bits in base 62, a 32-bit checksum; 54 characters."""
    body = "nove_" + _base62(int.from_bytes(secrets.token_bytes(KEY_BYTES)), _RANDOM_LENGTH)
    return body + _checksum(body)


def key_hash(key: str) -> bytes:
    """What is stored of an API key (SHA-256, 32 bytes): plain, since 256 random bits cannot be guessed."""
    return hashlib.sha256(key.encode()).digest()


def key_well_formed(key: str) -> bool:
    """Whether a text can be a key of ours at all, told without the database: its form and its checksum."""
    return bool(_API_KEY.fullmatch(key)) and key[-_CHECKSUM_LENGTH:] == _checksum(key[:-_CHECKSUM_LENGTH])


def new_signing_secret() -> str:
    """A fresh secret for signing webhooks (Standard Webhooks): `whsec_` and base64 of 32 random bytes."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _derived(key: bytes, use: str) -> bytes:
    return hmac.digest(key, b"nove:" + use.encode(), "sha256")


def _token(key: bytes, kind: str, id_: UUID, generation: int) -> str:
    # The id has a fixed length and the generation no NUL, so no two triples make the same text.
    text = b"\0".join((id_.bytes, str(generation).encode(), kind.encode()))
    return _url_safe(hmac.digest(key, text, "sha256")[:TOKEN_BYTES])


def _url_safe(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _checksum(text: str) -> str:
    return _base62(zlib.crc32(text.encode()), _CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return "".join(reversed(digits))
