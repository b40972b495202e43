"""A shop's settings, and the shops of a company."""

import re
from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import available_timezones

from fastapi import Response
from pydantic import AfterValidator, Field, StrictBool, StringConstraints

from app import shops
from app.api.access import Administrator, Here, OneShop, Reader
from app.api.routing import answer, api
from app.api.shapes import Input, Line, Listed, Name, Output
from app.api.writing import Write
from app.database import Session
from app.mail_addresses import bare_address, named_address

router = api("shop")


def _time_zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("Send the name of a time zone such as Europe/Rome.")
    return value


def _web_address(value: str) -> str:
    if value and not re.fullmatch(r"https://[^\s/\"'<>]+[^\s\"'<>]*", value):
        raise ValueError("Send an address that begins with https://, or an empty text for none.")
    return value


WebAddress = Annotated[Line, AfterValidator(_web_address)]


class Brand(Input):
    """How the shop looks to its recipients."""

    name: Line = ""
    logo_url: WebAddress = ""
    website: WebAddress = ""
    support_url: WebAddress = ""
    support_email: Annotated[Line, AfterValidator(bare_address)] = ""
    colour: Annotated[str, StringConstraints(pattern=r"^(#[0-9a-fA-F]{6})?$")] = ""


class ShopChange(Input):
    """What to change of a shop; what is left out stays."""

    name: Name | None = None
    locale: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")] | None = Field(None, examples=["it"])
    timezone: Annotated[Line, AfterValidator(_time_zone)] | None = Field(None, examples=["Europe/Rome"])
    live: StrictBool | None = Field(None, description="Whether recipients get messages")
    mail_from: Annotated[Line, AfterValidator(named_address)] | None = Field(None, examples=["Shop <shop@example.com>"])
    staff_mail: Annotated[Line, AfterValidator(bare_address)] | None = Field(None, examples=["staff@example.com"])
    brand: Brand | None = None
    contact_days: Annotated[int, Field(ge=shops.LEAST_CONTACT_DAYS, le=shops.MOST_CONTACT_DAYS)] | None = Field(
        None, description="Days after a parcel's final status until its recipient's data is forgotten", examples=[90]
    )


class ShopOut(Output):
    """A shop. Its recipients get messages once it is `live`."""

    id: UUID
    name: str
    locale: str
    timezone: str
    live: bool
    mail_from: str
    staff_mail: str
    brand: dict[str, str]
    contact_days: int
    created_at: datetime


@router.get("/v1/shop")
async def read(caller: Reader, shop_id: OneShop, here: Here) -> ShopOut:
    """The shop's settings."""
    async with here.database.reading() as db:
        return ShopOut.model_validate(await shops.get(db, caller.company_id, shop_id))


@router.patch("/v1/shop", response_model=ShopOut)
async def change(given: ShopChange, caller: Administrator, shop_id: OneShop, write: Write) -> Response:
    """Change what is given; the shop as it is then."""
    changes = given.model_dump(exclude_none=True, exclude={"brand"})

    async def effect(db: Session) -> Response:
        shop = await shops.get(db, caller.company_id, shop_id)
        if given.brand is not None:
            changes["brand"] = shop.brand | given.brand.model_dump(exclude_unset=True)
        return answer(ShopOut.model_validate(await shops.change(db, shop, **changes)))

    return await write.once(effect, shop_id)


@router.get("/v1/shops")
async def listed(caller: Reader, here: Here) -> Listed[ShopOut]:
    """The shops that the key reaches: all of the company's, or its own."""
    async with here.database.reading() as db:
        found = await shops.of_company(db, caller.company_id)
    return Listed(items=[ShopOut.model_validate(each) for each in found if caller.shop_id in (None, each.id)])
