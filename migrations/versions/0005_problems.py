"""Problems are few, and what a shop looks for most: they have an index of their own."""

from alembic import op

from migrations.online import create_index

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    create_index("ix_shipments_problem", "shipments", ["company_id", "shop_id", "id"], "problem")


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_shipments_problem", table_name="shipments")
