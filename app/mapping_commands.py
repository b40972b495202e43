"""Short commands about rows that mend carriers' tables: those for the whole installation, or for a named company."""

from dataclasses import asdict
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import Field, StringConstraints

from app import shops
from app.arrivals import unmapped
from app.command import Command, Json
from app.errors import NotFound
from app.installation import Installation
from app.intake.mending import search_of
from app.intake.previewing import Proposal, preview
from app.mappings import EVERYBODY, Mapping, MappingState, Meaning, replays, rows, shadows
from app.mappings.rows import OPERATOR
from carriers.vocabulary import Status, SubStatus

Said = Annotated[str, StringConstraints(max_length=200)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]


class ShowInbox(Command):
    """The codes that no table lists, of all companies together."""

    name: ClassVar[str] = "mapping.inbox"

    carrier: Said | None = None

    async def run(self, here: Installation) -> Json:
        """The codes, most often met first, each with what its words suggest."""
        async with here.database.reading(patient=True) as db:
            found = await unmapped.of_everybody(db, self.carrier)
        return [{**asdict(each), "suggested": each.suggested} for each in found]


class AddMapping(Command):
    """Take a row, for everybody unless a company is named."""

    name: ClassVar[str] = "mapping.add"

    carrier: Said
    code: Said
    within: Said = ""
    context: Said | None = None
    status: Status | None = None
    sub_status: SubStatus | None = None
    weak: bool | None = None
    doubtful: bool = False
    reason: Reason
    company: UUID | None = None
    shadow: bool = False

    async def run(self, here: Installation) -> Json:
        """The row."""
        names = ("carrier", "code", "context", "status", "sub_status", "weak", "doubtful")
        given = Meaning(list=self.within, **{name: getattr(self, name) for name in names})
        async with here.database.transaction() as db:
            if self.company is not None and not await shops.company_exists(db, self.company):
                raise NotFound(f"No company {self.company}.")
            whose = self.company or EVERYBODY
            row = await rows.accept(db, whose, given, author=OPERATOR, reason=self.reason, shadow=self.shadow)
            db.committed.append(here.mappings.forget)
        return _shown(row)


class ListMappings(Command):
    """The rows there are, of everybody's and of companies."""

    name: ClassVar[str] = "mapping.list"

    carrier: Said | None = None
    withdrawn: bool = False

    async def run(self, here: Installation) -> Json:
        """The rows, newest first."""
        states = tuple(each for each in MappingState if self.withdrawn or each is not MappingState.WITHDRAWN)
        async with here.database.reading() as db:
            return [_shown(each) for each in await rows.listed(db, (), carrier=self.carrier, states=states)]


class ChangeMapping(Command):
    """Withdraw a row, put a shadow in force, or have a row applied to the past."""

    name: ClassVar[str] = "mapping.change"

    mapping: UUID
    change: Annotated[str, StringConstraints(pattern="^(withdraw|switch-on|replay)$")]
    reason: Annotated[str, StringConstraints(max_length=500)] = ""

    async def run(self, here: Installation) -> Json:
        """The row, or the replay."""
        async with here.database.transaction() as db:
            row = await rows.find(db, self.mapping)
            if self.change == "replay":
                return await replays.ask(db, row, OPERATOR)
            db.committed.append(here.mappings.forget)
            if self.change == "withdraw":
                return _shown(await rows.withdraw(db, row, author=OPERATOR, reason=self.reason))
            return _shown(await rows.switch_on(db, row))


class ShowReplay(Command):
    """How far a row's latest replay has come."""

    name: ClassVar[str] = "mapping.replay"

    mapping: UUID

    async def run(self, here: Installation) -> Json:
        """The replay; NotFound if none was asked for."""
        async with here.database.reading() as db:
            found = await replays.latest(db, await rows.find(db, self.mapping))
        if found is None:
            raise NotFound(f"The row {self.mapping} has not been applied to the past: `nove mapping replay` does it.")
        return found


class PreviewMapping(Command):
    """What a row would change in the next shipments, or with `without` what its end would."""

    name: ClassVar[str] = "mapping.preview"

    mapping: UUID
    without: bool = False
    after: tuple[UUID, UUID] | None = None

    async def run(self, here: Installation) -> Json:
        """What changes, how many shipments were looked at, and where to go on."""
        async with here.database.reading(patient=True) as db:
            row = await rows.find(db, self.mapping)
            given = () if self.without else (row,)
            proposal = Proposal(row.meaning.carrier, (), given, (row,) if self.without else ())
            return await preview(db, search_of(row).whose, proposal, self.after, limit=200)


class ShowShadows(Command):
    """What shadows would have otherwise, of all companies together."""

    name: ClassVar[str] = "mapping.shadow"

    limit: Annotated[int, Field(ge=1)] = 1_000

    async def run(self, here: Installation) -> Json:
        """How much was compared, and the differences."""
        async with here.database.reading(patient=True) as db:
            names, carriers = await shadows.named(db, (), here.settings.shadow_adapters)
            found = (await shadows.of_everybody(db, names))[: self.limit]
            return {"compared": await shadows.watched(db, (), carriers), "differences": found}


def _shown(row: Mapping) -> dict[str, Any]:
    said = {name: getattr(row.meaning, name) for name in Meaning.__slots__}
    kept = {name: getattr(row, name) for name in Mapping.__slots__ if name not in ("meaning", "company_id")}
    return {"id": row.id, "company_id": None if row.for_everybody else row.company_id, **said, **kept}


MAPPING_COMMANDS: tuple[type[Command], ...] = (
    *(ShowInbox, AddMapping, ListMappings, ChangeMapping, ShowReplay, PreviewMapping, ShowShadows),
)
"""Every command about rows."""
