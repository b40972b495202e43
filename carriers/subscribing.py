"""Subscriptions: what a carrier is told that is to push news of numbers, and what it answers."""

from datetime import datetime, timedelta
from typing import NamedTuple


class Hook(NamedTuple):
    """Where the carrier is to push to, and the secret that it is to sign with or to repeat."""

    url: str
    secret: str


class Subscribed(NamedTuple):
    """The carrier pushes from here on: for so long, or until then, or (neither) until the journey's end.

    `refused` are the numbers that it does not take. `name` is what it calls the subscription, if it says so. `asks`: it
    pushes nothing before its handshake is answered.
    """

    life: timedelta | None = None
    until: datetime | None = None
    refused: frozenset[str] = frozenset()
    name: str = ""
    asks: bool = False


class Handshake(NamedTuple):
    """The carrier asks whether it was we who subscribed: the subscription, and the secret to repeat to it."""

    subscription: str
    secret: str
