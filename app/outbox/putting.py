"""Putting messages into the outbox, in the transaction of what caused them. Nothing is sent from here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import bindparam, select

from app.bulk import Fetch, Insert, names_of, reader
from app.database import Session, new_id
from app.errors import NotFound
from app.outbox.rules import of_shop, rows_where, rules_of
from app.outbox.tables import endpoints, messages
from app.shipments.shipment import Shipment
from app.shops import COLUMNS as SHOP
from app.shops import Shop
from app.shops import get as get_shop
from app.triggers import Audience, Decision, NotSent, Rule

FOR_GOOD = (NotSent.FIRST_IMPORT.value, NotSent.REPLAY.value)
"""Reasons that no later decision overrides."""

HARD_LIMIT = 64 * 1024
"""Bytes of a webhook's body; a larger one goes out thin, with the id to ask for."""


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who is told of a shop's shipments: its rules, and its endpoints with the types they take (empty for all)."""

    shop: Shop
    rules: tuple[Rule, ...]
    endpoints: tuple[tuple[UUID, frozenset[str]], ...]


async def listeners(db: Session, company_id: UUID, shop_id: UUID) -> Listeners:
    """The shop with everybody it wants told; NotFound. On PostgreSQL it is one round trip."""
    place = company_id, shop_id
    if db.driver is None:
        shop, theirs = await get_shop(db, *place), await of_shop(db, *place)
        takers = await db.all(_TAKERS, dict(zip(("company", "shop"), place, strict=True)))
        return Listeners(shop, tuple(theirs), tuple((each.id, frozenset(each.types)) for each in takers))
    found = await _LISTENERS(db, [[each] for each in place], {})
    if not found:
        raise NotFound(f"No shop {shop_id}.")
    return found[0]


def _listeners(*row: Any) -> Listeners:
    *said, theirs, takers = row
    takes = tuple((id_, frozenset(types)) for id_, types in _read_takers(takers))
    return Listeners(Shop(*said), tuple(rules_of(theirs)), takes)


_TAKER = (endpoints.c.id, endpoints.c.types)
_read_takers = reader(_TAKER)
_TAKERS = select(*_TAKER).where(
    endpoints.c.company_id == bindparam("company"), endpoints.c.shop_id == bindparam("shop"), endpoints.c.enabled
)


def _listening(places: str) -> Fetch[Listeners]:
    """PostgreSQL: who listens to the shops of these places, company and id."""
    theirs = "company_id = shops.company_id AND shop_id = shops.id"
    return Fetch(
        [*SHOP, None, None],
        _listeners,
        f"""
        SELECT {names_of(SHOP, "shops.")}, ARRAY({rows_where(theirs)}), ARRAY(
            SELECT ROW(id, types) FROM endpoints WHERE {theirs} AND enabled
        )
        FROM (SELECT DISTINCT {places}) AS place(company, shop) CROSS JOIN LATERAL (
            SELECT * FROM shops WHERE company_id = place.company AND id = place.shop OFFSET 0
        ) AS shops
        """,  # noqa: S608  (of our own names)
        _TAKERS,
    )


_LISTENERS = _listening("* FROM unnest($1::uuid[], $2::uuid[])")
LISTENERS_TO = _listening(
    """
    its.* FROM unnest($1::uuid[], $2::uuid[]) AS wanted(company, shipment) CROSS JOIN LATERAL (
        SELECT company_id, shop_id FROM shipments WHERE company_id = wanted.company AND id = wanted.shipment OFFSET 0
    ) AS its
    """
)
"""PostgreSQL: who listens to the shops of shipments, by two arrays: their companies, their ids."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """Something machines are told: its webhook type, what sets it apart from others of that type, and its data.

    `news_at` is when the event occurred that it is news of, none if of none.
    """

    type: str
    distinct: str
    data: Mapping[str, Any]
    event_key: str | None = None
    news_at: datetime | None = None


async def announce(db: Session, to: Listeners, shipment: Shipment, announcements: Iterable[Announcement]) -> None:
    """One message for each endpoint that takes the type."""
    await put_webhooks(db, webhooks(db, to, shipment, announcements))


def webhooks(
    db: Session, to: Listeners, shipment: Shipment, announcements: Iterable[Announcement]
) -> list[dict[str, Any]]:
    """The rows of those messages; their bodies are fixed here: every attempt sends the same bytes."""
    rows = []
    for each in announcements:
        takers = [endpoint_id for endpoint_id, types in to.endpoints if not types or each.type in types]
        payload = {"body": _body(db, shipment, each)} if takers else {}
        rows += [
            {
                **_base(db, shipment),
                "target": f"endpoint:{endpoint_id}",
                "cause": f"{each.type}:{each.distinct}",
                "channel": "webhook",
                "audience": "machine",
                "type": each.type,
                "rule_id": None,
                "endpoint_id": endpoint_id,
                "event_key": each.event_key,
                "decided_at": each.news_at,
                "payload": payload,
                "state": "due",
                "reason": "",
                "due_at": db.now,
            }
            for endpoint_id in takers
        ]
    return rows


async def put_webhooks(db: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Put them, each once."""
    await _PUT_ONCE(db, [_row(row) for row in rows])


