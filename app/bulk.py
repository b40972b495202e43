"""Many rows by one statement: the same on both databases, without the work of a statement builder for each row.

On PostgreSQL each column goes to the driver as one array; what SQLAlchemy does for a row costs more there than the row
itself. The columns' types say how a value is stored and read, as they do everywhere else.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import JSON, Column, Executable, Table, Uuid
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.dialects.sqlite import aiosqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TupleType, TypeEngine

from app.columns import HexKey, Instant, Word
from app.database import Session
from app.engines import by_index, dump_json, load_json
from app.uuids import uuid_of

_POSTGRES: Dialect = asyncpg.dialect(json_serializer=dump_json, json_deserializer=load_json)  # type: ignore[no-untyped-call]
_SQLITE: Dialect = aiosqlite.dialect(json_serializer=dump_json, json_deserializer=load_json)

Convert = Callable[[Any], Any]
Row = Sequence[Any]
Made = TypeVar("Made")

# ruff: noqa: S608  (the statements are made of our own tables' names; values go beside them)


class Insert:
    """Inserts rows of one table, each a sequence of the values of `names` (of all its columns, if none are named).

    `conflict` is what to do about a row that is there already, in words that both databases know.
    """

    def __init__(
        self, table: Table, names: Sequence[str] = (), *, conflict: str = "", returning: Sequence[str] = ()
    ) -> None:
        columns = [table.c[name] for name in names] or list(table.c)
        returned = [table.c[name] for name in returning]
        self.table, self.changes, self.width = table.name, False, len(columns)
        self._into = f'INSERT INTO "{table.name}" ({names_of(columns)})'
        self._end = f" ON CONFLICT {conflict}" if conflict else ""
        self._end += f" RETURNING {names_of(returned)}" if returned else ""
        self._sqlite = f"{self._into} VALUES ({', '.join('?' * len(columns))}){self._end}"
        self._columns, self._given, self._returned = columns, _Values(columns), _Values(returned)
        self._returns = bool(returned)

    def text(self, first: int = 1) -> str:
        """The statement for PostgreSQL, its values numbered from `first` on."""
        # Without its condition the query would swallow ON CONFLICT as a join's.
        return f"{self._into} SELECT * FROM {_unnest(self._columns, first)} WHERE true{self._end}"

    async def __call__(self, db: Session, rows: Sequence[Row]) -> list[Row]:
        """Insert them; with `returning`, those columns of each row written. Without, it may wait (`app.held`)."""
        if not rows:
            return []
        if db.driver is None:
            return await self._by_sqlite(db, self._given.tuples(rows))
        arrays = self._given.arrays(rows)
        if not self._returns:
            await db.driver.put(self, arrays)
            return []
        return self._returned.from_postgres(await db.driver.fetch(self.text(), *arrays))

    async def _by_sqlite(self, db: Session, rows: Sequence[tuple[Any, ...]]) -> list[Row]:
        if not self._returns:
            await db.sqlite.run_for_each(self._sqlite, rows)
            return []
        back: list[Any] = []
        for row in rows:  # it gives nothing back of many at once
            back += await db.sqlite.fetch(self._sqlite, row)
        return self._returned.from_sqlite(back)


class Update:
    """Changes rows of one table, each a sequence of the values of its `key` and then of the changed `names`."""

    def __init__(self, table: Table, key: Sequence[str], names: Sequence[str]) -> None:
        columns = [table.c[name] for name in (*key, *names)]
        self.table, self.changes, self.width = table.name, True, len(columns)
        self._found = " AND ".join(f'"{table.name}"."{name}" = v."{name}"' for name in key)
        self._changed = ", ".join(f'"{name}" = v."{name}"' for name in names)
        found = " AND ".join(f'"{name}" = ?{n}' for n, name in enumerate(key, 1))
        changed = ", ".join(f'"{name}" = ?{n}' for n, name in enumerate(names, len(key) + 1))
        self._sqlite = f'UPDATE "{table.name}" SET {changed} WHERE {found}'
        self._columns, self._given = columns, _Values(columns)

    def text(self, first: int = 1) -> str:
        """The statement for PostgreSQL, its values numbered from `first` on."""
        values = f"{_unnest(self._columns, first)} AS v({names_of(self._columns)})"
        return f'UPDATE "{self.table}" SET {self._changed} FROM {values} WHERE {self._found}'

    async def __call__(self, db: Session, rows: Sequence[Row]) -> None:
        """Change them; it may wait (`app.held`)."""
        if not rows:
            return
        if db.driver is None:
            await db.sqlite.run_for_each(self._sqlite, self._given.tuples(rows))
        else:
            await db.driver.put(self, self._given.arrays(rows))


class Fetch(Generic[Made]):
    """Reads rows of these columns, in their order; each becomes `make(*values)`.

    A column of none is taken as PostgreSQL gives it; SQLite's statement has types of its own. `postgres` is the
    statement for its driver, `sqlite` the same one with names for its values.
    """

    def __init__(
        self, columns: Sequence[Column[Any] | None], make: Callable[..., Made], postgres: str, sqlite: Executable
    ) -> None:
        self._values, self._make, self._postgres = _Values(columns), make, postgres
        self._sqlite, self._from_sqlite = _OnSqlite(sqlite), _Values(list(cast(Any, sqlite).exported_columns))
        self._names = ", ".join(f"c{n}" for n in range(len(columns)))

    async def __call__(self, db: Session, arguments: Sequence[Any], values: Mapping[str, Any]) -> list[Made]:
        """What is found by the `arguments` of the one statement, which are the `values` of the other."""
        if db.driver is None:
            rows = await db.sqlite.fetch(*self._sqlite.given(values))
            return [self._make(*row) for row in self._from_sqlite.from_sqlite(rows)]
        return self.made(await db.driver.fetch(self._postgres, *arguments))

    def made(self, rows: Iterable[Row]) -> list[Made]:
        """What PostgreSQL's driver gives as what is made of it."""
        return [self._make(*row) for row in self._values.from_postgres(rows)]

    def nested(self) -> str:
        """The statement for PostgreSQL as a value of another one that takes the same arguments: an array of rows."""
        return f"ARRAY(SELECT ROW({self._names}) FROM ({self._postgres}) AS part({self._names}))"


