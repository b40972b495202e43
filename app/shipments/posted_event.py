"""A shop's own event, as it posts it."""

from pydantic import StrictBool, ValidationInfo, field_validator

from app.shipments.posting import Line, Posted, Short
from app.shipments.written import Instant
from carriers.vocabulary import SUB_STATUSES, Status, SubStatus, belongs


class PostedEvent(Posted):
    """A shop's own event. `override` (scope admin) holds until a later strong event of the carrier."""

    occurred_at: Instant
    status: Status
    sub_status: SubStatus | None = None
    text: Line = ""
    place: Line = ""
    code: Short = ""
    key: Short = ""
    override: StrictBool = False
    reason: Line = ""

    @field_validator("status")
    @classmethod
    def _said(cls, value: Status) -> Status:
        if value is Status.PENDING:
            raise ValueError("`pending` means that nothing has been said: send what has happened, such as in_transit.")
        return value

    @field_validator("sub_status")
    @classmethod
    def _fits(cls, value: SubStatus | None, info: ValidationInfo) -> SubStatus | None:
        status: Status | None = info.data.get("status")
        if status is not None and not belongs(status, value):
            known = ", ".join(sorted(SUB_STATUSES[status])) or "none"
            raise ValueError(f"{value} is no sub-status of {status}: send one of its own ({known}), or leave it out.")
        return value
