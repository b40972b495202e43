"""What a carrier calls a subscription: by that name it asks whether it was we, and only then pushes."""

import sqlalchemy as sa
from alembic import op

from migrations.online import add_column

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    add_column("subscriptions", sa.Column("name", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    """Back."""
    op.drop_column("subscriptions", "name")
