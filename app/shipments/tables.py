"""The tables of a parcel's journey."""

from sqlalchemy import BigInteger, Boolean, Column, Date, Float, Index, Integer, Table, Text, UniqueConstraint, text

from app.database import HexKey, Id, Instant, Json, Word, metadata
from app.lifecycle import Source
from app.shipments.shipment import Identity
from carriers.vocabulary import Direction, Status, SubStatus

shipments = Table(
    "shipments",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("shop_id", Id, nullable=False),
    Column("account_id", Id),
    Column("order_id", Id),
    Column("order_reference", Text),
    Column("carrier", Text, nullable=False),
    Column("tracking_number", Text),
    Column("sender_reference", Text),
    Column("direction", Word(Direction), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("parent_id", Id),
    # What the fold says, and by which event.
    Column("status", Word(Status), nullable=False),
    Column("sub_status", Word(SubStatus)),
    Column("status_since", Instant, nullable=False),
    Column("decided_by", HexKey),
    Column("decided_at", Instant),
    Column("doubtful", Boolean, nullable=False),
    Column("failed_attempts", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    # Counts every change that a reader can see; the ETag is made of it.
    Column("revision", Integer, nullable=False),
    Column("stale", Boolean, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("problem", Boolean, nullable=False),
    Column("imported", Boolean, nullable=False),
    # What the shop said of it.
    Column("service", Text, nullable=False, server_default=""),
    Column("origin", Json),
    Column("parcel_count", Integer),
    Column("pickup_point", Json),
    Column("deliver_by", Instant),
    Column("promised_on", Date),
    Column("shipped_at", Instant),
    Column("cash_on_delivery", Json),
    Column("recipient", Json),
    Column("recipient_email", Text),
    Column("recipient_phone", Text),
    Column("recipient_name", Text),
    Column("recipient_postcode", Text),
    Column("recipient_country", Text),
    Column("buyer", Json),
    Column("tags", Json, nullable=False),
    Column("metadata", Json, nullable=False),
    # What the carrier said of it beside its events.
    Column("eta_from", Instant),
    Column("eta_to", Instant),
    # When the carrier names a day without hours or zone, it stays a day.
    Column("eta_day", Date),
    Column("eta_source", Text),
    Column("carrier_service", Text, nullable=False, server_default=""),
    Column("carrier_pickup_point", Text, nullable=False, server_default=""),
    # Polling.
    Column("last_event_at", Instant),
    Column("last_news_at", Instant, nullable=False),
    Column("last_polled_at", Instant),
    Column("next_poll_at", Instant),
    Column("poll_note", Text, nullable=False, server_default=""),
    Column("not_found", Boolean, nullable=False),
    Column("lease_until", Instant),
    Column("lease_number", Integer, nullable=False, server_default="0"),
    # Changes that time alone brings.
    Column("refold_at", Instant),
    Column("late_at", Instant),
    Column("stale_at", Instant),
    # A speed above 1 (the sandbox) divides the times of polling and staleness.
    Column("speed", Float, nullable=False, server_default="1"),
    Column("page_generation", Integer, nullable=False, server_default="1"),
    Column("page_hash", HexKey, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    # When it was forgotten whose parcel it was; what the shop changes afterwards is forgotten anew.
    Column("forgotten_at", Instant),
    # None for nearly all: then nothing is read beside the row.
    Column("identity", Word(Identity)),
    # Whether other shipments name it as their parent.
    Column("linked", Boolean, nullable=False, server_default="0"),
    # When its carrier first told of another parcel under its number.
    Column("recycled_at", Instant),
    # When, as far as is known, another parcel under its number was last told of: that much is not this one's.
    Column("begins_after", Instant),
    UniqueConstraint("company_id", "shop_id", "carrier", "tracking_number", "direction", "generation"),
    Index("ix_shipments_number", "company_id", "carrier", "tracking_number"),
    Index("ix_shipments_any_number", "company_id", "tracking_number"),
    Index("ix_shipments_reference", "company_id", "carrier", "sender_reference"),
    Index("ix_shipments_list", "company_id", "shop_id", "id"),
    Index("ix_shipments_status", "company_id", "shop_id", "status", "id"),
    Index(
        "ix_shipments_problem",
        "company_id",
        "shop_id",
        "id",
        postgresql_where=text("problem"),
        sqlite_where=text("problem"),
    ),
    Index(
        "ix_shipments_tagged",
        "company_id",
        "shop_id",
        "id",
        postgresql_where=text("tags <> '[]'"),
        sqlite_where=text("tags <> '[]'"),
    ),
    Index("ix_shipments_order", "company_id", "order_id"),
    Index("ix_shipments_order_reference", "company_id", "order_reference"),
    Index("ix_shipments_email", "company_id", "recipient_email"),
    Index("ix_shipments_phone", "company_id", "recipient_phone"),
    Index("ix_shipments_name", "company_id", "recipient_postcode", "recipient_name"),
    Index("ix_shipments_page", "page_hash", unique=True),
    Index(
        "ix_shipments_parent",
        "company_id",
        "parent_id",
        postgresql_where=text("parent_id IS NOT NULL"),
        sqlite_where=text("parent_id IS NOT NULL"),
    ),
    *(
        Index(
            f"ix_shipments_{name}",
            "company_id",
            "shop_id",
            "id",
            postgresql_where=text(rows),
            sqlite_where=text(rows),
        )
        for name, rows in (
            ("unnumbered", "tracking_number IS NULL"),
            ("unsettled", "identity = 'unsettled'"),
            ("recycled", "recycled_at IS NOT NULL"),
        )
    ),
    Index(
        "ix_shipments_poll",
        "company_id",
        "account_id",
        "next_poll_at",
        "id",
        postgresql_where=text("next_poll_at IS NOT NULL"),
        sqlite_where=text("next_poll_at IS NOT NULL"),
    ),
    Index(
        "ix_shipments_known",
        "company_id",
        "shop_id",
        "status_since",
        postgresql_where=text("forgotten_at IS NULL"),
        sqlite_where=text("forgotten_at IS NULL"),
    ),
    *(
        Index(
            f"ix_shipments_{name}",
            f"{name}_at",
            postgresql_where=text(f"{name}_at IS NOT NULL"),
            sqlite_where=text(f"{name}_at IS NOT NULL"),
        )
        for name in ("refold", "late", "stale")
    ),
)

events = Table(
    "events",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("shipment_id", Id, primary_key=True),
    Column("key", HexKey, primary_key=True),
    Column("occurred_at", Instant, nullable=False),
    Column("until_at", Instant),
    Column("local_time", Text, nullable=False),
    Column("offset_source", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("list", Text, nullable=False),
    Column("context", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("status", Word(Status)),
    Column("sub_status", Word(SubStatus)),
    Column("weak", Boolean, nullable=False),
    Column("doubtful", Boolean, nullable=False),
    Column("row", Text),
    Column("place", Json),
    Column("sequence", BigInteger, nullable=False),
    # Which version of the same event wins, whatever order they come in: the newest revision, else the greatest content.
    Column("revision", Text, nullable=False),
    Column("content", HexKey, nullable=False),
    Column("source", Word(Source), nullable=False),
    Column("author", Text, nullable=False, server_default=""),
    Column("arrival_id", Id),
    Column("received_at", Instant, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    # Snapshots (complete answers): the last that held the event, and the span of later ones that did not.
    Column("seen_at", Instant),
    Column("absent_from", Instant),
    Column("absent_to", Instant),
)

transitions = Table(
    "transitions",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("shipment_id", Id, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("id", Id, nullable=False),
    Column("shop_id", Id, nullable=False),
    Column("from_status", Word(Status), nullable=False),
    Column("from_sub_status", Word(SubStatus)),
    Column("status", Word(Status), nullable=False),
    Column("sub_status", Word(SubStatus)),
    Column("event_key", HexKey),
    Column("occurred_at", Instant),
    Column("correction", Boolean, nullable=False),
    Column("imported", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    # PostgreSQL fills in the transaction's id: the feed reads only below the oldest one still open.
    Column("txid", BigInteger),
    Index("ix_transitions_feed", "company_id", "txid", "id"),
)
