"""Shipments that a person is to look at: those whose number is another parcel's by now, those of no certain carrier."""

import sqlalchemy as sa
from alembic import op

from migrations.online import add_column, create_index

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

PLACE = ["company_id", "shop_id", "id"]


def upgrade() -> None:
    """Forward."""
    add_column("shipments", sa.Column("recycled_at", sa.DateTime(timezone=True), nullable=True))
    create_index("ix_shipments_recycled", "shipments", PLACE, "recycled_at IS NOT NULL")
    create_index("ix_shipments_unsettled", "shipments", PLACE, "identity = 'unsettled'")


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_shipments_unsettled", table_name="shipments")
    op.drop_index("ix_shipments_recycled", table_name="shipments")
    op.drop_column("shipments", "recycled_at")
