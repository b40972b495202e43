"""What can go wrong, and what HTTP makes of it.

NoveError
├── Refused                  a caller's mistake; sending the same again does not help
│   ├── InvalidInput         422  the request is malformed; `errors` names the fields
│   ├── NotAuthenticated     401  no key, or not one of ours
│   ├── NotAllowed           403  the key lacks the scope
│   ├── NotFound             404  no such row, or another shop's
│   ├── Conflict             409  the state of things forbids it
│   ├── Gone                 410  it was here and has been erased
│   ├── Changed              412  the thing is no longer as `If-Match` says
│   ├── TooSlow              408  the request did not arrive whole in time
│   ├── TooLarge             413  the body is over the limit
│   │   └── HeadersTooLarge  431  the headers are
│   ├── UnsupportedBody      415  a content type or encoding we do not read
│   └── KeyReused            422  the idempotency key came with another body before
├── TryLater                 the same request can succeed later; `retry_after` in seconds
│   ├── TooMany              429  over the rate limit
│   ├── StillRunning         409  the first request with this idempotency key is being answered
│   └── Unavailable          503  the database is away, full or busy
└── Unusable                 the installation cannot run; stops a command with exit code 2
    ├── WrongSetting         a setting is missing or wrong
    ├── DatabaseBehind       the schema is missing or behind: run `nove migrate`
    └── DatabaseTaken        another process has the SQLite file
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that is wrong: where it stands (`recipient.email`), and what to do about it."""

    field: str
    message: str


class NoveError(Exception):
    """The root. `code` is stable and for programs; the message is for people and says what to do."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    retry: ClassVar[bool] = False

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.detail = message
        self.given_code = code or self.code


class Refused(NoveError):
    """A caller's mistake."""

    status, code = 400, "bad_request"


class InvalidInput(Refused):
    """The request is malformed."""

    status, code = 422, "invalid_input"

    def __init__(self, message: str, errors: Sequence[FieldError] = (), *, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.errors = tuple(errors)


class NotAuthenticated(Refused):
    """No key, or not one of ours."""

    status, code = 401, "not_authenticated"


class NotAllowed(Refused):
    """The key lacks the scope."""

    status, code = 403, "not_allowed"


class NotFound(Refused):
    """No such row, or another shop's: the two look the same."""

    status, code = 404, "not_found"


class Conflict(Refused):
    """The state of things forbids it."""

    status, code = 409, "conflict"


class Gone(Refused):
    """It was here and has been erased."""

    status, code = 410, "gone"


class Changed(Refused):
    """The thing is no longer as `If-Match` says."""

    status, code = 412, "precondition_failed"


class TooLarge(Refused):
    """The body is over the limit."""

    status, code = 413, "too_large"


class HeadersTooLarge(TooLarge):
    """The headers are over the limit."""

    status, code = 431, "headers_too_large"


class TooSlow(Refused):
    """The request did not arrive whole in time."""

    status, code = 408, "too_slow"


class UnsupportedBody(Refused):
    """A content type or encoding that we do not read."""

    status, code = 415, "unsupported_body"


class KeyReused(Refused):
    """The idempotency key came with another body before."""

    status, code = 422, "idempotency_key_reused"


class TryLater(NoveError):
    """The same request can succeed later."""

    status, code, retry = 503, "unavailable", True

    def __init__(self, message: str, retry_after: float = 1.0, *, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class TooMany(TryLater):
    """Over the rate limit."""

    status, code = 429, "rate_limited"


class StillRunning(TryLater):
    """The first request with this idempotency key is being answered."""

    status, code = 409, "still_running"


class Unavailable(TryLater):
    """The database is away, full or busy."""


class Unusable(NoveError):
    """The installation cannot run."""

    code = "unusable"


class WrongSetting(Unusable):
    """A setting is missing or wrong."""


class DatabaseBehind(Unusable):
    """The schema is missing or behind."""


class DatabaseTaken(Unusable):
    """Another process has the SQLite file."""
