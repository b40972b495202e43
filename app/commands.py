"""The short commands of whoever runs the service: each a model of its arguments that knows how to run.

They may come from another process over a socket, so arguments and results are what JSON can say.
"""

import os
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AfterValidator, Base64Bytes, Field, StringConstraints
from sqlalchemy import select

from app import accounts, keys, resealing, secret_keys, shops
from app.command import Command, Json, Name
from app.doctor import examine
from app.errors import NotFound
from app.health_commands import ShowHealth
from app.installation import Installation
from app.intake.dropped import take_dropped
from app.intake.importing import Line, end_run, import_batch
from app.intake.releasing import release
from app.intake.replaying import reread
from app.intake.stepping import Choice
from app.keys import Scope
from app.mail_addresses import bare_address, named_address
from app.mapping_commands import MAPPING_COMMANDS
from app.outbox.rules import create_defaults
from app.ration import MOST_CALLS
from app.shops import Shop
from carriers import carrier as carrier_of

NamedAddress = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True), AfterValidator(named_address)]
BareAddress = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True), AfterValidator(bare_address)]

__all__ = ["COMMANDS", "Command", "Json"]


class CreateShop(Command):
    """Make a shop with the default rules and a key, and its company if none is named."""

    name: ClassVar[str] = "shop.create"

    shop_name: Name
    company: UUID | None = None
    locale: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")] = "it"
    live: bool = False
    mail_from: NamedAddress = ""
    staff_mail: BareAddress = ""

    async def run(self, here: Installation) -> Json:
        """The ids, and the key in plain, shown this once."""
        async with here.database.transaction() as db:
            company_id = self.company or await shops.create_company(db, self.shop_name)
            shop = await shops.create(
                db,
                company_id,
                self.shop_name,
                locale=self.locale,
                live=self.live,
                mail_from=self.mail_from,
                staff_mail=self.staff_mail,
            )
            await create_defaults(db, company_id, shop.id)
            _, key = await keys.create(db, company_id, shop.id, "Made with the shop", [Scope.ADMIN])
        return {"company_id": company_id, "shop_id": shop.id, "api_key": key}


class TurnLive(Command):
    """Let a shop's recipients get messages, from the next change on."""

    name: ClassVar[str] = "shop.live"

    shop: UUID

    async def run(self, here: Installation) -> Json:
        """The shop as it is then."""
        async with here.database.transaction() as db:
            return _shown(await shops.change(db, await shops.find(db, self.shop), live=True))


class ListShops(Command):
    """Every shop there is."""

    name: ClassVar[str] = "shop.list"

    async def run(self, here: Installation) -> Json:
        """The shops, oldest first."""
        async with here.database.reading() as db:
            rows = await db.all(select(shops.shops).order_by(shops.shops.c.id))
        return [_shown(Shop(**row._mapping)) for row in rows]


class CreateKey(Command):
    """Make a key of a shop."""

    name: ClassVar[str] = "key.create"

    shop: UUID
    key_name: Name = "Made by command"
    scopes: Annotated[tuple[str, ...], Field(max_length=10)] = (Scope.ADMIN,)
    bucket: Annotated[int, Field(ge=1, le=1_000_000)] = keys.BUCKET
    refill: Annotated[float, Field(gt=0, le=1_000_000)] = keys.REFILL

    async def run(self, here: Installation) -> Json:
        """The key in plain, shown this once."""
        async with here.database.transaction() as db:
            shop = await shops.find(db, self.shop)
            key, plain = await keys.create(
                db, shop.company_id, shop.id, self.key_name, self.scopes, bucket=self.bucket, refill=self.refill
            )
        return {"key_id": key.id, "shop_id": shop.id, "scopes": key.scopes, "api_key": plain}


class AddAccount(Command):
    """Add a contract of a shop's company with a carrier."""

    name: ClassVar[str] = "account.add"

    carrier: Name
    shop: UUID
    credentials: dict[str, str] = Field(default={}, repr=False)
    base_url: Annotated[str, StringConstraints(pattern=r"^(https?://\S+)?$")] = ""
    secret: str = Field(default="", repr=False)
    daily_quota: Annotated[int, Field(ge=1, le=MOST_CALLS)] | None = None

    async def run(self, here: Installation) -> Json:
        """Where the carrier pushes to, if it does, and the secret for its pushes, shown this once."""
        async with here.database.transaction() as db:
            shop = await shops.find(db, self.shop)
            added = await accounts.add(
                db,
                here.sealer,
                shop.company_id,
                self.carrier,
                public_url=here.settings.public_url,
                credentials=self.credentials,
                base_url=self.base_url,
                secret=self.secret,
                daily_quota=self.daily_quota,
            )
        told: Json = {"account_id": added.account.id}
        if carrier_of(self.carrier).pushes:
            told |= {"hook_url": added.hook_url, "secret": added.secret}
        return told


