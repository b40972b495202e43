"""Erasing a person on request."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import Response
from pydantic import Field, StringConstraints, model_validator

from app.api.access import Administrator, Here, Shops
from app.api.routing import answer, api
from app.api.shapes import Input, Output
from app.api.writing import Write
from app.database import Session
from app.erasures import asking
from app.shipments.written import Country

router = api("privacy")

Known = Annotated[str, StringConstraints(max_length=254, strip_whitespace=True)]


class NewErasure(Input):
    """Who asked to be erased: by e-mail address, or by phone number (with `country` if it is written without)."""

    email: Annotated[Known, StringConstraints(pattern=r"^([^\s@]+@[^\s@]+)?$")] = Field(
        "", examples=["anna@example.com"]
    )
    phone: Known = ""
    country: Country | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if bool(self.email) == bool(self.phone):
            raise ValueError("send either email or phone")
        return self


class ErasureCounts(Output):
    """How many have been erased: shipments with all about them, orders, kept answers, bodies that were nobody's."""

    shipments: int = 0
    orders: int = 0
    answers: int = 0
    bodies: int = 0


class ErasureOut(Output):
    """A request to erase; whom it was about is not kept once it is `done`."""

    id: UUID
    kind: Literal["email", "phone"]
    state: Literal["due", "done"]
    counts: ErasureCounts
    created_at: datetime
    finished_at: datetime | None


@router.post("/v1/erasures", response_model=ErasureOut, status_code=202)
async def ask(given: NewErasure, caller: Administrator, reach: Shops, here: Here, write: Write) -> Response:
    """Erase a person from every shop that the key reaches; answered at once, done by the worker within the day.

    Shipments with their events, raw bodies, messages and attempts, orders, and kept answers go. Nothing that a carrier
    says later or that is imported again brings them back.
    """

    async def effect(db: Session) -> Response:
        made = await asking.ask(db, here.sealer, caller.company_id, reach, **given.model_dump())
        return answer(ErasureOut.model_validate(made), 202)

    return await write.once(effect)


@router.get("/v1/erasures/{erasure_id}")
async def read(erasure_id: UUID, caller: Administrator, reach: Shops, here: Here) -> ErasureOut:
    """How far it has come."""
    async with here.database.reading() as db:
        return ErasureOut.model_validate(await asking.get(db, caller.company_id, reach, erasure_id))
