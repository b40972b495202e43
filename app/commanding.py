"""Short commands reach the database in the process that has it.

A SQLite file serves one process. When a service runs on it, a command goes there through the Unix socket
`<file>.sock` (mode 0600): a line of JSON each way, `{"command", "arguments"}` and `{"result"}` or `{"error"}`, any
number of them. When none runs, the command takes the file itself. On PostgreSQL it always runs by itself.
"""

import asyncio
import os
import socket
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, chdir, contextmanager
from pathlib import Path
from typing import Any

import orjson
import structlog
from pydantic import ValidationError

from app import errors
from app.commands import COMMANDS, Command, Json
from app.errors import DatabaseTaken, FieldError, InvalidInput, NotFound, NoveError, TryLater, Unusable, WrongSetting
from app.installation import Installation, opened
from app.settings import Settings

Run = Callable[[Command], Awaitable[Json]]
"""Runs one command and gives its result, or raises its error, wherever the command ran."""

LINE = 32 * 1024 * 1024
PATIENCE = 5.0
"""How long to wait for a service that has the file but does not listen yet, or for commands to end at a stop."""

log = structlog.get_logger()


@asynccontextmanager
async def commanding(settings: Settings) -> AsyncIterator[Run]:
    """Run commands where the database is: in the running service, else here."""
    async with AsyncExitStack() as stack:
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while True:
            try:
                here = await stack.enter_async_context(opened(settings, makes=False))
            except DatabaseTaken:
                path = settings.sqlite_path
                if path is not None and (line := _connected(path)) is not None:
                    yield _naming(await stack.enter_async_context(_asking(line)), str(path))
                    return
                if asyncio.get_running_loop().time() > deadline:
                    raise DatabaseTaken(
                        f"Another Nove process uses {path} and takes no commands just now. Wait until it has ended, "
                        "as an import or a replay does, and run the command again."
                    ) from None
                await asyncio.sleep(0.1)
            else:
                yield _naming(_here(here), here.database.place)
                return


@asynccontextmanager
async def listening(here: Installation) -> AsyncIterator[None]:
    """Take commands for the SQLite file of this process; nothing to do on PostgreSQL."""
    if here.database.path is None:
        yield
        return
    path = socket_path(here.database.path)
    conversations: set[asyncio.Task[None]] = set()
    busy: set[asyncio.Task[bytes]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        conversations.add(task)
        try:
            while line := await reader.readline():
                answering = asyncio.create_task(_answer(here, line))
                busy.add(answering)
                answering.add_done_callback(busy.discard)
                # A caller that goes away, or a stop, does not break off what has begun.
                writer.write(await asyncio.shield(answering))
                await writer.drain()
        except (ConnectionError, ValueError, asyncio.CancelledError):
            return  # the caller has gone, sent no line that ends, or we stop
        finally:
            conversations.discard(task)
            writer.close()

    server = await asyncio.start_unix_server(converse, sock=_bound(path), limit=LINE)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        server.close()
        if busy:
            await asyncio.wait(busy, timeout=PATIENCE)
            await asyncio.sleep(0)  # their answers are written
        for task in tuple(conversations):
            task.cancel()


def socket_path(database: Path) -> Path:
    """Where the process that has the SQLite file listens."""
    return database.resolve().with_name(database.name + ".sock")


def _naming(ask: Run, place: str) -> Run:
    """What was not found may stand in another database: the error names the one that was asked."""

    async def run(command: Command) -> Json:
        try:
            return await ask(command)
        except NotFound as error:
            raise NotFound(f"{error.detail} The database asked was {place}.", code=error.given_code) from None

    return run


def _here(here: Installation) -> Run:
    async def run(command: Command) -> Json:
        # As over the socket: what comes back is what JSON can say.
        return _read(orjson.dumps(await command.run(here)))

    return run


@asynccontextmanager
async def _asking(line: socket.socket) -> AsyncIterator[Run]:
    reader, writer = await asyncio.open_unix_connection(sock=line, limit=LINE)

    async def run(command: Command) -> Json:
        request = {"command": command.name, "arguments": command.model_dump(mode="json", exclude_unset=True)}
        try:
            writer.write(orjson.dumps(request) + b"\n")
            await writer.drain()
            answer = await reader.readline()
        except ConnectionError:
            answer = b""
        if not answer:
            raise TryLater("The service stopped before it answered. See what was done, then run the command again.")
        said = _read(answer)
        if "error" in said:
            raise _raised(said["error"])
        return said["result"]

    try:
        yield run
    finally:
        writer.close()


async def _answer(here: Installation, line: bytes) -> bytes:
    try:
        said = _read(line)
        if (kind := COMMANDS.get(said["command"])) is None:
            raise InvalidInput(f"The running service knows no command {said['command']}: restart it after an update.")
        command = kind.model_validate(said["arguments"])
        answer: dict[str, Json] = {"result": await command.run(here)}
    except NoveError as error:
        answer = {"error": _told(error)}
    except (orjson.JSONDecodeError, LookupError, TypeError, ValidationError):
        answer = {"error": _told(InvalidInput("The running service is of another version: restart it."))}
    except Exception:
        log.exception("command failed")
        answer = {"error": _told(NoveError("The command failed in the running service: see its log."))}
    return orjson.dumps(answer) + b"\n"


def _told(error: NoveError) -> dict[str, Json]:
    fields = [[each.field, each.message] for each in error.errors] if isinstance(error, InvalidInput) else []
    return {"kind": type(error).__name__, "message": error.detail, "fields": fields}


def _raised(told: dict[str, Any]) -> NoveError:
    """The error as the service raised it."""
    kind = getattr(errors, told["kind"], NoveError)
    if kind is InvalidInput:
        return InvalidInput(told["message"], [FieldError(*each) for each in told["fields"]])
    found: NoveError = kind(told["message"])
    return found


def _read(line: bytes) -> Any:
    return orjson.loads(line)


def _bound(path: Path) -> socket.socket:
    """A listening socket that its owner alone can reach. The file lock is ours, so one that is there is stale."""
    with _beside(path):
        if path.exists() and not stat.S_ISSOCK(path.stat().st_mode):
            raise WrongSetting(f"{path} is in the way of the socket for commands: move it away.")
        path.unlink(missing_ok=True)
        line = socket.socket(socket.AF_UNIX)
        mask = os.umask(0o177)
        try:
            line.bind(path.name)
        except OSError as error:
            line.close()
            raise WrongSetting(f"No socket for commands can be made at {path}: {error.strerror or error}.") from error
        finally:
            os.umask(mask)
    return line


def _connected(database: Path) -> socket.socket | None:
    """A connection to the service that has the file; none if it does not listen."""
    path = socket_path(database)
    line = socket.socket(socket.AF_UNIX)
    try:
        with _beside(path):
            line.connect(path.name)
    except PermissionError as error:
        line.close()
        raise Unusable(f"The service on {database} belongs to another user: run the command as that user.") from error
    except OSError:
        line.close()
        return None
    return line


@contextmanager
def _beside(path: Path) -> Iterator[None]:
    """Be in the folder of a socket: an address of over about 100 bytes cannot be bound or connected to.

    The working directory is the process's own, so this holds for one step without any await, at a start or before it.
    """
    with chdir(path.parent):
        yield