async def at_once(db: Session, fetches: Sequence[Fetch[Any]], arguments: Sequence[Any]) -> list[list[Any]]:
    """PostgreSQL: what each of these finds by the same arguments, in one round trip."""
    [found] = await db.driver.fetch(_at_once(tuple(fetches)), *arguments)
    return [fetch.made(rows) for fetch, rows in zip(fetches, found, strict=True)]


@cache
def _at_once(fetches: tuple[Fetch[Any], ...]) -> str:
    return f"SELECT {', '.join(fetch.nested() for fetch in fetches)}"


class _OnSqlite:
    """A statement with named values, which may be lists, for SQLite's driver."""

    def __init__(self, statement: Executable) -> None:
        self._compiled: Any = statement.compile(dialect=_SQLITE)  # type: ignore[attr-defined]
        binds = [(name, self._compiled.binds[name]) for name in self._compiled.positiontup]
        self._marks = [(name, _many(bind.type) if bind.expanding else _one(bind.type)) for name, bind in binds]
        self._lists = [name for name, bind in binds if bind.expanding]
        self._texts: dict[tuple[int, ...], str] = {}

    def given(self, values: Mapping[str, Any]) -> tuple[str, Row]:
        """Its text for lists as long as these, and the values in the order in which the text has them."""
        named = {**self._compiled.params, **values}
        lengths = tuple(len(named[name]) for name in self._lists)
        if (text := self._texts.get(lengths)) is None:
            text = self._text(named)
            if max(lengths, default=0) <= _REMEMBERED and len(self._texts) <= _REMEMBERED:
                self._texts[lengths] = text
        return text, tuple(value for name, flat in self._marks for value in flat(named[name]))

    def _text(self, named: Mapping[str, Any]) -> str:
        if not self._lists:
            return str(self._compiled)
        return by_index(self._compiled.construct_expanded_state(named).statement)


_REMEMBERED = 100
"""Texts that are remembered, and values in a list that one may have."""


def _one(kind: TypeEngine[Any]) -> Callable[[Any], Iterable[Any]]:
    convert = _bound(kind) or _as_it_is
    return lambda value: (convert(value),)


def _many(kind: TypeEngine[Any]) -> Callable[[Any], Iterable[Any]]:
    """The values of a list one after the other; of a list of tuples, those of each."""
    if not isinstance(kind, TupleType):
        return partial(map, _bound(kind) or _as_it_is)
    parts = [_bound(part) or _as_it_is for part in kind.types]
    return lambda rows: [convert(value) for row in rows for convert, value in zip(parts, row, strict=True)]


