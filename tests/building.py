"""Builders: an installation on a test's database, a shop in it, shipments and the events they get."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app import shops
from app.arrivals.keeping import ArrivalSource, Arrived
from app.database import Database, Session
from app.installation import Installation
from app.intake import Taken, take_in
from app.intake.posting import post
from app.outbox import endpoints
from app.outbox.rules import create_defaults
from app.outbox.tables import messages
from app.sealing import Sealer
from app.settings import Settings
from app.shipments import store
from app.shipments.posting import PostedShipment
from app.shipments.shipment import Shipment
from app.shops import Shop
from carriers.event import Moment, OffsetSource, Parcel, TrackingEvent
from carriers.vocabulary import WEAK_SUB_STATUSES, Status, SubStatus

RECIPIENT = {"name": "Anna Prova", "email": "anna@example.com", "postcode": "50100", "city": "Firenze", "country": "IT"}


def event(
    status: Status | None,
    sub_status: SubStatus | None = None,
    *,
    at: datetime,
    code: str = "",
    doubtful: bool = False,
    **rest: Any,
) -> TrackingEvent:
    """A carrier's event with this meaning; its code is made of it unless given."""
    code = code or f"{status}-{sub_status}"
    return TrackingEvent(
        Moment(at, at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds"), OffsetSource.GIVEN),
        code=code,
        text=code,
        status=status,
        sub_status=sub_status,
        weak=sub_status in WEAK_SUB_STATUSES,
        doubtful=doubtful,
        row=code if status else None,
        **rest,
    )


@dataclass(frozen=True, slots=True)
class World:
    """An installation with one shop, and what a test does in it."""

    installation: Installation
    shop: Shop

    @property
    def database(self) -> Database:
        """The test's database."""
        return self.installation.database

    @property
    def now(self) -> datetime:
        """The service's time, to the second."""
        return self.database.now().replace(microsecond=0)

    def pass_time(self, **span: float) -> None:
        """Move the service's clock on."""
        self.database.clock_offset += timedelta(**span)

    async def ship(self, number: str = "ABC123456", carrier: str = "own", **posted: Any) -> Shipment:
        """Post a shipment to the world's recipient."""
        given = PostedShipment.model_validate(
            {"carrier": carrier, "tracking_number": number, "recipient": RECIPIENT, **posted}
        )
        async with self.database.transaction() as db:
            return (await post(self.installation, db, self.shop, given)).shipment

    async def listen(self, url: str = "https://hooks.example.com/nove") -> None:
        """Have an endpoint that takes everything."""
        async with self.database.transaction() as db:
            await endpoints.create(
                db,
                self.installation.sealer,
                self.shop.company_id,
                self.shop.id,
                url=url,
                types=endpoints.TYPES,
            )

    async def say(
        self, shipment: Shipment, *events: TrackingEvent, source: ArrivalSource = ArrivalSource.HOOK, **parcel: Any
    ) -> Shipment:
        """Let the carrier say these events of the shipment in one body; the shipment as it is then."""
        taken = await self.take(shipment, *events, source=source, **parcel)
        return taken.shipments[0]

    async def take(
        self, shipment: Shipment, *events: TrackingEvent, source: ArrivalSource = ArrivalSource.HOOK, **parcel: Any
    ) -> Taken:
        """The same, with what became of the arrival."""
        async with self.database.transaction() as db:
            return await self.take_within(db, shipment, *events, source=source, **parcel)

    async def take_within(
        self,
        db: Session,
        shipment: Shipment,
        *events: TrackingEvent,
        source: ArrivalSource = ArrivalSource.HOOK,
        **parcel: Any,
    ) -> Taken:
        """The same in an open transaction."""
        arrived = self._arrived(shipment, Parcel(shipment.number, events, **parcel), source)
        [taken] = await take_in(self.installation, db, [arrived])
        return taken

    async def take_all(self, shipment: Shipment, parcels: Sequence[Parcel]) -> None:
        """Let the carrier say these of the shipment in bodies that are taken in together."""
        async with self.database.transaction() as db:
            arrived = [self._arrived(shipment, parcel, ArrivalSource.HOOK) for parcel in parcels]
            await take_in(self.installation, db, arrived)

    def _arrived(self, shipment: Shipment, parcel: Parcel, source: ArrivalSource) -> Arrived:
        body = repr(parcel).encode()
        return Arrived(shipment.company_id, shipment.carrier, source, body, self.database.now(), parcel=parcel)

    async def look(self, shipment: Shipment) -> Shipment:
        """The shipment as it is now."""
        async with self.database.reading() as db:
            return await store.get(db, shipment.company_id, [shipment.shop_id], shipment.id)

    async def ledger(self, shipment: Shipment, channel: str = "email") -> list[tuple[str, str, str]]:
        """Type, state and reason of the shipment's messages on a channel, in the order of time."""
        async with self.database.reading() as db:
            rows = await db.all(
                select(messages.c.type, messages.c.state, messages.c.reason)
                .where(messages.c.shipment_id == shipment.id, messages.c.channel == channel)
                .order_by(messages.c.id)
            )
        return [(row.type, row.state, row.reason) for row in rows]


async def build(database: Database, *, settings: Mapping[str, Any] | None = None, live: bool = True) -> World:
    """A world with a live shop that has a staff address and the default rules."""
    made = Settings(_env_file=None, **(settings or {}))
    installation = Installation(made, database, Sealer(os.urandom(32)))
    async with database.transaction() as db:
        company_id: UUID = await shops.create_company(db, "Prova")
        shop = await shops.create(db, company_id, "Prova", live=live, staff_mail="staff@example.com")
        await create_defaults(db, company_id, shop.id)
    return World(installation, shop)
