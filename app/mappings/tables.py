"""The tables of mended rows, of replays that apply them to the past, and of what shadows would say otherwise."""

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text, text

from app.database import Id, Instant, Word, metadata
from carriers.vocabulary import Status, SubStatus

mappings = Table(
    "mappings",
    metadata,
    # The company, or `EVERYBODY` for the whole installation.
    Column("company_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("carrier", Text, nullable=False),
    Column("list", Text, nullable=False),
    # The beginning of the text, where the carrier gives no code.
    Column("code", Text, nullable=False),
    # None: whatever beside the code decided the meaning.
    Column("context", Text),
    Column("status", Word(Status)),
    Column("sub_status", Word(SubStatus)),
    Column("weak", Boolean, nullable=False),
    Column("doubtful", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("withdrawn_at", Instant),
    Column("withdrawn_by", Text, nullable=False, server_default=""),
    Column("withdrawn_reason", Text, nullable=False, server_default=""),
)

replays = Table(
    "replays",
    metadata,
    # Of the mapping that is applied.
    Column("company_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("mapping_id", Id, nullable=False),
    Column("author", Text, nullable=False),
    Column("state", Text, nullable=False),
    # How many shipments there are to look at, as counted at the beginning; none before.
    Column("total", Integer),
    Column("looked_at", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    # The shipment last looked at.
    Column("at_company_id", Id),
    Column("at_id", Id),
    Column("due_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Index("ix_replays_mapping", "company_id", "mapping_id", "id"),
    Index("ix_replays_due", "due_at", postgresql_where=text("state = 'due'"), sqlite_where=text("state = 'due'")),
)

shadows = Table(
    "shadows",
    metadata,
    # What a company's bodies of a carrier have been compared for, and up to which of them.
    Column("company_id", Id, primary_key=True),
    Column("carrier", Text, primary_key=True),
    Column("arrival_id", Id, nullable=False),
    Column("compared", Integer, nullable=False),
    Column("since", Instant, nullable=False),
)

differences = Table(
    "differences",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("carrier", Text, primary_key=True),
    Column("list", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    # What the event means, and would mean: `status/sub_status`, empty if nothing.
    Column("now", Text, primary_key=True),
    Column("then", Text, primary_key=True),
    # By which row of whose: `mapping/<id>`, or the shadow adapter's slug.
    Column("by", Text, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("arrival_id", Id, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Index("ix_differences_seen", "last_seen_at"),
)
