"""Calls to carriers by account and hour; accounts that are disabled for refused credentials, and their daily quota."""

import sqlalchemy as sa
from alembic import op

from migrations.online import add_column

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COLUMNS = (
    ("refusals", sa.Integer(), "0"),
    ("disabled_at", sa.DateTime(timezone=True), None),
    ("disabled_reason", sa.Text(), ""),
    ("daily_quota", sa.Integer(), None),
    ("spent", sa.Integer(), "0"),
    ("spent_on", sa.DateTime(timezone=True), None),
    ("rationed_until", sa.DateTime(timezone=True), None),
)
COUNTED = ("calls", "answered", "throttled", "refused", "asked", "not_found")


def upgrade() -> None:
    """Forward."""
    for name, kind, default in COLUMNS:
        add_column("carrier_accounts", sa.Column(name, kind, server_default=default, nullable=default is None))
    op.create_table(
        "carrier_calls",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTED),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("slowest", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("company_id", "account_id", "hour", name=op.f("pk_carrier_calls")),
        if_not_exists=True,
    )
    op.create_index("ix_carrier_calls_hour", "carrier_calls", ["hour"], if_not_exists=True)


def downgrade() -> None:
    """Back."""
    op.drop_table("carrier_calls")
    for name, _, _ in reversed(COLUMNS):
        op.drop_column("carrier_accounts", name)
