"""Secrets: credentials sealed at rest, tokens in addresses, API keys, signing secrets, and the key behind them.

One key of 32 bytes (`NOVE_SECRET_KEY`) stands behind everything; sealing and tokens each use a key derived from it.
A sealed value is: key id (1 byte), nonce (12 bytes), ciphertext and tag (AES-256-GCM); the purpose is authenticated
with it, so a value copied into another column does not open. The key id tells which key opens it, once there are two.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
import secrets
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.errors import WrongSetting
from app.settings import Settings

KEY_BYTES = 32
TOKEN_BYTES = 18  # 144 bits, 24 characters without padding
HOW_TO_MAKE = "make one with: openssl rand -base64 32"

_NONCE_BYTES = 12
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM_LENGTH, _CHECKSUM_LENGTH = 43, 6  # what 256 and 32 bits take in base 62
_API_KEY = re.compile(rf"nove_[0-9A-Za-z]{{{_RANDOM_LENGTH + _CHECKSUM_LENGTH}}}", re.ASCII)


class Sealer:
    """Seals values and makes tokens under one key of 32 bytes."""

    __slots__ = ("_cipher", "_id", "_token_key")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise WrongSetting(f"NOVE_SECRET_KEY must be base64 of {KEY_BYTES} bytes, not of {len(key)}; {HOW_TO_MAKE}")
        self._cipher = AESGCM(_derived(key, "seal"))
        self._token_key = _derived(key, "token")
        self._id = _derived(key, "id")[:1]

    def seal(self, plaintext: bytes, purpose: str) -> bytes:
        """The value encrypted for a purpose, as `account:<id>`; the same value never seals to the same bytes."""
        nonce = os.urandom(_NONCE_BYTES)
        return self._id + nonce + self._cipher.encrypt(nonce, plaintext, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """The value again; WrongSetting if it was sealed under another key or for another purpose, or is damaged."""
        if sealed[:1] != self._id:
            raise WrongSetting(
                "A stored secret was sealed under another key: set NOVE_SECRET_KEY (or the .key file beside the "
                "SQLite database) to the key that was in use when it was stored, or enter the secret again"
            )
        try:
            nonce, ciphertext = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
            return self._cipher.decrypt(nonce, ciphertext, purpose.encode())
        except (InvalidTag, ValueError) as error:
            raise WrongSetting(
                "A stored secret does not open: NOVE_SECRET_KEY (or the .key file) is not the one in use when it was "
                "stored, or the row was changed by hand; restore the key, or enter the secret again"
            ) from error

    def page_token(self, kind: str, id: UUID, generation: int) -> str:  # noqa: A002
        """The token in an address, as of a tracking page or a hook: 24 URL-safe characters, 144 bits.

        The same three always give the same token, so that it can be written into every message without being stored;
        raising the generation revokes it.
        """
        # The id has a fixed length and the generation no NUL, so no two triples make the same text.
        text = b"\0".join((id.bytes, str(generation).encode(), kind.encode()))
        return _url_safe(hmac.digest(self._token_key, text, "sha256")[:TOKEN_BYTES])


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


def key_file(database: Path) -> Path:
    """Where the key of a SQLite file is, unless NOVE_SECRET_KEY is set."""
    return database.with_name(database.name + ".key")


def stored_key(settings: Settings) -> bytes | None:
    """The 32 bytes behind every secret: from NOVE_SECRET_KEY, else from the file beside the SQLite database.

    None if there is no such file yet. On PostgreSQL several machines need the same key, so a missing one raises
    WrongSetting.
    """
    if settings.secret_key is not None:
        return _decoded(settings.secret_key.get_secret_value(), "NOVE_SECRET_KEY")
    if settings.sqlite_path is None:
        raise WrongSetting(f"NOVE_SECRET_KEY is required on PostgreSQL, the same for every process; {HOW_TO_MAKE}")
    path = key_file(settings.sqlite_path)
    with _usable(path):
        return _decoded(path.read_text("ascii"), str(path)) if path.exists() else None


def load_key(settings: Settings) -> bytes:
    """The stored key; where there is none yet, a file with one is made, readable by its owner alone."""
    key = stored_key(settings)
    if key is None and settings.sqlite_path is not None:
        path = key_file(settings.sqlite_path)
        with _usable(path):
            _create(path)
        key = stored_key(settings)
    assert key is not None
    return key


@contextmanager
def _usable(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, UnicodeDecodeError) as error:
        raise WrongSetting(f"The key file {path} cannot be used ({error}); or set NOVE_SECRET_KEY") from error


def _create(path: Path) -> None:
    """Write a fresh key so that it appears whole or not at all, and whoever comes first wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return  # another process made it meanwhile: theirs stands
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _decoded(text: str, name: str) -> bytes:
    """The key from its base64, either alphabet; errors name where it came from and never show it."""
    try:
        key = base64.b64decode(text.strip().replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise WrongSetting(f"{name} must be base64 of {KEY_BYTES} bytes; {HOW_TO_MAKE}")
    return key


def _derived(key: bytes, use: str) -> bytes:
    return hmac.digest(key, b"nove:" + use.encode(), "sha256")


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
