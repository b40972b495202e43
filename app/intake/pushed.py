"""A carrier's push: verified, read, taken in once; what is answered is stored.

1. Verify it by the account's secrets; a signed time must be near ours.
2. Read it, outside of any transaction. What cannot be read is kept in quarantine.
3. In one transaction: remember the message's id (one that is known ends here), take the parcels in.
4. If that fails for a reason of ours, the push is kept by itself, for a worker to try again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import bindparam, delete, or_, select, tuple_, update

from app import accounts
from app.accounts import CarrierAccount
from app.arrivals.keeping import ArrivalSource, ArrivalState, Arrived, Part, body_hash, keep, keep_all
from app.arrivals.tables import arrivals, pushes
from app.bulk import Fetch, Insert
from app.database import Session
from app.errors import NotAuthenticated, NotFound, TryLater
from app.gathering import Gatherer
from app.installation import Installation
from app.intake.addressing import addressed
from app.intake.concerning import numbers_of
from app.intake.taking import Taken, take_in
from app.intake.waiting import UNCLAIMED_FOR
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments
from app.subscriptions import keep_handshakes
from carriers import UnreadablePayload, carriers
from carriers.base import BadSignature, Verified
from carriers.event import Parcel

TOLERANCE = timedelta(seconds=300)
GROUPS = 2
"""Of pushes that are taken in at the same time: the one is worked out while the other is written."""

log = structlog.get_logger()


class Outcome(StrEnum):
    """What became of a push."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"  # it had come before: nothing was done
    QUARANTINED = "quarantined"  # not understood: kept for a person
    DEFERRED = "deferred"  # kept, and tried again by a worker


@dataclass(frozen=True, slots=True)
class PushResult:
    """What became of a push, of how many parcels it told, and how many of its events were new."""

    status: Outcome
    parcels: int = 0
    new_events: int = 0


@dataclass(frozen=True, slots=True)
class _Push:
    """A genuine push. `message_id` is empty if the carrier gives none."""

    account: CarrierAccount
    message_id: str
    body: bytes
    received_at: datetime
    parts: list[Arrived]
    """What it tells, parcel by parcel; nothing if it could not be read for a reason of ours."""

    @property
    def identity(self) -> tuple[UUID, UUID, str]:
        """What tells it apart: its id, or its body's digest."""
        return self.account.company_id, self.account.id, self.message_id or body_hash(self.body)

    @property
    def memory(self) -> tuple[object, ...]:
        """The row by which its id is remembered."""
        return self.account.company_id, self.account.id, self.message_id, self.received_at

    def handshake(self) -> tuple[UUID, UUID, str, str] | None:
        """What a push about a subscription asks, if it does: company, account, the subscription and the secret."""
        asked = carriers()[self.account.carrier].handshake(self.body)
        return (self.account.company_id, self.account.id, *asked) if asked else None

    def part(self, parcel: Parcel | None, reason: str = "") -> Arrived:
        """One parcel's part of it, or the whole if none can be told."""
        return Arrived(
            self.account.company_id,
            self.account.carrier,
            ArrivalSource.HOOK,
            self.body,
            self.received_at,
            account_id=self.account.id,
            parcel=parcel,
            reason=reason,
        )


