"""A number has been another parcel's before: until when; names are found by number alone."""

import sqlalchemy as sa
from alembic import op

from migrations.online import add_column, create_index, drop_index

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = ("shipments", "names")


def upgrade() -> None:
    """Forward."""
    for table in TABLES:
        add_column(table, sa.Column("begins_after", sa.DateTime(timezone=True), nullable=True))
    create_index("ix_names_any_number", "names", ["company_id", "tracking_number"])


def downgrade() -> None:
    """Back."""
    drop_index("ix_names_any_number", "names")
    for table in reversed(TABLES):
        op.drop_column(table, "begins_after")