def _as_it_is(value: Any) -> Any:
    return value


def names_of(columns: Sequence[Column[Any]], table: str = "") -> str:
    """The columns' names as a statement lists them."""
    return ", ".join(f'{table}"{column.name}"' for column in columns)


def _unnest(columns: Sequence[Column[Any]], first: int) -> str:
    """The arrays as rows, typed as the columns are; they are numbered from `first` on."""
    typed = (f"${n}::{column.type.compile(_POSTGRES)}[]" for n, column in enumerate(columns, first))
    return f"unnest({', '.join(typed)})"


class _Values:
    """How values of these columns go to the databases' drivers, and come from them."""

    def __init__(self, columns: Sequence[Column[Any] | None]) -> None:
        known = [(n, column) for n, column in enumerate(columns) if column is not None]
        self._to_postgres = [_stored(column, _POSTGRES) for _, column in known]
        self._to_sqlite = [_stored(column, _SQLITE) for _, column in known]
        self._from_postgres = [(n, convert) for n, column in known if (convert := _shown(column, _POSTGRES))]
        self._from_sqlite = [(n, convert) for n, column in known if (convert := _shown(column, _SQLITE))]

    def arrays(self, rows: Sequence[Row]) -> list[Sequence[Any]]:
        """For PostgreSQL: an array for each column."""
        columns = zip(self._to_postgres, zip(*rows, strict=True), strict=True)
        return [values if convert is None else list(map(convert, values)) for convert, values in columns]

    def tuples(self, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
        """For SQLite: each row by itself."""
        columns = zip(self._to_sqlite, zip(*rows, strict=True), strict=True)
        return list(zip(*(each if convert is None else map(convert, each) for convert, each in columns), strict=True))

    def from_postgres(self, rows: Iterable[Row]) -> list[Row]:
        """Its driver's rows as values of ours."""
        return [_converted(row, self._from_postgres) for row in rows]

    def from_sqlite(self, rows: Iterable[Row]) -> list[Row]:
        """Its driver's rows as values of ours."""
        return [_converted(row, self._from_sqlite) for row in rows]


def reader(columns: Sequence[Column[Any]]) -> Callable[[Iterable[Row]], list[Row]]:
    """What makes values of ours of rows of these columns, as PostgreSQL's driver gives them."""
    return _Values(columns).from_postgres


def _converted(row: Row, converts: Sequence[tuple[int, Convert]]) -> Row:
    values = list(row)
    for n, convert in converts:
        if (value := values[n]) is not None:
            values[n] = convert(value)
    return tuple(values)


def _stored(column: Column[Any], dialect: Dialect) -> Convert | None:
    """How a value of the column goes to the driver; none if as it is."""
    if dialect is _POSTGRES and not isinstance(column.type, HexKey | JSON):
        return None  # a word is a text, and the driver takes any aware time
    return _bound(column.type) if dialect is _SQLITE else column.type.dialect_impl(dialect).bind_processor(dialect)


def _bound(kind: TypeEngine[Any]) -> Convert | None:
    """How a value of this type goes to SQLite's driver: as SQLAlchemy has it, which takes three times as long."""
    if isinstance(kind, Instant):
        return _time_in_words
    if isinstance(kind, Uuid):
        return lambda value: None if value is None else value.hex
    return kind.dialect_impl(_SQLITE).bind_processor(_SQLITE)


def _time_in_words(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is not UTC:
        if value.tzinfo is None:
            raise ValueError(f"a time without offset: {value}")
        value = value.astimezone(UTC)
    return value.isoformat(" ", "microseconds")[:-6]  # the column's times are all in UTC, and do not say so


def _shown(column: Column[Any], dialect: Dialect) -> Convert | None:
    """How a value of the column comes from the driver; none if as it is."""
    if isinstance(column.type, Word):
        return {word.value: word for word in column.type.vocabulary}.__getitem__
    if isinstance(column.type, HexKey):
        return bytes.hex
    if dialect is _POSTGRES:
        if not isinstance(column.type, JSON):
            return None  # the driver's times are aware, in UTC
    elif isinstance(column.type, Instant):
        return lambda text: datetime.fromisoformat(f"{text}+00:00")
    elif isinstance(column.type, Uuid):
        return lambda text: uuid_of(int(text, 16))
    convert: Convert | None = column.type.dialect_impl(dialect).result_processor(dialect, None)
    return convert
