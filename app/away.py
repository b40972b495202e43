"""The database is away, full or busy: what drivers say then, and what is made of it."""

import sqlite3

import structlog
from asyncpg import InterfaceError, InternalClientError, PostgresConnectionError, PostgresError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.errors import Unavailable

log = structlog.get_logger()

_AWAY = (
    *("locked", "busy", "disk", "full", "unable to open", "readonly", "i/o"),
    *("shutting down", "starting up", "connection", "terminating", "recovery", "too many clients"),
)
"""What drivers say when the same statement can succeed later; anything else is a mistake of ours."""


_STATES = ("08", "40", "53", "25P03", "55P03", "57P01", "57P02", "57P03")
"""PostgreSQL's words for it: connection lost, rolled back for another's sake, out of resources, idle for too long in a
transaction, a lock not to be had in time, shutting down, crashed, starting up."""


class translated:  # noqa: N801  (reads as a word in its with statement)
    """What the driver raises when the database is away, full or busy becomes Unavailable."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            refuse_if_away(error)


def refuse_if_away(error: BaseException) -> None:
    """Unavailable, if that is what the driver's error says."""
    if is_away(error):
        if structlog.is_configured():  # in a service; a short command says it by its error
            log.warning("the database is not reachable", error=type(error).__name__, exc_info=error)
        raise Unavailable("The database is not reachable just now; nothing was stored. Send it again.", 2) from error


def is_away(error: BaseException | None) -> bool:
    """Whether the database was away, full or busy: the same can succeed later."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or _says_away(error.orig)
    # The driver's own confusion is that of a connection which was lost in the middle of something.
    if isinstance(error, PostgresConnectionError | InternalClientError | OSError | TimeoutError | PoolTimeout):
        return True
    return isinstance(error, PostgresError | InterfaceError | sqlite3.Error) and _says_away(error)


def _says_away(error: BaseException | None) -> bool:
    if (getattr(error, "sqlstate", None) or "").startswith(_STATES):
        return True
    said = str(error).lower()
    return any(sign in said for sign in _AWAY)
