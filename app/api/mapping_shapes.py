"""Rows that mend a carrier's table, as they are sent and answered."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StrictBool, StringConstraints, model_validator

from app.api.accounts import Slug
from app.api.shapes import Input, Listed, Output
from app.errors import FieldError, InvalidInput
from app.intake.rereading import Reread
from app.mappings import Mapping, MappingState, Meaning
from app.mappings.rows import checked
from app.shipments.written import NOT_BLANK
from carriers.vocabulary import Status, SubStatus

Said = Annotated[str, StringConstraints(max_length=200)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=500), NOT_BLANK]


class RowGiven(Input):
    """What a code of the carrier's is to mean."""

    list: Said = Field("", description="The list that the code stands in, as the inbox and an event's evidence say")
    code: Annotated[Said, Field(min_length=1), NOT_BLANK] = Field(
        description="The code; where the carrier gives none, the first 100 characters of the text", examples=["D47"]
    )
    context: Said | None = Field(None, description="Only where this is the event's context; null for any")
    status: Status | None = Field(None, description="Null for what says nothing of where the parcel is")
    sub_status: SubStatus | None = None
    weak: StrictBool | None = Field(None, description="May raise a status, never lower it; null: by the sub-status")
    doubtful: StrictBool = Field(False, description="It acts, yet no recipient is told")

    def of(self, carrier: str) -> Meaning:
        """As a meaning of the carrier's code; InvalidInput if it cannot be one."""
        names = ("list", "code", "context", "status", "sub_status", "weak", "doubtful")
        return checked(Meaning(carrier=carrier, **{name: getattr(self, name) for name in names}))


class NewMapping(RowGiven):
    """A row to take. `shadow`: it only says what it would do, under `GET /v1/mappings/shadow`."""

    carrier: Slug = Field(examples=["sandbox"])
    reason: Reason = Field(examples=["The carrier's list of March 2026 has it."])
    shadow: StrictBool = False


class Proposed(Input):
    """What is to be shown: rows to be, rows there are (as shadows), and rows that would be gone; of one carrier."""

    carrier: Slug = Field(examples=["sandbox"])
    rows: list[RowGiven] = Field([], max_length=50)
    mappings: list[UUID] = Field([], max_length=50)
    without: list[UUID] = Field([], max_length=50)

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.rows or self.mappings or self.without):
            raise ValueError("send at least one of rows, mappings, without")
        return self

    def meanings(self) -> list[Meaning]:
        """The rows as meanings; InvalidInput names two that say different things of the same."""
        found = [each.of(self.carrier) for each in self.rows]
        first: dict[tuple[str, str, str | None], int] = {}
        for nth, each in enumerate(found):
            before = first.setdefault((each.list, each.code, each.context), nth)
            if each != found[before]:
                text = f"rows.{before} gives the same code and context another meaning: send one of the two."
                raise InvalidInput("Two rows contradict each other.", [FieldError(f"rows.{nth}", text)])
        return found


class ReplayOut(Output):
    """How far the row has been applied to the past: of the carrier's `total` shipments those looked at for its code,
    and those that were changed."""

    state: str
    author: str
    total: int | None
    looked_at: int
    changed: int
    created_at: datetime
    finished_at: datetime | None


class MappingOut(Output):
    """A row, with who gave it, when and why. `for_everybody`: the operator's, for the whole installation."""

    id: UUID
    carrier: str
    list: str
    code: str
    context: str | None
    status: Status | None
    sub_status: SubStatus | None
    weak: bool
    doubtful: bool
    state: MappingState
    for_everybody: bool
    author: str
    reason: str
    created_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str
    withdrawn_reason: str


class MappingWhole(MappingOut):
    """With the latest replay, if there was one."""

    replay: ReplayOut | None


class Standing(Output):
    """Where a shipment stands."""

    status: Status
    sub_status: SubStatus | None


class ChangeOut(Output):
    """A shipment that would change: its status before and after, and how many of its events."""

    shipment_id: UUID
    tracking_number: str
    before: Standing
    after: Standing
    events_new: int
    events_changed: int
    events_withdrawn: int


class PreviewOut(Listed[ChangeOut]):
    """A page of what would change; `looked_at` shipments of the carrier were looked at for it."""

    looked_at: int


class DifferenceOut(Output):
    """Events that would mean `then` and not `now` (status and sub-status; empty for nothing, `unread` for no event).

    `by` is `mapping/<id>` or the shadow adapter's slug; `arrival_id`, a body that has such an event.
    """

    carrier: str
    list: str
    code: str
    now: str
    then: str
    by: str
    count: int
    arrival_id: UUID | None
    first_seen_at: datetime
    last_seen_at: datetime


class WatchedOut(Output):
    """Since when a carrier's bodies have been compared, and how many events in them."""

    carrier: str
    since: datetime
    compared: int


class ShadowOut(Listed[DifferenceOut]):
    """A page of differences, and how much they were found in."""

    compared: list[WatchedOut]


def as_answered(row: Mapping) -> MappingOut:
    """The row as it is answered."""
    given = {name: getattr(row.meaning, name) for name in Meaning.__slots__}
    kept = {name: getattr(row, name) for name in MappingOut.model_fields if name not in given}
    return MappingOut.model_validate(given | kept)


def changing(change: Reread) -> ChangeOut:
    """A shipment that would change, as it is answered."""
    before, after = (
        Standing.model_validate(dict(zip(("status", "sub_status"), each, strict=True)))
        for each in (change.before, change.after)
    )
    return ChangeOut(
        shipment_id=change.shipment_id,
        tracking_number=change.number,
        before=before,
        after=after,
        events_new=change.new,
        events_changed=change.remapped,
        events_withdrawn=change.withdrawn,
    )
