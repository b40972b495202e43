"""Carrier accounts: a company's contracts, sealed, with the health of the carrier as this account sees it."""

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text

from app.database import HexKey, Id, Instant, metadata

carrier_accounts = Table(
    "carrier_accounts",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("carrier", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("credentials", LargeBinary, nullable=False),
    Column("base_url", Text, nullable=False, server_default=""),
    Column("hook_generation", Integer, nullable=False),
    Column("hook_hash", HexKey, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    # Health: failures in a row, when the next call may go out, and what the carrier last said.
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("open_until", Instant),
    Column("last_error", Text, nullable=False, server_default=""),
    Column("last_error_at", Instant),
    Column("last_success_at", Instant),
    # The account's rate limit: the time until which its calls are spoken for.
    Column("booked_until", Instant),
    Column("created_at", Instant, nullable=False),
    Column("removed_at", Instant),
    Index("ix_carrier_accounts_hook", "hook_hash", unique=True),
    Index("ix_carrier_accounts_carrier", "company_id", "carrier"),
)
