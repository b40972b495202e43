"""Whose a parcel was is forgotten after a time; requests to erase a person; tombstones say whose wish they are."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.online import add_column, create_index

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "erasures",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_ids", JSON, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("counts", JSON, nullable=False),
        sa.Column("unowned", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_erasures")),
        if_not_exists=True,
    )
    due = sa.text("state = 'due'")
    op.create_index(
        "ix_erasures_due", "erasures", ["created_at"], postgresql_where=due, sqlite_where=due, if_not_exists=True
    )
    add_column("shops", sa.Column("contact_days", sa.Integer(), server_default="90", nullable=False))
    add_column("shipments", sa.Column("forgotten_at", INSTANT, nullable=True))
    add_column("tombstones", sa.Column("person", sa.Boolean(), server_default="0", nullable=False))
    create_index("ix_shipments_known", "shipments", ["company_id", "shop_id", "status_since"], "forgotten_at IS NULL")
    create_index(
        "ix_orders_known",
        "orders",
        ["company_id", "shop_id", "updated_at"],
        "recipient IS NOT NULL OR buyer IS NOT NULL",
    )
    create_index("ix_bodies_created", "bodies", ["created_at"])


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_bodies_created", table_name="bodies")
    op.drop_index("ix_orders_known", table_name="orders")
    op.drop_index("ix_shipments_known", table_name="shipments")
    op.drop_column("tombstones", "person")
    op.drop_column("shipments", "forgotten_at")
    op.drop_column("shops", "contact_days")
    op.drop_index("ix_erasures_due", table_name="erasures")
    op.drop_table("erasures")
