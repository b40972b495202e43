"""Endpoints: where a shop's webhooks go, of which types, and the secrets that sign them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any, Literal, get_args
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Row, delete, func, select, update

from app.database import Session, new_id
from app.errors import Conflict, FieldError, InvalidInput, NotFound
from app.outbox.claiming import Target
from app.outbox.reasons import NotDelivered
from app.outbox.tables import endpoints, messages
from app.sealing import Sealer, new_signing_secret

Type = Literal[
    "shipment.created",
    "shipment.imported",
    "shipment.status_changed",
    "shipment.event_added",
    "shipment.eta_changed",
    "shipment.late",
    "shipment.stale",
    "shipment.corrected",
    "message.failed",
]
"""What an endpoint can be told of."""

TYPES: tuple[Type, ...] = get_args(Type)

Circuit = Literal["closed", "open", "half_open"]

PAYLOAD_VERSION = "1"
"""The form of the payloads that a new endpoint gets; an old one keeps its own."""

OVERLAP = timedelta(hours=24)
"""How long the former secret signs beside the new one."""

MAX_SECRETS, MAX_ENDPOINTS = 5, 20

REMEMBERED = 1024

_Kept = dict[str, str | None]

WELL: Mapping[str, object] = {"failures": 0, "failing_since": None, "warned_at": None, "open_until": None}
"""The columns of an endpoint that does not fail."""

FRESH: Mapping[str, object] = {**WELL, "recent_from": None, "recent_tried": 0, "recent_failed": 0}
"""The columns of one of which nothing is held against it any more."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where webhooks go.

    Health: failures in a row, since when, whether the shop was warned, until when its circuit is open, what it last
    answered amiss; attempts since the first failure of the last minutes, and how many of them failed. `pace`: how many
    a second it gets while it recovers, none for no limit.
    """

    company_id: UUID
    id: UUID
    shop_id: UUID
    url: str
    description: str
    types: tuple[str, ...]
    secrets: bytes = field(repr=False)
    payload_version: str
    enabled: bool
    disabled_reason: str
    failures: int
    failing_since: datetime | None
    warned_at: datetime | None
    open_until: datetime | None
    recent_from: datetime | None
    recent_tried: int
    recent_failed: int
    last_success_at: datetime | None
    last_failure_at: datetime | None
    last_error: str
    pace: float | None
    pace_taken: int
    paced_until: datetime | None
    created_at: datetime

    def circuit(self, now: datetime) -> Circuit:
        """`open` while nothing is sent, `half_open` when one message may try again."""
        if self.open_until is None:
            return "closed"
        return "open" if self.open_until > now else "half_open"


async def create(
    db: Session,
    sealer: Sealer,
    company_id: UUID,
    shop_id: UUID,
    *,
    url: str,
    types: Sequence[str],
    description: str = "",
) -> tuple[Endpoint, str]:
    """A new endpoint, and its signing secret, shown this once. The address was checked by `outbound.check_url`.

    InvalidInput for an unknown type; Conflict beyond 20 endpoints of a shop.
    """
    mine = (endpoints.c.company_id == company_id, endpoints.c.shop_id == shop_id)
    if await db.value(select(func.count()).select_from(endpoints).where(*mine)) >= MAX_ENDPOINTS:
        raise Conflict(f"A shop has at most {MAX_ENDPOINTS} endpoints: delete one first.", code="too_many_endpoints")
    endpoint_id, secret = new_id(), new_signing_secret()
    await db.run(
        endpoints.insert().values(
            company_id=company_id,
            id=endpoint_id,
            shop_id=shop_id,
            url=url,
            description=description,
            types=_known(types),
            secrets=_sealed(sealer, endpoint_id, [{"secret": secret, "until": None}]),
            payload_version=PAYLOAD_VERSION,
            enabled=True,
            created_at=db.now,
        )
    )
    return await get(db, company_id, shop_id, endpoint_id), secret


async def get(db: Session, company_id: UUID, shop_id: UUID, endpoint_id: UUID) -> Endpoint:
    """One endpoint of a shop; NotFound for another shop's as for a missing one."""
    row = await db.first(select(endpoints).where(*_this(company_id, shop_id, endpoint_id)))
    if row is None:
        raise NotFound(f"No endpoint {endpoint_id}.")
    return _endpoint(row)


async def of_shop(db: Session, company_id: UUID, shop_id: UUID) -> list[Endpoint]:
    """The shop's endpoints, oldest first."""
    query = select(endpoints).where(endpoints.c.company_id == company_id, endpoints.c.shop_id == shop_id)
    return [_endpoint(row) for row in await db.all(query.order_by(endpoints.c.id))]


