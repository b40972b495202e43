"""What came of a candidate before it was settled anew stays to be seen; legs that the shop named are settled."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.online import add_column

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    add_column("names", sa.Column("earlier", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True))
    op.execute("UPDATE names SET settled_at = since WHERE role = 'leg' AND settled_at IS NULL")


def downgrade() -> None:
    """Back."""
    op.drop_column("names", "earlier")
