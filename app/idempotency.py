"""Idempotency keys: the answer to a write, kept with its effect, given again when the write is repeated."""

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text

from app.database import HexKey, Id, Instant, metadata

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("scope", HexKey, primary_key=True),
    Column("fingerprint", HexKey, nullable=False),
    Column("status", Integer, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index("ix_idempotency_keys_created", "created_at"),
)
