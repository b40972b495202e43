"""What is wrong with a field, in words that say what to send instead: for every error that pydantic can give."""

from collections.abc import Mapping
from typing import Any

TIME = "Send a time with offset, such as 2026-03-12T09:30:00+01:00."
DAY = "Send a day, such as 2026-03-14."
AMOUNT = 'Send the amount as a text with at most 2 decimals, such as "59.90".'
COUNTRY = "Send the two letters of a country, such as IT."
LOCALE = "Send a language, such as it or en-GB."

_WHOLE = "Send a whole number, such as 1."
_NUMBER = "Send a number, such as 1.5."
_TRUTH = "Send true or false, without quotes."
_OBJECT = "Send an object: names with their values, in braces."
_ID = "Send an id as it was given to you, such as 0199c0de-5f2a-7b3c-8d4e-5f6071829304."

BY_PATTERN: Mapping[str, str] = {
    r"\S": "Must not be empty: send at least 1 characters.",
    r"^[A-Za-z]{2}$": COUNTRY,
    r"^[A-Z]{3}$": "Send the three capital letters of a currency, such as EUR.",
    r"^https?://\S+$": "Send a web address, such as https://shop.example.com/cup.jpg.",
    r"^https?://[!-~]+$": "Send a web address, such as https://shop.example.com/nove.",
    r"^([A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*)?$": LOCALE,
    r"^[A-Za-z]{2,3}([-_][A-Za-z]{2,4})?$": LOCALE,
    r"^[a-z]{2}(-[A-Z]{2})?$": LOCALE,
    r"^[a-z0-9_]{1,40}$": "Send the slug of a carrier, such as gls_it; `GET /v1/carriers` lists them.",
    r"^([^\s@]+@[^\s@]+)?$": "Send one e-mail address, such as anna@example.com.",
    r"^(#[0-9a-fA-F]{6})?$": "Send a colour, such as #0a7d4b, or an empty text for none.",
    # of contracts with carriers
    r"^[A-Z]{2}$": "Send the two capital letters of a country, such as IT.",
    r"^[A-Za-z]{3}$": "Send three letters, such as MIL.",
    r"^([A-Za-z0-9]{2})?$": "Send two letters or digits, such as RM.",
    r"^[0-9A-Za-z ]{2,8}$": "Send 2 to 8 letters and digits, such as BDTEST13.",
    r"^([0-9]{1,7})?$": "Send at most 7 digits, such as 1020115.",
    r"^([0-9]{4})?$": "Send four digits, such as 1234.",
    r"^[a-z]+(-[a-z]+)*$": "Send small letters with hyphens between the words, such as parcel-de.",
    r"^(en|no|sv|da)$": "Send one of 'en', 'no', 'sv' or 'da'.",
    r"^(en|sv|no|da|fi)$": "Send one of 'en', 'sv', 'no', 'da' or 'fi'.",
    r"^(en|zh-CN)$": "Send one of 'en' or 'zh-CN'.",
}
"""What to send where a text must have a certain form, by the form."""

OURS, THEIRS = 2000, 300
"""How long a sentence may be: our own may list everything that is allowed."""

_BY_TYPE: Mapping[str, str] = {
    "missing": "Required.",
    "extra_forbidden": "Unknown field: leave it out, or check its spelling.",
    "string_type": "Send a text (a JSON string).",
    "string_too_long": "Send at most {max_length} characters.",
    "string_too_short": "Must not be empty: send at least {min_length} characters.",
    "list_type": 'Send a list, such as ["…"].',
    "too_long": "Send at most {max_length} values.",
    "too_short": "Must not be empty: send at least {min_length} values.",
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dict_type": _OBJECT,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "greater_than": "Send a number above {gt}.",
    "greater_than_equal": "Send a number of at least {ge}.",
    "less_than": "Send a number below {lt}.",
    "less_than_equal": "Send a number of at most {le}.",
    "bool_type": _TRUTH,
    "bool_parsing": "Send true or false.",
    "uuid_type": _ID,
    "uuid_parsing": _ID,
    "enum": "Send one of {expected}.",
    "literal_error": "Send one of {expected}.",
    "timezone_aware": TIME,
    "datetime_type": TIME,
    "datetime_parsing": TIME,
    "datetime_from_date_parsing": TIME,
    "datetime_object_invalid": TIME,
    "date_type": DAY,
    "date_parsing": DAY,
    "date_from_datetime_parsing": DAY,
    "date_from_datetime_inexact": DAY,
    "decimal_type": AMOUNT,
    "decimal_parsing": AMOUNT,
}


def in_words(error: Mapping[str, Any]) -> str:
    """What to do about one of a ValidationError's `errors()`: a sentence without the value, which may be personal."""
    kind, context = error["type"], error.get("ctx") or {}
    if kind == "string_pattern_mismatch" and context.get("pattern") in BY_PATTERN:
        return BY_PATTERN[context["pattern"]]
    if kind in _BY_TYPE:
        return _BY_TYPE[kind].format_map(context)
    message = str(error["msg"]).removeprefix("Value error, ")
    most = OURS if kind == "value_error" else THEIRS
    return message[:1].upper() + message[1:most]
