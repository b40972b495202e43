"""The contract of a channel: a message as it is handed over, and what became of the attempt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from uuid import UUID

DETAIL_BYTES = 1024

State = Literal["sent", "retry", "failed", "gone", "unknown"]
"""What became of an attempt:

- `sent`: the other side took it;
- `retry`: it did not, and the same again can succeed later;
- `failed`: it did not, and the same again cannot succeed;
- `gone`: it wants nothing more, ever (an endpoint that answers 410): switch it off;
- `unknown`: it may have taken it. Never sent again by itself, or a person might get it twice.
"""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message on its way to one address.

    `payload` is JSON as stored with the message; what it holds is the channel's own matter (`body` for webhooks, the
    fields of `wording` for e-mail). `secrets` sign it, newest first; `sender` is the shop's mail address. `attempt`
    counts from 1.
    """

    id: UUID
    address: str = field(repr=False)
    payload: Mapping[str, Any] = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    sender: str = ""
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt, as the ledger keeps it.

    `code` is the other side's (an HTTP or SMTP status), none if it gave none; `detail` says why in at most 1 KiB,
    without personal data of ours; `retry_after` is the wait in seconds that the other side asked for;
    `timed_out` says that it gave no answer in time.
    """

    state: State
    code: int | None = None
    detail: str = ""
    retry_after: float | None = None
    timed_out: bool = False


class Channel(Protocol):
    """A way for a message to leave."""

    name: str

    async def send(self, message: Outgoing) -> Outcome:
        """Try once, within the channel's own time limit. What goes wrong is an Outcome, never an exception."""


def clean(text: str, limit: int = DETAIL_BYTES) -> str:
    """The text as a ledger or log can hold it: no control characters, at most `limit` bytes in UTF-8."""
    printable = "".join(character if character.isprintable() else " " for character in text[:limit])
    return " ".join(printable.split()).encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")
