"""A person's details in the forms in which they are looked up."""

import phonenumbers


def normal_email(value: str) -> str | None:
    """An address for looking up: lower case; none if empty."""
    return value.strip().lower() or None


def normal_phone(value: str, country: str | None) -> str | None:
    """A phone number for looking up: E.164 if it can be read, else its digits; none if empty."""
    if not value.strip():
        return None
    try:
        parsed = phonenumbers.parse(value, country or "IT")
    except phonenumbers.NumberParseException:
        return "".join(character for character in value if character.isdigit()) or None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def normal_name(value: str) -> str | None:
    """A name for looking up: lower case, single spaces; none if empty."""
    return " ".join(value.lower().split()) or None
