"""The point about what anybody may send: an adapter reads it soundly or refuses it, and raises nothing else."""

from collections.abc import Iterator
from random import Random

from app.grading.answers import recorded
from app.grading.breaking import format_of, odd_body, odd_bytes
from app.grading.card import Fault, Subject
from app.grading.soundness import faults_of
from carriers import UnreadablePayload

NOBODYS = (
    *(b"", b"\x00", b"[", b"null", b"[]", b"<a/>", b'{"carrier":0}', b"\xff\xfe"),
    b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>",
)
"""Bodies of no carrier."""

BROKEN = 40
"""How many broken bodies of each kind a carrier is given; the same ones each time. The tests give many more."""


def hostile(subject: Subject) -> str:
    """Nobody's bodies, and recordings broken by chance in their bytes, in their values and in the middle."""
    bodies = list(NOBODYS)
    if subject.recordings or not subject.recordings.installed:
        bodies += broken([each.body for each in recorded(subject)], Random(subject.carrier.slug))
    refused = sum(not read_soundly(subject, body) for body in bodies)
    return f"{len(bodies)} bodies: {refused} refused, the others read"


def broken(bodies: list[bytes], by: Random) -> Iterator[bytes]:
    """Broken ones of these."""
    formats = [(body, format_of(body)) for body in bodies]
    for _ in range(BROKEN):
        yield odd_bytes(by.choice(bodies), by)
        yield odd_body(*by.choice(formats), by)
    for body in bodies:
        yield body[: len(body) // 2]


def read_soundly(subject: Subject, body: bytes) -> bool:
    """Whether it is read; Fault for anything but sound parcels or UnreadablePayload."""
    try:
        parcels = subject.carrier.parse(body)
    except UnreadablePayload:
        return False
    except Exception as error:
        raise Fault(f"`parse` raises {type(error).__name__}: {error}, for {body[:200]!r}") from error
    for parcel in parcels:
        if faults := faults_of(parcel):
            raise Fault(f"{faults[0]}, for {body[:200]!r}")
    return True