class Pushes:
    """Takes pushes in; those that come at the same time in one transaction."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        sizes = installation.metrics.groups
        self._gatherer = Gatherer[_Push, PushResult](
            installation.database,
            self._take,
            groups=GROUPS,
            sized=lambda size: sizes.add("pushes", values=(size,)),
            weigh=lambda pushed: len(pushed.parts) or 1,
        )

    async def push(self, account: CarrierAccount, headers: Mapping[str, str], body: bytes) -> PushResult:
        """Take a push in. Header names are in lower case. NotAuthenticated says what is wrong with its signature."""
        pushed, result = await self._received(account, headers, body)
        if result.status in (Outcome.DUPLICATE, Outcome.DEFERRED):  # any other is counted as it is taken in
            arrivals = self._installation.metrics.arrivals
            arrivals.add(account.carrier, ArrivalSource.HOOK, result.status, number=len(pushed.parts) or 1)
        return result

    async def _received(
        self, account: CarrierAccount, headers: Mapping[str, str], body: bytes
    ) -> tuple[_Push, PushResult]:
        structlog.contextvars.bind_contextvars(account_id=str(account.id))
        carrier = carriers().get(account.carrier)
        if carrier is None:
            raise NotFound("No carrier account has this address.")
        now = self._installation.database.now()
        verified = _verified(self._installation, account, headers, body, now)
        pushed = _Push(account, verified.message_id[:200], body, now, [])
        try:
            pushed.parts.extend([pushed.part(parcel) for parcel in carrier.parse(body)])
            if carrier.couriers:
                async with self._installation.database.reading() as db:
                    pushed.parts[:] = await addressed(db, self._installation.sealer, account, pushed.parts)
        except UnreadablePayload as error:
            pushed.parts.append(pushed.part(None, str(error) or "unreadable"))
        except TryLater:
            raise
        except Exception as error:
            return pushed, await _defer(self._installation, pushed, error)
        try:
            return pushed, await self._gatherer.put(pushed)
        except TryLater:
            raise
        except Exception as error:
            return pushed, await _defer(self._installation, pushed, error)

    async def _take(self, db: Session, group: Sequence[_Push]) -> list[PushResult]:
        first = await _first_time(db, group)
        fresh = [pushed for pushed, new in zip(group, first, strict=True) if new]
        # A push about the subscription, say, tells nothing of any parcel: its body is kept all the same.
        bare = [each for each in fresh if not each.parts]
        await keep_all(db, [Part(each.part(None), ArrivalState.TAKEN) for each in bare])
        asked = {id(each): place for each in group if not each.parts and (place := each.handshake())}
        await keep_handshakes(db, asked.values())  # one that comes again is to be answered again
        taken = iter(await take_in(self._installation, db, [part for each in fresh for part in each.parts]))
        results, ask = [], list[Shipment]()
        for pushed, new in zip(group, first, strict=True):
            its = [next(taken) for _ in pushed.parts] if new else []
            results.append(_result(its) if new or id(pushed) in asked else PushResult(Outcome.DUPLICATE))
            if its and all(each.state is None for each in its):
                await _forget(db, pushed)
            carrier = carriers()[pushed.account.carrier]
            if not carrier.signs and carrier.polls:
                ask += [shipment for each in its if each.new for shipment in each.shipments]
        await _ask_at_once(db, ask)
        return results


def _result(taken: Sequence[Taken]) -> PushResult:
    if taken and all(each.state is ArrivalState.QUARANTINED for each in taken):
        return PushResult(Outcome.QUARANTINED)
    return PushResult(Outcome.ACCEPTED, len(taken), sum(len(each.new) for each in taken))


def _verified(
    installation: Installation, account: CarrierAccount, headers: Mapping[str, str], body: bytes, now: datetime
) -> Verified:
    secrets = accounts.secrets_of(installation.sealer, account)
    try:
        verified = carriers()[account.carrier].verify(headers, body, secrets)
    except BadSignature as error:
        raise NotAuthenticated(
            f"The push is refused: {error}. Sign it with the secret of this account.", code="bad_signature"
        ) from error
    if verified.timestamp is not None and abs(now - verified.timestamp) > TOLERANCE:
        raise NotAuthenticated(
            f"The push was signed at {verified.timestamp.isoformat()}, and it is {now.isoformat(timespec='seconds')}: "
            f"at most {TOLERANCE.total_seconds():.0f} seconds may lie between. Set the sender's clock, sign it anew.",
            code="stale_timestamp",
        )
    return verified


_OF_USE = (ArrivalState.TAKEN.value, ArrivalState.UNCLAIMED.value)
_IDENTITY = (arrivals.c.company_id, arrivals.c.account_id, arrivals.c.body_hash)
_SEEN = Fetch(
    _IDENTITY,
    lambda *values: values,
    f"""
    SELECT wanted.company, seen.account_id, wanted.hash
    FROM unnest($1::uuid[], $2::bytea[]) AS wanted(company, hash)
    CROSS JOIN LATERAL (
        SELECT DISTINCT account_id FROM arrivals
        WHERE company_id = wanted.company AND body_hash = wanted.hash
          AND source = '{ArrivalSource.HOOK.value}' AND received_at > $3 AND state IN {_OF_USE}
    ) AS seen
    """,  # noqa: S608  (of our own words)
    select(*_IDENTITY).where(
        tuple_(arrivals.c.company_id, arrivals.c.body_hash).in_(bindparam("wanted", expanding=True)),
        arrivals.c.source == ArrivalSource.HOOK.value,
        arrivals.c.received_at > bindparam("since"),
        arrivals.c.state.in_(_OF_USE),
    ),
)
_REMEMBER = Insert(pushes, conflict="DO NOTHING", returning=("company_id", "account_id", "message_id"))


async def _first_time(db: Session, group: Sequence[_Push]) -> list[bool]:
    """Whether each push is new: by its id, remembered from here on, else by its body if that has been of use."""
    named = {pushed.identity: pushed for pushed in reversed(group) if pushed.message_id}
    new: set[Sequence[Any]] = set()
    if named:
        new = set(await _REMEMBER(db, [pushed.memory for _, pushed in sorted(named.items())]))
    bodies = {pushed.identity: pushed for pushed in reversed(group) if not pushed.message_id}
    if bodies:
        since, wanted = db.now - UNCLAIMED_FOR, sorted({(company_id, digest) for company_id, _, digest in bodies})
        companies, digests = [each[0] for each in wanted], [bytes.fromhex(each[1]) for each in wanted]
        seen = await _SEEN(db, (companies, digests, since), {"wanted": wanted, "since": since})
        new |= set(bodies) - set(seen)
    first = {**named, **bodies}
    return [pushed.identity in new and first[pushed.identity] is pushed for pushed in group]


async def _forget(db: Session, pushed: _Push) -> None:
    """Let the push come again: nothing of it was kept, since its parcels were erased, and they may be posted anew."""
    account = pushed.account
    await db.run(
        delete(pushes).where(
            pushes.c.company_id == account.company_id,
            pushes.c.account_id == account.id,
            pushes.c.message_id == pushed.message_id,
        )
    )


async def _ask_at_once(db: Session, concerned: Sequence[Shipment]) -> None:
    """An unsigned push is believed, and the carrier is asked for what it says itself."""
    if concerned:
        ids = sorted({(shipment.company_id, shipment.id) for shipment in concerned})
        await db.run(
            update(shipments)
            .where(
                tuple_(shipments.c.company_id, shipments.c.id).in_(ids),
                shipments.c.account_id.is_not(None),
                or_(shipments.c.next_poll_at.is_(None), shipments.c.next_poll_at > db.now),
            )
            .values(next_poll_at=db.now)
        )


async def _defer(installation: Installation, pushed: _Push, error: Exception) -> PushResult:
    """Keep the push by itself, and let a worker try."""
    log.error("a push could not be taken in", account_id=str(pushed.account.id), exc_info=error)
    async with installation.database.transaction() as db:
        [new] = await _first_time(db, [pushed])
        if not new:
            return PushResult(Outcome.DUPLICATE)
        await keep_for_later(db, pushed.part(None), pushed.parts, error)
    return PushResult(Outcome.DEFERRED, len(pushed.parts))


async def keep_for_later(db: Session, whole: Arrived, parts: Sequence[Arrived], error: Exception) -> None:
    """Keep a body for a worker to take in, in a row for each parcel that it tells of."""
    reason = f"it could not be taken in: {type(error).__name__}"
    names = {min(numbers_of(part), default="") for part in parts} or {""}
    for name in [""] if "" in names else sorted(names):
        await keep(db, whole, ArrivalState.FAILED, number=name, reason=reason, next_try_at=db.now)