async def change(
    db: Session,
    endpoint: Endpoint,
    *,
    url: str | None = None,
    types: Sequence[str] | None = None,
    description: str | None = None,
    enabled: bool | None = None,
) -> Endpoint:
    """Change what is given. Enabling forgets the failures; a new address (checked before) does as well."""
    changes: dict[str, object] = {}
    if types is not None:
        changes["types"] = _known(types)
    if description is not None:
        changes["description"] = description
    if enabled or (url is not None and url != endpoint.url):
        changes |= FRESH
    if url is not None:
        changes["url"] = url
    if enabled is not None:
        changes |= {"enabled": enabled, "disabled_reason": "" if enabled else "switched off by the shop"}
    if changes:
        this = _this(endpoint.company_id, endpoint.shop_id, endpoint.id)
        await db.run(update(endpoints).where(*this).values(**changes))
    return await get(db, endpoint.company_id, endpoint.shop_id, endpoint.id)


async def rotate(db: Session, sealer: Sealer, endpoint: Endpoint) -> tuple[Endpoint, str]:
    """A new signing secret, shown this once; the former one signs beside it for 24 hours.

    Conflict while five are live.
    """
    live = _live(_opened(sealer, endpoint.id, endpoint.secrets), db.now)
    if len(live) >= MAX_SECRETS:
        raise Conflict(
            f"{MAX_SECRETS} secrets of this endpoint are live: wait until one of them has ended.",
            code="too_many_secrets",
        )
    secret, ends = new_signing_secret(), (db.now + OVERLAP).isoformat()
    kept = [{"secret": secret, "until": None}, *({**each, "until": each["until"] or ends} for each in live)]
    sealed = _sealed(sealer, endpoint.id, kept)
    this = _this(endpoint.company_id, endpoint.shop_id, endpoint.id)
    await db.run(update(endpoints).where(*this).values(secrets=sealed))
    return replace(endpoint, secrets=sealed), secret


async def remove(db: Session, company_id: UUID, shop_id: UUID, endpoint_id: UUID) -> None:
    """Delete an endpoint, and cancel what is due to it; NotFound if the shop has none such."""
    if not await db.run(delete(endpoints).where(*_this(company_id, shop_id, endpoint_id))):
        raise NotFound(f"No endpoint {endpoint_id}.")
    due = messages.c.company_id == company_id, messages.c.endpoint_id == endpoint_id, messages.c.state == "due"
    await db.run(
        update(messages).where(*due).values(state="cancelled", reason=NotDelivered.ENDPOINT_REMOVED, lease_until=None)
    )


class Secrets:
    """The secrets of the endpoints that a process posts to, each opened once for as long as it is in use."""

    def __init__(self, sealer: Sealer) -> None:
        self._opened = lru_cache(REMEMBERED)(partial(_opened, sealer))

    def of(self, endpoint: Target, now: datetime) -> tuple[str, ...]:
        """Those that sign at this time, the newest first."""
        return tuple(str(each["secret"]) for each in _live(self._opened(endpoint.id, endpoint.secrets), now))


def secrets_of(sealer: Sealer, endpoint: Endpoint | Target | Row[Any], now: datetime) -> tuple[str, ...]:
    """The secrets that sign at this time, the newest first."""
    return tuple(str(each["secret"]) for each in _live(_opened(sealer, endpoint.id, endpoint.secrets), now))


def _opened(sealer: Sealer, endpoint_id: UUID, sealed: bytes) -> list[_Kept]:
    kept: list[_Kept] = orjson.loads(sealer.open(sealed, f"endpoint:{endpoint_id}"))
    return kept


def _live(kept: list[_Kept], now: datetime) -> list[_Kept]:
    return [each for each in kept if each["until"] is None or datetime.fromisoformat(each["until"]) > now]


def _sealed(sealer: Sealer, endpoint_id: UUID, kept: Sequence[dict[str, str | None]]) -> bytes:
    return sealer.seal(orjson.dumps(kept), f"endpoint:{endpoint_id}")


def _known(types: Sequence[str]) -> list[str]:
    wrong = [each for each in types if each not in TYPES]
    if wrong or not types:
        message = f"Name at least one of {', '.join(TYPES)}."
        raise InvalidInput(message, [FieldError("types", message)])
    return list(dict.fromkeys(types))


def _this(company_id: UUID, shop_id: UUID, endpoint_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return (endpoints.c.company_id == company_id, endpoints.c.shop_id == shop_id, endpoints.c.id == endpoint_id)


def _endpoint(row: Row[Any]) -> Endpoint:
    return Endpoint(**{**row._mapping, "types": tuple(row.types)})
