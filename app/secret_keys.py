"""The key behind every secret, and the former ones: from the settings, else from a file beside the SQLite database.

`NOVE_SECRET_KEY` is the current one and `NOVE_SECRET_KEY_OLD` names the former, which only open. The file has a key on
each line, the current one first.
"""

import base64
import binascii
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from app.errors import WrongSetting
from app.sealing import HOW_TO_MAKE, KEY_BYTES, key_id
from app.settings import Settings

Keys = tuple[bytes, ...]
"""Keys of 32 bytes, the current one first."""


def key_file(database: Path) -> Path:
    """Where the keys of a SQLite file are, unless NOVE_SECRET_KEY is set."""
    return database.with_name(database.name + ".key")


def stored_keys(settings: Settings) -> Keys | None:
    """The keys behind every secret: those of the settings, and of the file if NOVE_SECRET_KEY is not set.

    None if there is no such file yet. On PostgreSQL several machines need the same key, so a missing one raises
    WrongSetting.
    """
    old = () if settings.secret_key_old is None else settings.secret_key_old.get_secret_value().split(",")
    former = [_decoded(each, "NOVE_SECRET_KEY_OLD") for each in old if each.strip()]
    if settings.secret_key is not None:
        return _distinct([_decoded(settings.secret_key.get_secret_value(), "NOVE_SECRET_KEY"), *former])
    if settings.sqlite_path is None:
        raise WrongSetting(f"NOVE_SECRET_KEY is required on PostgreSQL, the same for every process; {HOW_TO_MAKE}")
    path = key_file(settings.sqlite_path)
    with _usable(path):
        if not path.exists():
            return None
        return _distinct(
            [*(_decoded(each, str(path)) for each in path.read_text("ascii").splitlines() or [""]), *former]
        )


def load_keys(settings: Settings) -> Keys:
    """The stored keys; where there is none yet, a file with one is made, readable by its owner alone."""
    keys = stored_keys(settings)
    if keys is None and settings.sqlite_path is not None:
        path = key_file(settings.sqlite_path)
        with _usable(path):
            _write(path, [os.urandom(KEY_BYTES)], replaces=False)
        keys = stored_keys(settings)
    assert keys is not None
    return keys


def add_key(settings: Settings) -> Keys:
    """The keys with a fresh one before them, written into the file; WrongSetting where the settings name the key."""
    if settings.secret_key is not None or settings.sqlite_path is None:
        raise WrongSetting(
            f"The key is in NOVE_SECRET_KEY: {HOW_TO_MAKE}. Set NOVE_SECRET_KEY to it and NOVE_SECRET_KEY_OLD to the "
            "one before, start every process again, then run this without --new-key"
        )
    former = load_keys(settings)
    key = os.urandom(KEY_BYTES)
    while key_id(key) in map(key_id, former):
        key = os.urandom(KEY_BYTES)
    return _kept(settings.sqlite_path, [key, *former])


def drop_former(settings: Settings) -> bool:
    """Take the former keys out of the file; false where they are none of the file's."""
    keys = stored_keys(settings)
    if settings.secret_key is not None or settings.sqlite_path is None or keys is None or len(keys) == 1:
        return False
    _kept(settings.sqlite_path, keys[:1])
    return settings.secret_key_old is None


def _kept(database: Path, keys: Sequence[bytes]) -> Keys:
    path = key_file(database)
    with _usable(path):
        _write(path, keys, replaces=True)
    return tuple(keys)


def _distinct(keys: Sequence[bytes]) -> Keys:
    return tuple(dict.fromkeys(keys))


@contextmanager
def _usable(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, UnicodeDecodeError) as error:
        raise WrongSetting(f"The key file {path} cannot be used ({error}); or set NOVE_SECRET_KEY") from error


def _write(path: Path, keys: Sequence[bytes], *, replaces: bool) -> None:
    """Write the keys so that they appear whole or not at all; unless it replaces a file, whoever comes first wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(base64.b64encode(key) + b"\n" for key in keys)
            file.flush()
            os.fsync(file.fileno())
        if replaces:
            draft.replace(path)
        else:
            os.link(draft, path)
    except FileExistsError:
        return  # another process made it meanwhile: theirs stands
    finally:
        draft.unlink(missing_ok=True)
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
