"""Many shipments at once: each row is checked and stored by itself, in one transaction.

Batches that come at the same time are not gathered as pushes and events are, since nothing is gained. Measured: on
SQLite a row costs a tenth less in batches of ten and a quarter more in batches of a hundred, on PostgreSQL a tenth to a
third more, for batches then no longer wait side by side. A row costs its own statements; the commit is a small part.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ValidationError

from app.database import Session
from app.errors import FieldError, InvalidInput, Refused
from app.installation import Installation
from app.intake.foreseeing import foresee
from app.intake.posting import post
from app.outbox import digests
from app.shipments.posting import PostedShipment
from app.shops import Shop
from app.wrong_fields import in_words

MALFORMED = "The row is malformed; each field that is wrong is named."


class RowFieldError(BaseModel):
    """A field of a row that is wrong."""

    field: str
    message: str


class RowError(BaseModel):
    """Why a row was refused."""

    code: str
    detail: str
    errors: list[RowFieldError] = []


async def post_each(
    installation: Installation, db: Session, shop: Shop, rows: Sequence[object], run_id: UUID | None = None
) -> list[dict[str, Any]]:
    """What became of each row, in their order: `status` with `id` or `error`; a row may be why it is refused already.

    Rows are stored in the order of their numbers, so that two groups never wait for each other. With `run_id` they are
    part of a run of imports, of which the shop gets one digest.
    """
    outcomes: dict[int, dict[str, Any]] = {}
    good: list[tuple[int, PostedShipment]] = []
    for index, row in enumerate(rows):
        if isinstance(row, InvalidInput):
            outcomes[index] = _refused(row)
            continue
        try:
            good.append((index, PostedShipment.model_validate(row)))
        except ValidationError as error:
            outcomes[index] = _refused(InvalidInput(MALFORMED, _fields(error)))
    await foresee(installation, db, shop, [posted for _, posted in good])
    for index, posted in sorted(good, key=_place):
        try:
            async with db.nested():
                result = await post(installation, db, shop, posted, imported=run_id is not None)
            outcomes[index] = {"status": 201 if result.created else 200, "id": result.shipment.id}
        except Refused as error:
            db.beforehand.forget()  # what has just been undone, and numbers held by it
            outcomes[index] = _refused(error)
    if run_id is not None:
        await digests.note(db, shop, run_id, [each["id"] for each in outcomes.values() if "id" in each])
    return [outcomes[index] for index in range(len(rows))]


def _place(row: tuple[int, PostedShipment]) -> tuple[str, str, int]:
    index, posted = row
    return posted.carrier, posted.tracking_number or posted.sender_reference or "", index


def _refused(error: Refused) -> dict[str, Any]:
    fields = error.errors if isinstance(error, InvalidInput) else ()
    errors = [RowFieldError(field=each.field, message=each.message) for each in fields]
    return {
        "status": error.status,
        "error": RowError(code=error.given_code, detail=error.detail, errors=errors).model_dump(),
    }


def _fields(error: ValidationError) -> list[FieldError]:
    return [
        FieldError(".".join(str(part) for part in each["loc"])[:200] or "shipment", in_words(each))
        for each in error.errors(include_url=False, include_input=False)
    ]
