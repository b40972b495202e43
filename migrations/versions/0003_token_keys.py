"""The keys that tokens were made with outlive the secret keys that they came from."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "token_keys",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_token_keys")),
    )


def downgrade() -> None:
    """Back: links made under a former key end, unless it is in NOVE_SECRET_KEY_OLD."""
    op.drop_table("token_keys")
