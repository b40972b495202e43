"""The shapes that inputs and lists have in common."""

from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from app.shipments.written import NOT_BLANK

T = TypeVar("T")


class Input(BaseModel):
    """What a caller sends: unknown fields are refused, text is trimmed."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, str_max_length=8192)


class Output(BaseModel):
    """What is answered, field by field."""

    model_config = ConfigDict(from_attributes=True)


class Listed(BaseModel, Generic[T]):
    """A page of a list; `next_cursor` is for the next one, none at the end."""

    items: list[T]
    next_cursor: str | None = None


def _one_line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("Send plain text on one line, without control characters.")
    return value


Line = Annotated[str, StringConstraints(max_length=200), AfterValidator(_one_line)]
"""One line of text; may be empty."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_one_line), NOT_BLANK]
