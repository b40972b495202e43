"""How a carrier does, as the company's accounts see it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field

from app import carrier_health
from app.account_state import State
from app.api.access import Here, Reader
from app.api.routing import api
from app.api.shapes import Output
from app.carrier_health import MOST_HOURS
from app.subscriptions import SubscriptionState

router = api("reference")


class Numbers(Output):
    """Calls of the window. Shares are from 0 to 1, and null where there was nothing."""

    calls: int
    success: float | None = Field(description="Share of calls that the carrier answered")
    throttled: int = Field(description="Calls that it refused since there were too many")
    credentials_refused: int
    failed: int = Field(description="Calls without an answer, or with an error of the carrier's or ours")
    mean_seconds: float | None
    slowest_seconds: float | None
    parcels: int = Field(description="Parcels that were asked about")
    not_found: float | None = Field(description="Share of them that the carrier does not know")


class News(Output):
    """How late news is, and how much of it is understood: of the newest thousand arrivals in the window.

    The delay is from the carrier's time of an arrival's newest event until it came, by poll or push.
    """

    arrivals: int
    events: int
    median_delay_seconds: float | None
    long_delay_seconds: float | None = Field(description="Nine in ten are below")
    unmapped: float | None = Field(description="Share of events whose code stands in no table")


class QuotaOut(Output):
    """Calls a day, from 0:00 UTC. They are rationed: a tenth at once, the rest as the day goes on, none is lost.

    While `short` more is due than may be asked: what has waited for the most of its intervals is asked about first.
    """

    limit: int
    own: bool = Field(description="Whether it was set for this account (`daily_quota`), or is what the carrier allows")
    used: int
    resets_at: datetime
    now: int = Field(description="Calls that may go out now")
    next_at: datetime | None = Field(description="When the next may, if none may now")
    due: int = Field(description="Shipments that wait to be asked about, counted up to 1,000")
    short: bool


class Account(Output):
    """An account: how it does, and why; `resting` until `open_until`, `disabled` until new credentials."""

    id: UUID
    name: str
    state: State
    since: datetime | None = Field(description="When the carrier answered last; null if it never has")
    failures: int
    open_until: datetime | None
    last_error: str
    last_error_at: datetime | None
    disabled_at: datetime | None
    disabled_reason: str
    calls: Numbers
    news: News
    quota: QuotaOut | None = Field(description="Null where no limit is known")
    subscriptions: dict[SubscriptionState, int] = Field(
        description="Shipments that the carrier is to push, by state: `wanted`, `pending` (until the carrier has asked "
        "our hook whether it was we), `live`, `refused`"
    )


class CarrierHealth(Output):
    """A carrier over some hours, account by account. Calls are counted by the hour; other processes' show after 5 s."""

    carrier: str
    name: str
    since: datetime
    until: datetime
    accounts: list[Account]


@router.get("/v1/carriers/{slug}/health")
async def of_carrier(
    slug: str,
    caller: Reader,
    here: Here,
    hours: Annotated[int, Query(ge=1, le=MOST_HOURS, description="The window's length, back from now")] = 24,
) -> CarrierHealth:
    """How a carrier answers the company's accounts: success, latency, throttling, quota, and how late its news is."""
    async with here.database.reading() as db:
        return CarrierHealth.model_validate(
            await carrier_health.facts(db, here.tally, [caller.company_id], slug, hours)
        )
