"""The tables of what to tell whom, what was told, and how it went."""

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, Table, Text, UniqueConstraint, text

from app.database import HexKey, Id, Instant, Json, Word, metadata
from carriers.vocabulary import Status, SubStatus

rules = Table(
    "rules",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("shop_id", Id, nullable=False),
    Column("name", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("occasion", Text, nullable=False),
    Column("status", Word(Status)),
    Column("sub_status", Word(SubStatus)),
    Column("delay_seconds", Integer, nullable=False),
    Column("once", Boolean, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("position", Integer, nullable=False),
    UniqueConstraint("company_id", "shop_id", "name"),
)

endpoints = Table(
    "endpoints",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("shop_id", Id, nullable=False),
    Column("url", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("types", Json, nullable=False),
    Column("secrets", LargeBinary, nullable=False),
    Column("payload_version", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("disabled_reason", Text, nullable=False, server_default=""),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("failing_since", Instant),
    Column("warned_at", Instant),
    Column("open_until", Instant),
    # Attempts since the first failure of the last minutes, and how many of them failed.
    Column("recent_from", Instant),
    Column("recent_tried", Integer, nullable=False, server_default="0"),
    Column("recent_failed", Integer, nullable=False, server_default="0"),
    Column("last_success_at", Instant),
    Column("last_failure_at", Instant),
    Column("last_error", Text, nullable=False, server_default=""),
    # After an outage: how many a second it gets, how many it took at that pace, and until when it has had its share.
    Column("pace", Float),
    Column("pace_taken", Integer, nullable=False, server_default="0"),
    Column("paced_until", Instant),
    Column("created_at", Instant, nullable=False),
    Index("ix_endpoints_shop", "company_id", "shop_id"),
    Index(
        "ix_endpoints_failing",
        "failing_since",
        postgresql_where=text("failing_since IS NOT NULL"),
        sqlite_where=text("failing_since IS NOT NULL"),
    ),
)

messages = Table(
    "messages",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("shop_id", Id, nullable=False),
    # What it is about: a shipment; of a notice to the shop also an endpoint, or a run of imports.
    Column("shipment_id", Id, nullable=False),
    # What must be told apart. For people: (rule, role, channel) by (status, event); for machines: the endpoint by
    # (type, version or event).
    Column("target", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("rule_id", Id),
    Column("endpoint_id", Id),
    Column("status", Word(Status)),
    Column("sub_status", Word(SubStatus)),
    Column("event_key", HexKey),
    # When the event occurred that it is news of; none for what is history, or no event.
    Column("decided_at", Instant),
    Column("version", Integer, nullable=False),
    Column("payload", Json, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("due_at", Instant),
    Column("lease_until", Instant),
    Column("lease_number", Integer, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    # Those made before it was last sent again: the schedule of attempts begins anew then, their numbers go on.
    Column("attempts_before", Integer, nullable=False, server_default="0"),
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    UniqueConstraint("company_id", "shipment_id", "target", "cause"),
    Index(
        "ix_messages_endpoint",
        "company_id",
        "endpoint_id",
        "id",
        postgresql_where=text("endpoint_id IS NOT NULL"),
        sqlite_where=text("endpoint_id IS NOT NULL"),
    ),
    Index(
        "ix_messages_ahead",
        "company_id",
        "endpoint_id",
        "shipment_id",
        "id",
        postgresql_where=text("state = 'due'"),
        sqlite_where=text("state = 'due'"),
    ),
    Index(
        "ix_messages_failed",
        "company_id",
        "shop_id",
        "id",
        postgresql_where=text("state IN ('failed', 'unknown')"),
        sqlite_where=text("state IN ('failed', 'unknown')"),
    ),
    Index(
        "ix_messages_due",
        "due_at",
        "id",
        postgresql_where=text("state = 'due'"),
        sqlite_where=text("state = 'due'"),
    ),
)

attempts = Table(
    "attempts",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("message_id", Id, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("code", Integer),
    Column("detail", Text, nullable=False),
    Column("seconds", Float, nullable=False),
    Index("ix_attempts_at", "at"),
)

imported = Table(
    "imported",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("run_id", Id, primary_key=True),
    Column("shipment_id", Id, primary_key=True),
    Column("created_at", Instant, nullable=False),
    Index("ix_imported_created", "created_at"),
)
"""The shipments of each run of imports, until its digest is old."""
