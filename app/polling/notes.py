"""What a shipment's `poll_note` says of the last time it was asked about."""

from datetime import datetime

ALONE = "the carrier refused a question about several numbers: this one is asked about by itself"
NOT_MENTIONED = "the carrier's answer says nothing of this number"
UNREADABLE = "the carrier's answer could not be read: it is kept, and read again once the adapter is mended"
TRIED_AGAIN = "the carrier's answer could not be taken in: it is kept and tried again"
INTERNAL = "it could not be asked: an error of ours, which the log explains"
_REFUSED = "the carrier refuses the question: "


def refused(reason: object) -> str:
    """The carrier says no to a question about this number alone."""
    return f"{_REFUSED}{reason}"


def unresolved(reason: object) -> str:
    """The carrier was asked for the shipment's number, and there is none to take."""
    return f"waiting for the tracking number: {reason}"


def failing(reason: object, until: datetime) -> str:
    """The carrier, or its account, is not well."""
    return f"{reason}; asked again after {until:%Y-%m-%d %H:%M} UTC"


def disabled(reason: object) -> str:
    """The account was disabled, as its credentials are refused."""
    return f"the account is disabled: {reason}"


def asked_alone(note: str) -> bool:
    """Whether a shipment with this note would spoil the question about others."""
    return note == ALONE or note.startswith(_REFUSED)
