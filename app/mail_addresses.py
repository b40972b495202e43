"""Mail addresses as a shop writes them down for itself: with a name before them or bare; empty for none."""

import re
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


def named_address(value: str) -> str:
    """`shop@example.com`, with or without a name before it; ValueError if it is neither that nor empty."""
    name, address = parseaddr(value)
    if not value:
        return value
    try:
        if not _ADDRESS.fullmatch(address) or "," in address:
            raise ValueError
        Address(name, addr_spec=address)
    except (ValueError, IndexError, HeaderParseError):
        raise ValueError("Send an address such as `Shop <shop@example.com>`, or an empty text for none.") from None
    return value


def bare_address(value: str) -> str:
    """`staff@example.com`; ValueError if it is neither that nor empty."""
    if value and not _ADDRESS.fullmatch(value):
        raise ValueError("Send an address such as staff@example.com, or an empty text for none.")
    return named_address(value)
