"""The table of requests to erase."""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Table, Text, text

from app.database import Id, Instant, Json, metadata

erasures = Table(
    "erasures",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("shop_ids", Json, nullable=False),
    # email, phone, or shipment for what a deleted one has left elsewhere.
    Column("kind", Text, nullable=False),
    # Whom it is about, sealed; empty once it is done.
    Column("subject", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    # How far it has come: the stage, and the id last looked at in it.
    Column("stage", Integer, nullable=False),
    Column("cursor", Text, nullable=False),
    Column("counts", Json, nullable=False),
    # Whether bodies that belong to no shipment are in reach: for who reaches every shop of the company.
    Column("unowned", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Index("ix_erasures_due", "created_at", postgresql_where=text("state = 'due'"), sqlite_where=text("state = 'due'")),
)
