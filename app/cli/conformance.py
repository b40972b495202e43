"""The report of `nove carrier check`: whether an adapter keeps the contract, point by point."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path

from rich.table import Table
from rich.text import Text

from carriers import Carrier, UnreadablePayload
from carriers.vocabulary import Status, belongs

FIXTURES = Path("tests", "carriers")
"""Where answers are recorded, one folder for each carrier, seen from the folder that the command runs in."""

NOBODYS = (b"", b"\x00", b"[", b"null", b"[]", b"<a/>", b'{"carrier":0}', b"\xff\xfe")
"""Bodies of no carrier: to read one may give nothing or UnreadablePayload, but no other error."""


class Broken(Exception):
    """What an adapter does against the contract."""


@dataclass
class Report:
    """One carrier's points: what was looked at, what was found, and whether it is as it must be."""

    carrier: Carrier
    points: list[tuple[str, str, bool]] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing is against the contract."""
        return all(good for _, _, good in self.points)

    def look(self, name: str, check: Callable[[Carrier], str]) -> None:
        """Add a point; the check gives what it found or raises Broken."""
        try:
            self.points.append((name, check(self.carrier), True))
        except Broken as broken:
            self.points.append((name, str(broken), False))
        except Exception as error:  # an adapter may be wrong in any way; the report says how
            self.points.append((name, f"{type(error).__name__}: {error}", False))

    def table(self) -> Table:
        """The report for a terminal."""
        verdict = "sound" if self.sound else "broken"
        table = Table(title=f"{getattr(self.carrier, 'slug', '?')}: {verdict}", title_justify="left", min_width=80)
        for column in ("", "point", "found"):
            table.add_column(column)
        for name, found, good in self.points:
            table.add_row(Text("ok" if good else "FAILS", style="green" if good else "bold red"), name, Text(found))
        return table


def report(carrier: Carrier) -> Report:
    """Look at every point of the contract that can be seen without the network."""
    made = Report(carrier)
    made.look("identity", identity)
    made.look("table", table_rows)
    made.look("number patterns", patterns)
    made.look("credentials", credentials)
    made.look("ways in", ways_in)
    made.look("foreign bodies", foreign_bodies)
    made.look("fixtures", fixtures)
    return made


def identity(carrier: Carrier) -> str:
    """Slug, name, and a docstring that says what the carrier is."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,39}", carrier.slug):
        raise Broken(f"the slug {carrier.slug!r} is not of lower-case letters, digits and underscores")
    if not carrier.name or not type(carrier).__dict__.get("__doc__"):
        raise Broken("the class has no name or no docstring")
    return f"{carrier.slug}, {carrier.name}, confidence {carrier.confidence}"


def table_rows(carrier: Carrier) -> str:
    """Every row means something that the vocabulary knows."""
    lists = Counter(within for within, _ in carrier.table)
    for row in carrier.table.values():
        wrong = row.status is Status.PENDING or (row.status is None and row.sub_status is not None)
        if wrong or (row.status is not None and not belongs(row.status, row.sub_status)):
            raise Broken(f"row {row.name}: {row.status}/{row.sub_status} is no meaning of an event")
    if not carrier.table:
        raise Broken("the table is empty")
    doubtful = sum(row.doubtful for row in carrier.table.values())
    named = ", ".join(f"{within or 'codes'} {count}" for within, count in lists.items())
    return f"{len(carrier.table)} rows ({named}), {doubtful} of them doubtful"


def patterns(carrier: Carrier) -> str:
    """Every pattern is a regular expression."""
    for pattern in carrier.number_patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            raise Broken(f"{pattern}: {error}") from error
    return ", ".join(carrier.number_patterns) or "none: never detected"


def credentials(carrier: Carrier) -> str:
    """What an account must and may give."""
    fields = carrier.credentials.model_fields.items()
    return ", ".join(name if each.is_required() else f"[{name}]" for name, each in fields) or "none"


def ways_in(carrier: Carrier) -> str:
    """How events come: asked for, pushed, or posted by the shop."""
    if carrier.batch_size < 1 or carrier.rate.calls < 1 or carrier.rate.seconds <= 0:
        raise Broken(f"batch size {carrier.batch_size} and rate {tuple(carrier.rate)} must be above zero")
    ways = []
    if carrier.polls:
        token = ", with a token" if carrier.needs_token else ""
        rate = f"{carrier.rate.calls} in {carrier.rate.seconds:g} s"
        ways.append(f"polled, {carrier.batch_size} at a time, {rate}{token}")
    if carrier.resolves:
        ways.append("finds numbers by the sender's reference")
    if carrier.pushes:
        ways.append("pushes, signed" if carrier.signs else "pushes")
    return "; ".join(ways) or "the shop posts its events"


def foreign_bodies(carrier: Carrier) -> str:
    """Whatever comes, the adapter refuses it in the one way agreed."""
    for body in NOBODYS:
        try:
            carrier.parse(body)
        except UnreadablePayload:
            continue
        except Exception as error:
            raise Broken(f"{body!r} raises {type(error).__name__}: {error}") from error
    return "none raises anything but UnreadablePayload"


def fixtures(carrier: Carrier) -> str:
    """Every recorded answer is read, and its times are aware UTC."""
    folder = FIXTURES / carrier.slug
    if not folder.is_dir():
        return f"no folder {folder} here"
    read, events, unlisted = Counter[str](), 0, 0
    for path in sorted(each for each in folder.iterdir() if each.is_file()):
        try:
            parcels = carrier.parse(path.read_bytes())
        except UnreadablePayload:
            read["refused"] += 1
            continue
        except Exception as error:
            raise Broken(f"{path.name} raises {type(error).__name__}: {error}") from error
        read["read"] += 1
        for event in (event for parcel in parcels for event in parcel.events):
            events += 1
            unlisted += event.unmapped
            if event.moment.occurred_at.tzinfo is not UTC:
                raise Broken(f"{path.name}: the time {event.moment.occurred_at} is not UTC")
    if not read:
        raise Broken(f"{folder} is empty")
    counts = ", ".join(f"{count} {outcome}" for outcome, count in read.items())
    return f"{counts}; {events} events, {unlisted} of them with a code that no row lists"
