"""The tables of subscriptions: which shipments a carrier is to push the news of, and what it asks before it does.

A row is written when a shipment gets its account and number. The worker subscribes, and renews in time.
"""

from collections.abc import Iterable
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Column, Index, Integer, Table, Text, func, select, text, update

from app.database import Id, Instant, Session, metadata

DUE = text("due_at IS NOT NULL")


class SubscriptionState(StrEnum):
    """`wanted`: the carrier is to be asked; `pending`: it has been, and we wait for its handshake; `live`: it pushes;
    `refused`: it does not take the number.
    """

    WANTED = "wanted"
    PENDING = "pending"
    LIVE = "live"
    REFUSED = "refused"


subscriptions = Table(
    "subscriptions",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("shipment_id", Id, primary_key=True),
    Column("account_id", Id, nullable=False),
    Column("state", Text, nullable=False),
    Column("until_at", Instant),
    Column("due_at", Instant),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("reason", Text, nullable=False, server_default=""),
    # What the carrier calls it; empty if it does not say.
    Column("name", Text, nullable=False, server_default=""),
    Index("ix_subscriptions_due", "due_at", postgresql_where=DUE, sqlite_where=DUE),
)

handshakes = Table(
    "handshakes",
    metadata,
    Column("company_id", Id, primary_key=True),
    Column("account_id", Id, primary_key=True),
    Column("subscription", Text, primary_key=True),
    Column("secret", Text, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
)


async def want(db: Session, company_id: UUID, account_id: UUID, shipment_id: UUID) -> None:
    """Let the carrier be asked to push a shipment's news, anew if it has been: its number may be another."""
    insert = db.insert(subscriptions).values(
        company_id=company_id,
        shipment_id=shipment_id,
        account_id=account_id,
        state=SubscriptionState.WANTED.value,
        due_at=db.now,
        attempts=0,
    )
    new = insert.excluded
    changed = {name: new[name] for name in ("account_id", "state", "due_at", "attempts")}
    await db.run(insert.on_conflict_do_update(index_elements=["company_id", "shipment_id"], set_=changed))


async def counted(db: Session, company_id: UUID, account_id: UUID) -> dict[str, int]:
    """How many of an account's subscriptions are in each state; one that has ended unrenewed is wanted anew."""
    mine = subscriptions.c.company_id == company_id, subscriptions.c.account_id == account_id
    ended = subscriptions.c.until_at <= db.now
    query = select(subscriptions.c.state, ended.label("ended"), func.count().label("number")).where(*mine)
    found: dict[str, int] = {}
    for row in await db.all(query.group_by(subscriptions.c.state, ended)):
        state = SubscriptionState.WANTED.value if row.ended else row.state
        found[state] = found.get(state, 0) + row.number
    return found


async def begun(db: Session, company_id: UUID, account_id: UUID, name: str) -> bool:
    """The carrier's handshake is answered, so it pushes from here on; whether we know the subscription by now."""
    this = subscriptions.c.company_id == company_id, subscriptions.c.account_id == account_id
    open_ = subscriptions.c.state.in_([SubscriptionState.PENDING.value, SubscriptionState.LIVE.value])
    named = subscriptions.c.name.in_(["", name])
    live = {"state": SubscriptionState.LIVE.value, "reason": ""}
    return bool(await db.run(update(subscriptions).where(*this, named, open_).values(live)))


async def keep_handshakes(db: Session, asked: Iterable[tuple[UUID, UUID, str, str]]) -> None:
    """Keep what carriers ask, by company, account, subscription and secret, for the worker to answer."""
    for company_id, account_id, subscription, secret in asked:
        insert = db.insert(handshakes).values(
            company_id=company_id,
            account_id=account_id,
            subscription=subscription,
            secret=secret,
            due_at=db.now,
        )
        place = ["company_id", "account_id", "subscription"]
        new = {"secret": insert.excluded.secret, "due_at": insert.excluded.due_at, "attempts": 0}
        await db.run(insert.on_conflict_do_update(index_elements=place, set_=new))
