"""Rows that mend carriers' tables, replays that apply them to the past, shadows; where unlisted codes were seen."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
DUE = sa.text("state = 'due'")


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "mappings",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("context", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("sub_status", sa.Text(), nullable=True),
        sa.Column("weak", sa.Boolean(), nullable=False),
        sa.Column("doubtful", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("withdrawn_at", INSTANT, nullable=True),
        sa.Column("withdrawn_by", sa.Text(), server_default="", nullable=False),
        sa.Column("withdrawn_reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_mappings")),
    )
    op.create_table(
        "replays",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mapping_id", sa.Uuid(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("looked_at", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("at_company_id", sa.Uuid(), nullable=True),
        sa.Column("at_id", sa.Uuid(), nullable=True),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_replays")),
    )
    op.create_index("ix_replays_mapping", "replays", ["company_id", "mapping_id", "id"])
    op.create_index("ix_replays_due", "replays", ["due_at"], postgresql_where=DUE, sqlite_where=DUE)
    op.create_table(
        "shadows",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("arrival_id", sa.Uuid(), nullable=False),
        sa.Column("compared", sa.Integer(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("company_id", "carrier", name=op.f("pk_shadows")),
    )
    said = ("carrier", "list", "code", "now", "then", "by")
    op.create_table(
        "differences",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in said),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("arrival_id", sa.Uuid(), nullable=False),
        sa.Column("first_seen_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("company_id", *said, name=op.f("pk_differences")),
    )
    op.create_index("ix_differences_seen", "differences", ["last_seen_at"])
    op.create_table(
        "sightings",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.Column("shipment_id", sa.Uuid(), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint(
            "company_id", "carrier", "list", "code", "shop_id", "shipment_id", name=op.f("pk_sightings")
        ),
    )
    op.create_index("ix_sightings_shipment", "sightings", ["company_id", "shipment_id"])
    op.create_index("ix_sightings_seen", "sightings", ["seen_at"])


def downgrade() -> None:
    """Back."""
    for table in ("sightings", "differences", "shadows", "replays", "mappings"):
        op.drop_table(table)
