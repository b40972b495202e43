"""The attempts of an endpoint's last minutes, so that a share of failures opens its circuit too."""

import sqlalchemy as sa
from alembic import op

from migrations.online import add_column

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    add_column("endpoints", sa.Column("recent_from", sa.DateTime(timezone=True), nullable=True))
    add_column("endpoints", sa.Column("recent_tried", sa.Integer(), server_default="0", nullable=False))
    add_column("endpoints", sa.Column("recent_failed", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    """Back."""
    op.drop_column("endpoints", "recent_failed")
    op.drop_column("endpoints", "recent_tried")
    op.drop_column("endpoints", "recent_from")
