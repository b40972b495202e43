"""Where is my order? One question, the whole answer."""

from typing import Annotated, Self

from fastapi import Response
from pydantic import Field, StringConstraints, model_validator

from app.api.access import Here, Reader, Shops
from app.api.routing import api, told
from app.api.shapes import Input, Output
from app.api.shipment_shapes import OrderPart, ShipmentWhole
from app.api.told_shapes import MessageOut
from app.intake.answering import look_up
from app.shipments.finding import Sought
from app.shipments.written import Country

router = api("support")

Known = Annotated[str, StringConstraints(max_length=300, strip_whitespace=True)]


class Question(Input):
    """What is known of the parcel: at least one thing; where there are several, all of them must fit."""

    order_reference: Known = Field("", examples=["1001"])
    tracking_number: Known = ""
    email: Known = ""
    phone: Known = ""
    country: Country | None = Field(None, description="Of the phone number, if it is written without its country")
    name: Known = Field("", description="Together with `postcode`")
    postcode: Known = ""
    q: Known = Field("", description="Free text: tried as each of the others; a name with its postcode")
    locale: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z]{2,4})?$")] | None = Field(
        None, description="Of the answer: `it` or `en`; the shop's if none", examples=["it"]
    )

    @model_validator(mode="after")
    def _asks(self) -> Self:
        if bool(self.name) != bool(self.postcode):
            raise ValueError("name and postcode are looked up together: send both")
        if not any((self.order_reference, self.tracking_number, self.email, self.phone, self.name, self.q)):
            raise ValueError("send order_reference, tracking_number, email, phone, name with postcode, or q")
        return self


class Match(Output):
    """A parcel that fits (none for an order without parcels yet), and where it is in one sentence."""

    answer: str
    shipment: ShipmentWhole | None
    order: OrderPart | None
    messages: list[MessageOut]


class Answered(Output):
    """What fits, newest first, at most 20."""

    matches: list[Match]


@router.post("/v1/lookup", response_model=Answered)
async def ask(given: Question, caller: Reader, reach: Shops, here: Here) -> Response:
    """Everything about each parcel that fits: its journey, its order, its messages, and the answer in a sentence."""
    sought = Sought(
        order_reference=given.order_reference,
        tracking_number=given.tracking_number,
        email=given.email,
        phone=given.phone,
        country=given.country,
        name=given.name,
        postcode=given.postcode,
        text=given.q,
    )
    async with here.database.reading() as db:
        matches = await look_up(here, db, caller.company_id, reach, sought, locale=given.locale)
    return told({"matches": matches})
