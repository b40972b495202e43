"""Why a message did not leave, or may not have: slugs for programs, sentences for people."""

from collections.abc import Mapping
from enum import StrEnum

from app.channels.retrying import RETRY_SCHEDULE
from app.triggers import NotSent


class NotDelivered(StrEnum):
    """Why a message that was to be sent was not, or why nobody knows."""

    NO_MAIL_SERVER = "no_mail_server"
    RULE_OFF = "rule_off"  # or the shipment has been forgotten
    ENDPOINT_REMOVED = "endpoint_removed"
    ENDPOINT_GONE = "endpoint_gone"
    REFUSED = "refused"
    ATTEMPTS_FAILED = "attempts_failed"
    CONNECTION_LOST = "connection_lost"  # after the message was handed over
    WORKER_STOPPED = "worker_stopped"  # while it was sending


IN_WORDS: Mapping[str, str] = {
    NotSent.RETURN_SHIPMENT: "Recipients hear of outbound shipments only; this is a return.",
    NotSent.NOT_LIVE: "The shop is not live yet, so its recipients get nothing: PATCH /v1/shop with live: true.",
    NotSent.NO_ADDRESS: "There is no e-mail address to send it to.",
    NotSent.DOUBTFUL: "The carrier's code is not surely understood; the recipient is not told of a guess.",
    NotSent.TOO_OLD: "What happened was already too long ago to be news.",
    NotSent.FIRST_IMPORT: "Of a history that came all at once, only the present status is told.",
    NotSent.ALREADY_TOLD: "This was told already.",
    NotSent.TOLD_RECENTLY: "The same status was told less than six hours before.",
    NotSent.CAP_DAY: "The recipient has had the most messages of one day.",
    NotSent.CAP_TOTAL: "The recipient has had the most messages about one shipment.",
    NotSent.REPLAY: "History was read again and gave another status; nothing had happened just then.",
    NotSent.LEFT_STATE: "It no longer held when the message was due.",
    NotDelivered.NO_MAIL_SERVER: "There is no mail server: set NOVE_SMTP_URL to send e-mail.",
    NotDelivered.RULE_OFF: "Its rule has been removed or switched off since.",
    NotDelivered.ENDPOINT_REMOVED: "The endpoint has been removed since.",
    NotDelivered.ENDPOINT_GONE: "The endpoint answered 410: it is gone, and has been switched off.",
    NotDelivered.REFUSED: "It was refused for good; `attempts` says how.",
    NotDelivered.ATTEMPTS_FAILED: f"All {len(RETRY_SCHEDULE)} attempts have failed; `attempts` says how.",
    NotDelivered.CONNECTION_LOST: "The connection was lost after the message was handed over: it may have been sent, "
    "so it is not repeated.",
    NotDelivered.WORKER_STOPPED: "The worker stopped while sending: it may have been sent, so it is not repeated.",
}
"""Every reason, as a person would say it."""
