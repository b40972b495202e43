"""Orders, as a shop posts them: a reference, its items, and the shipments that carry them."""

from sqlalchemy import Column, Date, Index, Table, Text, UniqueConstraint

from app.database import Id, Instant, Json, metadata

orders = Table(
    "orders",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("shop_id", Id, nullable=False),
    Column("reference", Text, nullable=False),
    Column("platform", Text, nullable=False, server_default=""),
    Column("placed_at", Instant),
    Column("promised_on", Date),
    Column("total", Json),
    Column("items", Json, nullable=False),
    Column("recipient", Json),
    Column("recipient_email", Text),
    Column("buyer", Json),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("company_id", "shop_id", "reference"),
    Index("ix_orders_reference", "company_id", "reference"),
    Index("ix_orders_email", "company_id", "recipient_email"),
)
