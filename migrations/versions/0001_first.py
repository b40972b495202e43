"""The first schema: tenants, shipments with their events and transitions, arrivals, the outbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "api_keys",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("refill", sa.Float(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_used_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_api_keys")),
    )
    op.create_index("ix_api_keys_hash", "api_keys", ["hash"], unique=True)
    op.create_table(
        "arrivals",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("tracking_number", sa.Text(), server_default="", nullable=False),
        sa.Column("shipment_id", sa.Uuid(), nullable=True),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("part_hash", sa.LargeBinary(), nullable=True),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_arrivals")),
    )
    op.create_index("ix_arrivals_body", "arrivals", ["company_id", "body_hash"], unique=False)
    op.create_index(
        "ix_arrivals_number", "arrivals", ["company_id", "carrier", "tracking_number", "state"], unique=False
    )
    op.create_index(
        "ix_arrivals_retry",
        "arrivals",
        ["next_try_at"],
        unique=False,
        postgresql_where=sa.text("next_try_at IS NOT NULL"),
        sqlite_where=sa.text("next_try_at IS NOT NULL"),
    )
    op.create_index("ix_arrivals_shipment", "arrivals", ["company_id", "shipment_id", "id"], unique=False)
    op.create_index(
        "ix_arrivals_state",
        "arrivals",
        ["state", "id"],
        unique=False,
        postgresql_where=sa.text("state <> 'taken'"),
        sqlite_where=sa.text("state <> 'taken'"),
    )
    op.create_table(
        "attempts",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("company_id", "message_id", "number", name=op.f("pk_attempts")),
    )
    op.create_table(
        "bodies",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("company_id", "hash", name=op.f("pk_bodies")),
    )
    op.create_table(
        "carrier_accounts",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("credentials", sa.LargeBinary(), nullable=False),
        sa.Column("base_url", sa.Text(), server_default="", nullable=False),
        sa.Column("hook_generation", sa.Integer(), nullable=False),
        sa.Column("hook_hash", sa.LargeBinary(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("open_until", INSTANT, nullable=True),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.Column("last_error_at", INSTANT, nullable=True),
        sa.Column("last_success_at", INSTANT, nullable=True),
        sa.Column("booked_until", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("removed_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_carrier_accounts")),
    )
    op.create_index("ix_carrier_accounts_carrier", "carrier_accounts", ["company_id", "carrier"], unique=False)
    op.create_index("ix_carrier_accounts_hook", "carrier_accounts", ["hook_hash"], unique=True)
    op.create_table(
        "companies",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_companies")),
    )
    op.create_table(
        "endpoints",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("types", JSON, nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=False),
        sa.Column("payload_version", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failing_since", INSTANT, nullable=True),
        sa.Column("warned_at", INSTANT, nullable=True),
        sa.Column("open_until", INSTANT, nullable=True),
        sa.Column("last_success_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_endpoints")),
    )
    op.create_index("ix_endpoints_shop", "endpoints", ["company_id", "shop_id"], unique=False)
    op.create_table(
        "events",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("shipment_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("until_at", INSTANT, nullable=True),
        sa.Column("local_time", sa.Text(), nullable=False),
        sa.Column("offset_source", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("sub_status", sa.Text(), nullable=True),
        sa.Column("weak", sa.Boolean(), nullable=False),
        sa.Column("doubtful", sa.Boolean(), nullable=False),
        sa.Column("row", sa.Text(), nullable=True),
        sa.Column("place", JSON, nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), server_default="", nullable=False),
        sa.Column("arrival_id", sa.Uuid(), nullable=True),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("seen_at", INSTANT, nullable=True),
        sa.Column("absent_from", INSTANT, nullable=True),
        sa.Column("absent_to", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("company_id", "shipment_id", "key", name=op.f("pk_events")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("company_id", "scope", name=op.f("pk_idempotency_keys")),
    )
    op.create_index("ix_idempotency_keys_created", "idempotency_keys", ["created_at"], unique=False)
    op.create_table(
        "messages",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("shipment_id", sa.Uuid(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=True),
        sa.Column("endpoint_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("sub_status", sa.Text(), nullable=True),
        sa.Column("event_key", sa.LargeBinary(), nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("lease_number", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_messages")),
        sa.UniqueConstraint(
            "company_id", "shipment_id", "target", "cause", name=op.f("uq_messages_company_id_shipment_id_target_cause")
        ),
    )
    op.create_index(
        "ix_messages_due",
        "messages",
        ["due_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'due'"),
        sqlite_where=sa.text("state = 'due'"),
    )
    op.create_index(
        "ix_messages_endpoint", "messages", ["company_id", "endpoint_id", "shipment_id", "id"], unique=False
    )
    op.create_index("ix_messages_shipment", "messages", ["company_id", "shipment_id", "id"], unique=False)
    op.create_table(
        "orders",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), server_default="", nullable=False),
        sa.Column("placed_at", INSTANT, nullable=True),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("total", JSON, nullable=True),
        sa.Column("items", JSON, nullable=False),
        sa.Column("recipient", JSON, nullable=True),
        sa.Column("recipient_email", sa.Text(), nullable=True),
        sa.Column("buyer", JSON, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_orders")),
        sa.UniqueConstraint("company_id", "shop_id", "reference", name=op.f("uq_orders_company_id_shop_id_reference")),
    )
    op.create_index("ix_orders_email", "orders", ["company_id", "recipient_email"], unique=False)
    op.create_index("ix_orders_reference", "orders", ["company_id", "reference"], unique=False)
    op.create_table(
        "pushes",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("company_id", "account_id", "message_id", name=op.f("pk_pushes")),
    )
    op.create_index("ix_pushes_received", "pushes", ["received_at"], unique=False)
    op.create_table(
        "rules",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("sub_status", sa.Text(), nullable=True),
        sa.Column("delay_seconds", sa.Integer(), nullable=False),
        sa.Column("once", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_rules")),
        sa.UniqueConstraint("company_id", "shop_id", "name", name=op.f("uq_rules_company_id_shop_id_name")),
    )
    op.create_table(
        "shipments",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("order_reference", sa.Text(), nullable=True),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("tracking_number", sa.Text(), nullable=True),
        sa.Column("sender_reference", sa.Text(), nullable=True),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("sub_status", sa.Text(), nullable=True),
        sa.Column("status_since", INSTANT, nullable=False),
        sa.Column("decided_by", sa.LargeBinary(), nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("doubtful", sa.Boolean(), nullable=False),
        sa.Column("failed_attempts", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.Boolean(), nullable=False),
        sa.Column("imported", sa.Boolean(), nullable=False),
        sa.Column("service", sa.Text(), server_default="", nullable=False),
        sa.Column("origin", JSON, nullable=True),
        sa.Column("parcel_count", sa.Integer(), nullable=True),
        sa.Column("pickup_point", JSON, nullable=True),
        sa.Column("deliver_by", INSTANT, nullable=True),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("shipped_at", INSTANT, nullable=True),
        sa.Column("cash_on_delivery", JSON, nullable=True),
        sa.Column("recipient", JSON, nullable=True),
        sa.Column("recipient_email", sa.Text(), nullable=True),
        sa.Column("recipient_phone", sa.Text(), nullable=True),
        sa.Column("recipient_name", sa.Text(), nullable=True),
        sa.Column("recipient_postcode", sa.Text(), nullable=True),
        sa.Column("recipient_country", sa.Text(), nullable=True),
        sa.Column("buyer", JSON, nullable=True),
        sa.Column("tags", JSON, nullable=False),
        sa.Column("metadata", JSON, nullable=False),
        sa.Column("eta_from", INSTANT, nullable=True),
        sa.Column("eta_to", INSTANT, nullable=True),
        sa.Column("eta_day", sa.Date(), nullable=True),
        sa.Column("eta_source", sa.Text(), nullable=True),
        sa.Column("carrier_service", sa.Text(), server_default="", nullable=False),
        sa.Column("carrier_pickup_point", sa.Text(), server_default="", nullable=False),
        sa.Column("last_event_at", INSTANT, nullable=True),
        sa.Column("last_news_at", INSTANT, nullable=False),
        sa.Column("last_polled_at", INSTANT, nullable=True),
        sa.Column("next_poll_at", INSTANT, nullable=True),
        sa.Column("poll_note", sa.Text(), server_default="", nullable=False),
        sa.Column("not_found", sa.Boolean(), nullable=False),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("lease_number", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refold_at", INSTANT, nullable=True),
        sa.Column("late_at", INSTANT, nullable=True),
        sa.Column("stale_at", INSTANT, nullable=True),
        sa.Column("speed", sa.Float(), server_default="1", nullable=False),
        sa.Column("page_generation", sa.Integer(), server_default="1", nullable=False),
        sa.Column("page_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_shipments")),
        sa.UniqueConstraint(
            "company_id",
            "shop_id",
            "carrier",
            "tracking_number",
            "direction",
            "generation",
            name=op.f("uq_shipments_company_id_shop_id_carrier_tracking_number_direction_generation"),
        ),
    )
    op.create_index("ix_shipments_any_number", "shipments", ["company_id", "tracking_number"], unique=False)
    op.create_index("ix_shipments_email", "shipments", ["company_id", "recipient_email"], unique=False)
    op.create_index(
        "ix_shipments_late",
        "shipments",
        ["late_at"],
        unique=False,
        postgresql_where=sa.text("late_at IS NOT NULL"),
        sqlite_where=sa.text("late_at IS NOT NULL"),
    )
    op.create_index("ix_shipments_list", "shipments", ["company_id", "shop_id", "id"], unique=False)
    op.create_index(
        "ix_shipments_name", "shipments", ["company_id", "recipient_postcode", "recipient_name"], unique=False
    )
    op.create_index("ix_shipments_number", "shipments", ["company_id", "carrier", "tracking_number"], unique=False)
    op.create_index("ix_shipments_order", "shipments", ["company_id", "order_id"], unique=False)
    op.create_index("ix_shipments_order_reference", "shipments", ["company_id", "order_reference"], unique=False)
    op.create_index("ix_shipments_page", "shipments", ["page_hash"], unique=True)
    op.create_index("ix_shipments_phone", "shipments", ["company_id", "recipient_phone"], unique=False)
    op.create_index(
        "ix_shipments_poll",
        "shipments",
        ["company_id", "account_id", "next_poll_at", "id"],
        unique=False,
        postgresql_where=sa.text("next_poll_at IS NOT NULL"),
        sqlite_where=sa.text("next_poll_at IS NOT NULL"),
    )
    op.create_index("ix_shipments_reference", "shipments", ["company_id", "carrier", "sender_reference"], unique=False)
    op.create_index(
        "ix_shipments_refold",
        "shipments",
        ["refold_at"],
        unique=False,
        postgresql_where=sa.text("refold_at IS NOT NULL"),
        sqlite_where=sa.text("refold_at IS NOT NULL"),
    )
    op.create_index(
        "ix_shipments_stale",
        "shipments",
        ["stale_at"],
        unique=False,
        postgresql_where=sa.text("stale_at IS NOT NULL"),
        sqlite_where=sa.text("stale_at IS NOT NULL"),
    )
    op.create_index("ix_shipments_status", "shipments", ["company_id", "shop_id", "status", "id"], unique=False)
    op.create_table(
        "tombstones",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("company_id", "hash", name=op.f("pk_tombstones")),
    )
    op.create_table(
        "transitions",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("shipment_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("from_status", sa.Text(), nullable=False),
        sa.Column("from_sub_status", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("sub_status", sa.Text(), nullable=True),
        sa.Column("event_key", sa.LargeBinary(), nullable=True),
        sa.Column("occurred_at", INSTANT, nullable=True),
        sa.Column("correction", sa.Boolean(), nullable=False),
        sa.Column("imported", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("txid", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("company_id", "shipment_id", "version", name=op.f("pk_transitions")),
    )
    op.create_index("ix_transitions_feed", "transitions", ["company_id", "txid", "id"], unique=False)
    op.create_table(
        "unmapped",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("company_id", "carrier", "list", "code", name=op.f("pk_unmapped")),
    )
    op.create_table(
        "shops",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("mail_from", sa.Text(), server_default="", nullable=False),
        sa.Column("staff_mail", sa.Text(), server_default="", nullable=False),
        sa.Column("brand", JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["companies.company_id"],
        ),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_shops")),
    )
    op.create_index("ix_shops_id", "shops", ["id"], unique=False)
    if op.get_context().dialect.name == "postgresql":
        # The feed reads only below the oldest transaction still open, so each row knows its own.
        op.execute("ALTER TABLE transitions ALTER COLUMN txid SET DEFAULT pg_current_xact_id()::text::bigint")


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_shops_id", table_name="shops")
    op.drop_table("shops")
    op.drop_table("unmapped")
    op.drop_index("ix_transitions_feed", table_name="transitions")
    op.drop_table("transitions")
    op.drop_table("tombstones")
    op.drop_index("ix_shipments_status", table_name="shipments")
    op.drop_index(
        "ix_shipments_stale",
        table_name="shipments",
        postgresql_where=sa.text("stale_at IS NOT NULL"),
        sqlite_where=sa.text("stale_at IS NOT NULL"),
    )
    op.drop_index(
        "ix_shipments_refold",
        table_name="shipments",
        postgresql_where=sa.text("refold_at IS NOT NULL"),
        sqlite_where=sa.text("refold_at IS NOT NULL"),
    )
    op.drop_index("ix_shipments_reference", table_name="shipments")
    op.drop_index(
        "ix_shipments_poll",
        table_name="shipments",
        postgresql_where=sa.text("next_poll_at IS NOT NULL"),
        sqlite_where=sa.text("next_poll_at IS NOT NULL"),
    )
    op.drop_index("ix_shipments_phone", table_name="shipments")
    op.drop_index("ix_shipments_page", table_name="shipments")
    op.drop_index("ix_shipments_order_reference", table_name="shipments")
    op.drop_index("ix_shipments_order", table_name="shipments")
    op.drop_index("ix_shipments_number", table_name="shipments")
    op.drop_index("ix_shipments_name", table_name="shipments")
    op.drop_index("ix_shipments_list", table_name="shipments")
    op.drop_index(
        "ix_shipments_late",
        table_name="shipments",
        postgresql_where=sa.text("late_at IS NOT NULL"),
        sqlite_where=sa.text("late_at IS NOT NULL"),
    )
    op.drop_index("ix_shipments_email", table_name="shipments")
    op.drop_index("ix_shipments_any_number", table_name="shipments")
    op.drop_table("shipments")
    op.drop_table("rules")
    op.drop_index("ix_pushes_received", table_name="pushes")
    op.drop_table("pushes")
    op.drop_index("ix_orders_reference", table_name="orders")
    op.drop_index("ix_orders_email", table_name="orders")
    op.drop_table("orders")
    op.drop_index("ix_messages_shipment", table_name="messages")
    op.drop_index("ix_messages_endpoint", table_name="messages")
    op.drop_index(
        "ix_messages_due",
        table_name="messages",
        postgresql_where=sa.text("state = 'due'"),
        sqlite_where=sa.text("state = 'due'"),
    )
    op.drop_table("messages")
    op.drop_index("ix_idempotency_keys_created", table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
    op.drop_table("events")
    op.drop_index("ix_endpoints_shop", table_name="endpoints")
    op.drop_table("endpoints")
    op.drop_table("companies")
    op.drop_index("ix_carrier_accounts_hook", table_name="carrier_accounts")
    op.drop_index("ix_carrier_accounts_carrier", table_name="carrier_accounts")
    op.drop_table("carrier_accounts")
    op.drop_table("bodies")
    op.drop_table("attempts")
    op.drop_index(
        "ix_arrivals_state",
        table_name="arrivals",
        postgresql_where=sa.text("state <> 'taken'"),
        sqlite_where=sa.text("state <> 'taken'"),
    )
    op.drop_index("ix_arrivals_shipment", table_name="arrivals")
    op.drop_index(
        "ix_arrivals_retry",
        table_name="arrivals",
        postgresql_where=sa.text("next_try_at IS NOT NULL"),
        sqlite_where=sa.text("next_try_at IS NOT NULL"),
    )
    op.drop_index("ix_arrivals_number", table_name="arrivals")
    op.drop_index("ix_arrivals_body", table_name="arrivals")
    op.drop_table("arrivals")
    op.drop_index("ix_api_keys_hash", table_name="api_keys")
    op.drop_table("api_keys")
