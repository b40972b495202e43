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

import structlog
from sqlalchemy import delete, or_, select, update

from app import accounts
from app.accounts import CarrierAccount
from app.arrivals.keeping import ArrivalSource, ArrivalState, Arrived, body_hash, keep
from app.arrivals.tables import arrivals, pushes
from app.database import Session
from app.errors import NotAuthenticated, NotFound, TryLater
from app.installation import Installation
from app.intake.claiming import UNCLAIMED_FOR
from app.intake.concerning import numbers_of
from app.intake.taking import Taken, take_in
from app.shipments.tables import shipments
from carriers import Carrier, UnreadablePayload, carriers
from carriers.base import BadSignature, Verified
from carriers.event import Parcel

TOLERANCE = timedelta(seconds=300)

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


async def push(
    installation: Installation, account: CarrierAccount, headers: Mapping[str, str], body: bytes
) -> PushResult:
    """Take a push in. Header names are in lower case. NotAuthenticated says what is wrong with its signature."""
    carrier = carriers().get(account.carrier)
    if carrier is None:
        raise NotFound("No carrier account has this address.")
    now = installation.database.now()
    verified = _verified(installation, account, headers, body, now)
    pushed = _Push(account, verified.message_id[:200], body, now)
    try:
        parts = [pushed.part(parcel) for parcel in carrier.parse(body)]
    except UnreadablePayload as error:
        parts = [pushed.part(None, str(error) or "unreadable")]
    except Exception as error:
        return await _defer(installation, pushed, [], error)
    try:
        async with installation.database.transaction() as db:
            return await _take(installation, db, carrier, pushed, parts)
    except TryLater:
        raise
    except Exception as error:
        return await _defer(installation, pushed, parts, error)


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


async def _take(
    installation: Installation, db: Session, carrier: Carrier, pushed: _Push, parts: Sequence[Arrived]
) -> PushResult:
    if not await _first_time(db, pushed):
        return PushResult(Outcome.DUPLICATE)
    if not parts:  # about the subscription, say: nothing for any parcel
        await keep(db, pushed.part(None), ArrivalState.TAKEN)
    taken = await take_in(installation, db, parts)
    if taken and all(each.state is None for each in taken):
        await _forget(db, pushed)
    if not carrier.signs and carrier.polls:
        await _ask_at_once(db, pushed.account, taken)
    if parts and parts[0].parcel is None:
        return PushResult(Outcome.QUARANTINED)
    return PushResult(Outcome.ACCEPTED, len(parts), sum(len(each.new) for each in taken))


async def _first_time(db: Session, pushed: _Push) -> bool:
    """Whether the push is new: by its id, remembered from here on, else by its body if that has been of use."""
    account = pushed.account
    if pushed.message_id:
        values = {
            "company_id": account.company_id,
            "account_id": account.id,
            "message_id": pushed.message_id,
            "received_at": pushed.received_at,
        }
        return bool(await db.run(db.insert(pushes).values(values).on_conflict_do_nothing()))
    query = select(arrivals.c.id).where(
        arrivals.c.company_id == account.company_id,
        arrivals.c.body_hash == body_hash(pushed.body),
        arrivals.c.account_id == account.id,
        arrivals.c.source == ArrivalSource.HOOK.value,
        arrivals.c.received_at > db.now - UNCLAIMED_FOR,
        arrivals.c.state.in_((ArrivalState.TAKEN.value, ArrivalState.UNCLAIMED.value)),
    )
    return await db.value(query.limit(1)) is None


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


async def _ask_at_once(db: Session, account: CarrierAccount, taken: Sequence[Taken]) -> None:
    """An unsigned push is believed, and the carrier is asked for what it says itself."""
    concerned = {shipment.id for each in taken if each.new for shipment in each.shipments}
    if concerned:
        await db.run(
            update(shipments)
            .where(
                shipments.c.company_id == account.company_id,
                shipments.c.id.in_(concerned),
                shipments.c.account_id.is_not(None),
                or_(shipments.c.next_poll_at.is_(None), shipments.c.next_poll_at > db.now),
            )
            .values(next_poll_at=db.now)
        )


async def _defer(installation: Installation, pushed: _Push, parts: Sequence[Arrived], error: Exception) -> PushResult:
    """Keep the push by itself, a row for each parcel that it tells of, and let a worker try."""
    log.error("a push could not be taken in", account_id=str(pushed.account.id), exc_info=error)
    reason = f"it could not be taken in: {type(error).__name__}"
    names = {min(numbers_of(part), default="") for part in parts} or {""}
    async with installation.database.transaction() as db:
        if not await _first_time(db, pushed):
            return PushResult(Outcome.DUPLICATE)
        for name in [""] if "" in names else sorted(names):
            whole = pushed.part(None)
            await keep(db, whole, ArrivalState.FAILED, number=name, reason=reason, next_try_at=db.now)
    return PushResult(Outcome.DEFERRED, len(parts))