def letters(
    db: Session,
    shipment: Shipment,
    decisions: Sequence[Decision],
    written: Mapping[Audience, dict[str, Any]],
    news_at: datetime | None,
) -> list[dict[str, Any]]:
    """A row for each decision, due or with its reason; `written` are payloads by audience, `news_at` as above."""
    return [
        {
            **_base(db, shipment),
            "target": f"rule:{decision.rule.id}:{decision.rule.audience}:{decision.rule.channel}",
            "cause": decision.cause,
            "channel": decision.rule.channel,
            "audience": decision.rule.audience.value,
            "type": decision.rule.name,
            "rule_id": _id(decision.rule.id),
            "endpoint_id": None,
            "event_key": shipment.decided_by,
            "decided_at": news_at,
            "payload": {
                **written[decision.rule.audience],
                "rule": decision.rule.name,
                "occasion": decision.rule.occasion.value,
            },
            "state": "skipped" if decision.send_at is None else "due",
            "reason": decision.reason or "",
            "due_at": decision.send_at,
        }
        for decision in decisions
    ]


async def put_letters(db: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Put them; a cause that the ledger holds as not sent is taken up again, unless it is held back for good."""
    await _PUT_OR_TAKE_UP(db, [_row(row) for row in rows])


_NAMES = (
    *("company_id", "id", "shop_id", "shipment_id", "target", "cause", "channel", "audience", "type", "rule_id"),
    *("endpoint_id", "status", "sub_status", "event_key", "decided_at", "version", "payload", "state", "reason"),
    *("due_at", "created_at"),
)
_row = itemgetter(*_NAMES)
_TAKEN_UP = ("version", "status", "sub_status", "decided_at", "payload", "state", "reason", "due_at")

_PUT_ONCE = Insert(messages, _NAMES, conflict="DO NOTHING")
_PUT_OR_TAKE_UP = Insert(
    messages,
    _NAMES,
    conflict=f"""
    (company_id, shipment_id, target, cause) DO UPDATE
    SET {", ".join(f"{name} = excluded.{name}" for name in _TAKEN_UP)}
    WHERE messages.state IN ('skipped', 'cancelled')
      AND messages.reason NOT IN ({", ".join(f"'{reason}'" for reason in FOR_GOOD)})
    """,  # noqa: S608  (of our own names)
)


def address_known(shop: Shop, shipment: Shipment) -> dict[Audience, bool]:
    """Whether there is somebody to write to."""
    return {Audience.RECIPIENT: bool(shipment.recipient_email), Audience.STAFF: bool(shop.staff_mail)}


def _base(db: Session, shipment: Shipment) -> dict[str, Any]:
    return {
        "company_id": shipment.company_id,
        "id": new_id(),
        "shop_id": shipment.shop_id,
        "shipment_id": shipment.id,
        "status": shipment.status,
        "sub_status": shipment.sub_status,
        "version": shipment.version,
        "created_at": db.now,
    }


_id = lru_cache(maxsize=4096)(UUID)


def _body(db: Session, shipment: Shipment, each: Announcement) -> str:
    body = orjson.dumps({"type": each.type, "timestamp": db.now, "data": each.data})
    if len(body) > HARD_LIMIT:
        thin = {"id": shipment.id, "version": shipment.version, "status": shipment.status, "truncated": True}
        body = orjson.dumps({"type": each.type, "timestamp": db.now, "data": thin})
    return body.decode()
