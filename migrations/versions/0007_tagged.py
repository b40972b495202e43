"""Tagged shipments have an index of their own; it costs nothing for those that have no tag."""

from alembic import op

from migrations.online import create_index

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    create_index("ix_shipments_tagged", "shipments", ["company_id", "shop_id", "id"], "tags <> '[]'")


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_shipments_tagged", table_name="shipments")