class ImportBatch(Command):
    """Post a batch of rows of a file; see `app.intake.importing`. The last of a run says how many rows failed."""

    name: ClassVar[str] = "import"

    shop: UUID
    lines: tuple[Line, ...]
    run_id: UUID | None = None
    failed: int | None = None

    async def run(self, here: Installation) -> Json:
        """How many are new, how many were known, and the bad ones."""
        done = await import_batch(here, self.shop, self.lines, self.run_id)
        if self.run_id is not None and self.failed is not None:
            await end_run(here, self.shop, self.run_id, self.failed)
        return done


class Ingest(Command):
    """Take in bodies of a carrier's format, out of files; see `app.intake.dropped`."""

    name: ClassVar[str] = "ingest"

    carrier: Name
    shop: UUID | None = None
    company: UUID | None = None
    bodies: tuple[Base64Bytes, ...] = Field(repr=False)

    async def run(self, here: Installation) -> Json:
        """What became of each, in order."""
        async with here.database.reading() as db:
            company_id = (await shops.find(db, self.shop)).company_id if self.shop else self.company
            if company_id is None or not await shops.company_exists(db, company_id):
                raise NotFound(f"No company {company_id}.")
        return await take_dropped(here, company_id, self.carrier, self.bodies)


class Replay(Command):
    """Read the next shipments, or with `quarantined` the next quarantined bodies, again."""

    name: ClassVar[str] = "replay"

    choice: Choice = Choice()
    after: tuple[UUID, UUID] | None = None
    quarantined: bool = False
    apply: bool = False

    async def run(self, here: Installation) -> Json:
        """What changes, and where to go on."""
        if self.quarantined:
            return await release(here, self.choice, self.after, apply=self.apply)
        return await reread(here, self.choice, self.after, apply=self.apply)


class TurnKey(Command):
    """Make a new secret key in the file beside the SQLite database; the one before only opens from then on."""

    name: ClassVar[str] = "key.turn"

    async def run(self, here: Installation) -> Json:
        """How many keys there are then."""
        keys_ = secret_keys.add_key(here.settings)
        here.sealer.turn_to(*keys_)
        return {"keys": len(keys_)}


class Reseal(Command):
    """Seal the next batch of stored secrets under the current key; without `apply`, count what there is."""

    name: ClassVar[str] = "reseal"

    after: tuple[int, UUID, str] | None = None
    apply: bool = False

    async def run(self, here: Installation) -> Json:
        """What was done and where to go on, or the counts; `dropped` if the file's former keys went."""
        if self.apply:
            if self.after is None:
                await resealing.keep_token_keys(here)
            return await resealing.reseal(here, self.after)
        async with here.database.reading() as db:
            return await resealing.under_former(db, here.sealer)


class DropKeys(Command):
    """Take the former keys out of the file beside the SQLite database, once nothing is sealed under them."""

    name: ClassVar[str] = "key.drop"

    async def run(self, here: Installation) -> Json:
        """What is still sealed under one, and whether the file has the current key alone."""
        async with here.database.reading() as db:
            left = await resealing.under_former(db, here.sealer)
        dropped = not left and secret_keys.drop_former(here.settings)
        if dropped:
            here.sealer.turn_to(*secret_keys.load_keys(here.settings))
        return {"left": left, "dropped": dropped, "former": here.sealer.former}


class Examine(Command):
    """See what is wrong with the installation."""

    name: ClassVar[str] = "doctor"

    async def run(self, here: Installation) -> Json:
        """The findings, and the process that made them."""
        return {"process": os.getpid(), "findings": await examine(here)}


def _shown(shop: Shop) -> Json:
    return {
        "company_id": shop.company_id,
        "shop_id": shop.id,
        "name": shop.name,
        "locale": shop.locale,
        "timezone": shop.timezone,
        "live": shop.live,
        "mail_from": shop.mail_from,
        "staff_mail": shop.staff_mail,
    }


_KINDS: tuple[type[Command], ...] = (
    *(CreateShop, TurnLive, ListShops, CreateKey, AddAccount, ImportBatch, Ingest, Replay, Examine),
    *(TurnKey, Reseal, DropKeys, ShowHealth),
    *MAPPING_COMMANDS,
)

COMMANDS = {kind.name: kind for kind in _KINDS}
"""Every command by its name."""
