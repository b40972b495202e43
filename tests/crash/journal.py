"""Logs of what was seen from outside: a JSON object a line, written through before anything else happens."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Fault:
    """What was done to the service, from when to when by the monotonic clock; `deaths` of processes by it."""

    kind: str
    began: float
    ended: float
    deaths: int = 1


REPEATS = ("failpoint", "kill", "freeze", "database", "disk")
"""Faults after which a webhook may come again; after a clean stop or by a wrong clock none may."""


class Journal:
    """A log that is only appended to."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)

    def write(self, **line: Any) -> None:
        """Append a line; it is with the operating system when this returns."""
        self._file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

    def close(self) -> None:
        """No more lines."""
        self._file.close()


def lines(path: Path) -> list[dict[str, Any]]:
    """Every line of a log."""
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]
