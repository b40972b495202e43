"""The short command about how a carrier does: for one company, or for all of the installation's."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from app import accounts, carrier_health, shops
from app.carrier_health import MOST_HOURS
from app.command import Command, Json, Name
from app.errors import NotFound
from app.installation import Installation


class ShowHealth(Command):
    """How a carrier does, account by account."""

    name: ClassVar[str] = "carrier.health"

    carrier: Name
    shop: UUID | None = None
    company: UUID | None = None
    hours: Annotated[int, Field(ge=1, le=MOST_HOURS)] = 24

    async def run(self, here: Installation) -> Json:
        """What `GET /v1/carriers/{slug}/health` tells; of each account the company, too."""
        async with here.database.reading(patient=True) as db:
            whose = (await shops.find(db, self.shop)).company_id if self.shop else self.company
            if whose is not None and not await shops.company_exists(db, whose):
                raise NotFound(f"No company {whose}.")
            everybody = {company_id for company_id, _ in await accounts.companies_with(db, [self.carrier])}
            companies = [whose] if whose else sorted(everybody)
            return await carrier_health.facts(db, here.tally, companies, self.carrier, self.hours)
