"""Shipments have other names beside their row's: candidates, former ones, legs; those with returns are marked."""

import sqlalchemy as sa
from alembic import op

from migrations.online import add_column, create_index, drop_index

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "names",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shipment_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("tracking_number", sa.Text(), nullable=True),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=True),
        sa.Column("tried_at", INSTANT, nullable=True),
        sa.Column("outcome", sa.Text(), server_default="", nullable=False),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_names")),
        if_not_exists=True,
    )
    op.create_index("ix_names_shipment", "names", ["company_id", "shipment_id"], if_not_exists=True)
    op.create_index("ix_names_number", "names", ["company_id", "carrier", "tracking_number"], if_not_exists=True)
    add_column("shipments", sa.Column("identity", sa.Text(), nullable=True))
    add_column("shipments", sa.Column("linked", sa.Boolean(), server_default="0", nullable=False))
    create_index("ix_shipments_parent", "shipments", ["company_id", "parent_id"], "parent_id IS NOT NULL")
    create_index("ix_shipments_unnumbered", "shipments", ["company_id", "shop_id", "id"], "tracking_number IS NULL")


def downgrade() -> None:
    """Back."""
    op.drop_column("shipments", "linked")
    op.drop_column("shipments", "identity")
    op.drop_table("names")
    drop_index("ix_shipments_unnumbered", "shipments")
    drop_index("ix_shipments_parent", "shipments")
