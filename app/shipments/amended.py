"""A shipment as a shop changes it later: what is left out stays as it is."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints, ValidationInfo, field_validator

from app.shipments.posting import (
    ONE_OR_SEVERAL,
    REFERENCE,
    ChangedShipment,
    Several,
    Slug,
    known_carrier,
)


def _said(value: object) -> object:
    if value is None or (isinstance(value, str) and not value.strip()) or value == []:
        raise ValueError("send the right one, or leave it out if it is to stay as it is: a shipment is never without")
    return value


def _left_out(schema: dict[str, Any]) -> None:
    """What is left out is not the same as what is empty, and blanks alone are nothing."""
    del schema["default"]
    schema["pattern"] = r"\S"


UNSAID = Field(json_schema_extra=_left_out)
SAID = BeforeValidator(_said)


class AmendedShipment(ChangedShipment):
    """The same, and by what the shipment is found: carrier, tracking number or sender's reference.

    `carriers`, where the one that it is with is wrong and which one is right is not known: the search begins anew.
    """

    carriers: Annotated[Several, SAID] = Field(default_factory=list, min_length=1)
    carrier: Annotated[Slug, StringConstraints(min_length=1), UNSAID, SAID] = ""
    tracking_number: Annotated[str, StringConstraints(min_length=1, max_length=60), UNSAID, SAID] = ""
    sender_reference: Annotated[str, REFERENCE, UNSAID, SAID] = ""

    @field_validator("carrier")
    @classmethod
    def _known(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("carriers"):
            raise ValueError(ONE_OR_SEVERAL)
        return known_carrier(value)
