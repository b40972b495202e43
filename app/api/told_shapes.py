"""The shapes of what is told of a shipment, for the OpenAPI document: messages, and changes of status."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from app.api.shapes import Output
from carriers.vocabulary import Status, SubStatus


class AttemptOut(Output):
    """An attempt to send."""

    number: int
    at: datetime
    outcome: str
    code: int | None
    detail: str
    seconds: float


class MessageOut(Output):
    """A message of the ledger: who was to be told what, and what became of it; addresses are masked."""

    id: UUID
    audience: str
    channel: str
    to: str | None
    endpoint_id: UUID | None
    rule_id: UUID | None
    type: str
    status: Status | None
    sub_status: SubStatus | None
    event_key: str | None
    version: int
    state: str
    reason: str | None
    reason_in_words: str | None
    due_at: datetime | None
    sent_at: datetime | None
    created_at: datetime
    attempts: list[AttemptOut]


class Standing(Output):
    """Where a shipment stands."""

    status: Status
    sub_status: SubStatus | None


class TransitionOut(Output):
    """A change of status; `correction` when what had decided before was taken back."""

    id: UUID
    version: int
    from_: Standing = Field(alias="from")
    to: Standing
    event_key: str | None
    occurred_at: datetime | None
    created_at: datetime
    correction: bool
    imported: bool
