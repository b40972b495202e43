"""The tables of raw bodies, and of what could not be used."""

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text, text

from app.database import HexKey, Id, Instant, metadata

bodies = Table(
    "bodies",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("hash", HexKey, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index("ix_bodies_created", "created_at"),
)

arrivals = Table(
    "arrivals",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("account_id", Id),
    Column("carrier", Text, nullable=False),
    Column("source", Text, nullable=False),
    # One row for each parcel's part of a body: its number, its shipment once known, and a digest of the part.
    Column("tracking_number", Text, nullable=False, server_default=""),
    Column("shipment_id", Id),
    Column("body_hash", HexKey, nullable=False),
    Column("part_hash", HexKey),
    Column("received_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_try_at", Instant),
    Index("ix_arrivals_shipment", "company_id", "shipment_id", "id"),
    Index("ix_arrivals_number", "company_id", "carrier", "tracking_number", "state"),
    Index("ix_arrivals_body", "company_id", "body_hash"),
    Index(
        "ix_arrivals_retry",
        "next_try_at",
        postgresql_where=text("next_try_at IS NOT NULL"),
        sqlite_where=text("next_try_at IS NOT NULL"),
    ),
    Index(
        "ix_arrivals_state",
        "state",
        "id",
        postgresql_where=text("state <> 'taken'"),
        sqlite_where=text("state <> 'taken'"),
    ),
)

pushes = Table(
    "pushes",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("account_id", Id, primary_key=True),
    Column("message_id", Text, primary_key=True),
    Column("received_at", Instant, nullable=False),
    Index("ix_pushes_received", "received_at"),
)

unmapped = Table(
    "unmapped",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("carrier", Text, primary_key=True),
    Column("list", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
)

sightings = Table(
    "sightings",
    metadata,
    # A code of `unmapped`, and a shipment of which it was said.
    Column("company_id", Id, primary_key=True),
    Column("carrier", Text, primary_key=True),
    Column("list", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("shop_id", Id, primary_key=True),
    Column("shipment_id", Id, primary_key=True),
    Column("context", Text, nullable=False),
    # Without what is known to name its recipient.
    Column("text", Text, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Index("ix_sightings_shipment", "company_id", "shipment_id"),
    Index("ix_sightings_seen", "seen_at"),
)
