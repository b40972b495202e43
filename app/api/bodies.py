"""Reading a request's JSON, once and strictly: what two readers could understand differently is refused.

orjson already refuses NaN, numbers beyond a double, lone surrogates, raw control characters and bytes that are not
UTF-8. It keeps the last of two equal keys in silence, so the keys are counted.
"""

import re
from typing import Any

import orjson

from app.errors import FieldError, InvalidInput

MAX_DEPTH = 64
MAX_ARRAY = 1_000
MAX_STRING = 8 * 1024

_Path = tuple[Any, str | int] | None
"""Where a value stands: (the path of what holds it, its name there)."""

_CHECKED = (str, dict, list)
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+"(\s*:)?', re.DOTALL)


def json_of(body: bytes, *, each_by_itself: bool = False) -> Any:
    """The JSON value of a body; InvalidInput says what is wrong with it.

    `each_by_itself` leaves strings and arrays to `refusal`: for a body of rows, of which one must not fail the others.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"The body is not valid JSON: {error}.", code="invalid_json") from error
    keys = _checked(value, 1, None, strict=not each_by_itself)
    if keys != sum(1 for match in _STRINGS.finditer(body) if match[1]):
        raise InvalidInput("An object in the body has the same key twice. Send each key once.", code="invalid_json")
    return value


def refusal(row: Any) -> InvalidInput | None:
    """What is wrong with one row of a body that was read `each_by_itself`."""
    try:
        _checked(row, 1, None)
    except InvalidInput as error:
        return error
    return None


def _checked(value: Any, depth: int, path: _Path, *, strict: bool = True) -> int:
    """The number of keys in all objects from here on; InvalidInput names the first value that is out of bounds.

    Without `strict` only the depth has bounds.
    """
    kind = type(value)
    if kind is str:
        if strict:
            _check_text(value, path)
        return 0
    if depth > MAX_DEPTH:
        raise InvalidInput(f"The body is nested deeper than {MAX_DEPTH} levels.", code="invalid_json")
    keys = 0
    if kind is dict:
        keys = len(value)
        for name, child in value.items():
            if strict:
                _check_text(name, path)
            if type(child) in _CHECKED:
                keys += _checked(child, depth + 1, (path, name), strict=strict)
    elif kind is list:
        if strict and len(value) > MAX_ARRAY:
            raise _refused(path, f"Send at most {MAX_ARRAY} values, not {len(value)}.")
        for position, child in enumerate(value):
            if type(child) in _CHECKED:
                keys += _checked(child, depth + 1, (path, position), strict=strict)
    return keys


def _check_text(text: str, path: _Path) -> None:
    if len(text) > MAX_STRING:
        raise _refused(path, f"Send at most {MAX_STRING} characters.")
    if "\0" in text:
        raise _refused(path, "Leave out the character NUL.")


def _refused(path: _Path, message: str) -> InvalidInput:
    names: list[str] = []
    while path is not None:
        path, name = path
        names.append(str(name))
    return InvalidInput(
        "The body holds a value that is not accepted.", [FieldError(".".join(reversed(names))[:200], message)]
    )
