"""A SQLite file is one process's: it holds a lock on `<file>.lock` for as long as it runs."""

import fcntl
import os
from pathlib import Path

from app.errors import DatabaseTaken, WrongSetting


def take(path: Path) -> int:
    """The handle of the lock, to be closed when the file is given back.

    DatabaseTaken if another process has it; WrongSetting if the file cannot be opened.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unopenable(path, error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise DatabaseTaken(
            f"Another Nove process uses {path}. A SQLite file serves one process: stop the other one, "
            "or use PostgreSQL (NOVE_DATABASE_URL=postgresql://…) to run several."
        ) from error
    try:
        # Made here so that nobody else can read it; SQLite gives its other files the same mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        os.close(handle)
        raise _unopenable(path, error) from error
    return handle


def _unopenable(path: Path, error: OSError) -> WrongSetting:
    return WrongSetting(
        f"The database {path} cannot be opened ({error.strerror or error}): see that it is a file in a folder where "
        "this user may write, or set NOVE_DATABASE_URL to another."
    )
