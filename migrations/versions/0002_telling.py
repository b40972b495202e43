"""Endpoints' last error and pace, messages sent again, runs of imports; indexes for the list and for the claim."""

import sqlalchemy as sa
from alembic import op

from migrations.online import add_column, create_index, drop_index

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "imported",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("shipment_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("company_id", "run_id", "shipment_id", name=op.f("pk_imported")),
        if_not_exists=True,
    )
    op.create_index("ix_imported_created", "imported", ["created_at"], unique=False, if_not_exists=True)
    add_column("endpoints", sa.Column("last_failure_at", INSTANT, nullable=True))
    add_column("endpoints", sa.Column("last_error", sa.Text(), server_default="", nullable=False))
    add_column("endpoints", sa.Column("pace", sa.Float(), nullable=True))
    add_column("endpoints", sa.Column("pace_taken", sa.Integer(), server_default="0", nullable=False))
    add_column("endpoints", sa.Column("paced_until", INSTANT, nullable=True))
    add_column("messages", sa.Column("attempts_before", sa.Integer(), server_default="0", nullable=False))
    create_index("ix_endpoints_failing", "endpoints", ["failing_since"], "failing_since IS NOT NULL")
    drop_index("ix_messages_shipment", "messages")
    drop_index("ix_messages_endpoint", "messages")
    create_index("ix_messages_endpoint", "messages", ["company_id", "endpoint_id", "id"], "endpoint_id IS NOT NULL")
    create_index("ix_messages_ahead", "messages", ["company_id", "endpoint_id", "shipment_id", "id"], "state = 'due'")
    create_index("ix_messages_failed", "messages", ["company_id", "shop_id", "id"], "state IN ('failed', 'unknown')")
    create_index("ix_attempts_at", "attempts", ["at"])


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_attempts_at", table_name="attempts")
    for name in ("ix_messages_failed", "ix_messages_ahead", "ix_messages_endpoint"):
        op.drop_index(name, table_name="messages")
    op.create_index(
        "ix_messages_endpoint", "messages", ["company_id", "endpoint_id", "shipment_id", "id"], unique=False
    )
    op.create_index("ix_messages_shipment", "messages", ["company_id", "shipment_id", "id"], unique=False)
    op.drop_column("messages", "attempts_before")
    op.drop_index("ix_endpoints_failing", table_name="endpoints")
    for name in ("paced_until", "pace_taken", "pace", "last_error", "last_failure_at"):
        op.drop_column("endpoints", name)
    op.drop_index("ix_imported_created", table_name="imported")
    op.drop_table("imported")
