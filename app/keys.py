"""API keys: of one shop, or of all a company's shops; only their hash is kept."""

from sqlalchemy import Column, Float, Index, Integer, Table, Text

from app.database import HexKey, Id, Instant, Json, metadata

api_keys = Table(
    "api_keys",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("shop_id", Id),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("hash", HexKey, nullable=False),
    Column("scopes", Json, nullable=False),
    Column("bucket", Integer, nullable=False),
    Column("refill", Float, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_used_at", Instant),
    Column("revoked_at", Instant),
    Index("ix_api_keys_hash", "hash", unique=True),
)
