"""What tables are made of: their common base, and the column types that mean the same on both databases."""

from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, DateTime, LargeBinary, MetaData, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from uuid_utils import uuid7

from app.uuids import uuid_of

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def new_id() -> UUID:
    """A UUID version 7: sorts by the time it was made."""
    return uuid_of(uuid7().int)


def first_id(moment: datetime) -> UUID:
    """The least id that can have been made at that time: ids begin with their millisecond."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant; a text that sorts by time on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Only aware times go in."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without offset: {value}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Only aware times come out."""
        return value if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class HexKey(TypeDecorator[str]):
    """Hexadecimal digits, stored as half as many bytes."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Digits in."""
        return None if value is None else bytes.fromhex(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """Digits out."""
        return None if value is None else bytes(value).hex()


class Word(TypeDecorator[StrEnum]):
    """A word of a vocabulary, stored as text."""

    impl = Text
    cache_ok = True

    def __init__(self, vocabulary: type[StrEnum]) -> None:
        super().__init__()
        self.vocabulary = vocabulary

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """The word itself."""
        return None if value is None else self.vocabulary(value)


Id = Uuid()
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
