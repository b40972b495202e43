"""What `nove carrier new` writes: an adapter that runs, its recordings and its tests, to be turned into the carrier's.

The made-up carrier answers in JSON, `{"parcels": [{"number", "events": [{"code", "text", "time", "city"}]}]}`, so that
every file works from the first minute and each line shows where the real one goes.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from carriers import carriers

ADAPTER = '''"""{name}: how it is asked, what it answers. Say here where that is documented, and when you read it.

Codes: the table below, each row with where it stands. Quirks: one sentence each.
"""

from collections.abc import Sequence

from httpx import AsyncClient
from pydantic import Field, SecretStr

from carriers.base import Account, Answer, Carrier, Credentials, RateLimit, UnreadablePayload, meant
from carriers.calling import call
from carriers.event import Parcel, Place, TrackingEvent
from carriers.reading import Json, dicts, json_object, text_of
from carriers.tables import Says, table
from carriers.times import iso_moment, zone
from carriers.vocabulary import Status, SubStatus

HERE = zone("Europe/Rome")


class {kind}Credentials(Credentials):
    """What a contract with {name} gives you."""

    api_key: SecretStr = Field(min_length=1)


class {kind}(Carrier):
    """{name}'s tracking interface."""

    slug, name, website = "{slug}", "{name}", "https://{host}"
    number_patterns = (r"{letters}[0-9]{{8}}",)
    number_form, example = "[0-9A-Z]{{8,35}}", "{letters}00000001"
    credentials = {kind}Credentials
    base_url = "https://api.{host}"
    batch_size = 1
    rate = RateLimit(1, 1.0)
    confidence = "low"
    table = table(
        {{
            "INFO": Says(Status.AWAITING_PICKUP, SubStatus.INFO_RECEIVED),
            "PICKED": Says(Status.IN_TRANSIT, SubStatus.PICKED_UP),
            "ROUTE": Says(Status.OUT_FOR_DELIVERY),
            "ABSENT": Says(Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT),
            "DONE": Says(Status.DELIVERED, SubStatus.TO_RECIPIENT),
        }}
    )

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call a number; `call` turns 401, 429, 5xx and silence into the errors that callers expect."""
        assert isinstance(account.credentials, {kind}Credentials)
        answer = await call(
            http,
            "GET",
            f"{{account.base_url or self.base_url}}/track/{{numbers[0]}}",
            headers={{"Authorization": f"Bearer {{account.credentials.api_key.get_secret_value()}}"}},
            accept=(404,),  # a number that it does not know
        )
        return [Answer(answer.content, tuple(numbers))]

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcels of an answer; a body that is not this carrier's is an UnreadablePayload."""
        value = json_object(body)
        if not isinstance(value.get("parcels"), list):
            raise UnreadablePayload("not an answer of {name}")
        return [self._parcel(parcel) for parcel in dicts(value["parcels"])]

    def _parcel(self, parcel: Json) -> Parcel:
        events = tuple(event for said in dicts(parcel.get("events")) if (event := self._event(said)) is not None)
        return Parcel(text_of(parcel.get("number"), 40), events, not_found=not events)

    def _event(self, said: Json) -> TrackingEvent | None:
        moment = iso_moment(said.get("time"), HERE)
        if moment is None:
            return None
        code, city = text_of(said.get("code"), 100), text_of(said.get("city"), 100)
        read = meant(self.table.find(code), code, text=text_of(said.get("text")))
        return read.at(moment, Place(city=city) if city else None)
'''

TEST = '''"""{name}'s answers, as events."""

from datetime import UTC, datetime
{imports}
import pytest

{known}
{recorded}
NEWEST: dict[str, tuple[Status, SubStatus | None] | None] = {{
    "delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "failed_attempt": (Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT),
    "unlisted_code": None,
}}


@pytest.mark.parametrize(("answer", "meaning"), NEWEST.items())
def test_newest_event(answer: str, meaning: tuple[Status, SubStatus | None] | None) -> None:
    """The newest event of each answer means what the recipient would say."""
    [parcel] = {kind}().parse({read})

    assert max(parcel.events, key=lambda event: event.moment.occurred_at).meaning == meaning


def test_a_whole_event() -> None:
    """Code, words, place, and the time as printed and as it is."""
    [parcel] = {kind}().parse({delivered})

    assert parcel.events[0] == TrackingEvent(
        Moment(datetime(2026, 3, 3, 9, 12, tzinfo=UTC), "2026-03-03T10:12:00", OffsetSource.{source}),
        "DONE",
        text="Delivered",
        status=Status.DELIVERED,
        sub_status=SubStatus.TO_RECIPIENT,
        row="DONE",
        place=Place(city="Firenze"),
    )


def test_a_number_that_is_not_known() -> None:
    """No events: the carrier is asked again."""
    assert {kind}().parse({not_found}) == [Parcel("{letters}00000009", not_found=True)]


@pytest.mark.parametrize("body", [b"", b"[]", b"{{}}", b"<html></html>"])
def test_what_is_not_its_answer(body: bytes) -> None:
    """It is refused, by the one error agreed."""
    with pytest.raises(UnreadablePayload):
        {kind}().parse(body)
'''

PROJECT = """[build-system]
requires = ["setuptools>=80"]
build-backend = "setuptools.build_meta"

[project]
name = "nove-{dashed}"
version = "0.1.0"
description = "{name} for Nove"
requires-python = ">=3.11"
dependencies = ["nove"]

[project.entry-points."nove.carriers"]
{slug} = "nove_{slug}:{kind}"

[tool.setuptools]
py-modules = ["nove_{slug}"]
"""

_EVENTS = {
    "PICKED": ("Picked up", "2026-03-02T17:30:00", "Milano"),
    "ROUTE": ("Out for delivery", "2026-03-03T08:05:00", "Firenze"),
    "ABSENT": ("Nobody at home", "2026-03-03T10:12:00", "Firenze"),
    "DONE": ("Delivered", "2026-03-03T10:12:00", "Firenze"),
    "X99": ("Something new", "2026-03-03T10:12:00", "Firenze"),
}
ANSWERS = {
    "delivered": ("DONE", "ROUTE", "PICKED"),
    "out_for_delivery": ("ROUTE", "PICKED"),
    "failed_attempt": ("ABSENT", "ROUTE", "PICKED"),
    "unlisted_code": ("X99", "PICKED"),
    "not_found": (),
}


NEXT = {
    True: """
Now, in carriers/__init__.py: `from carriers.{slug} import {kind}`, and `{kind}` in BUILT_IN.
Then turn it into the carrier's, as carriers/README.md says; `nove carrier check {slug}` tells how far it is.""",
    False: """
Now: pip install --editable {folder}
Then turn it into the carrier's; from {folder}, `nove carrier check {slug}` and `pytest` say how far it is. A service
that is started where it is installed has it.""",
}
"""What to do next, in the repository and in a package of its own."""


def words_of(slug: str, name: str) -> dict[str, str]:
    """What the templates are filled with; ValueError says what is wrong with the slug or the name."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,39}", slug):
        raise ValueError(f"the slug {slug!r} must be lower-case letters, digits and underscores, as `acme_express`")
    if slug in carriers():
        raise ValueError(f"there is a carrier {slug!r} already: `nove carrier check {slug}`")
    if re.search(r"[\"\\{}\n]", name):
        raise ValueError("leave quotes, backslashes, braces and line breaks out of the name")
    letters = (slug.replace("_", "") + "xx")[:2].upper()
    return {
        "slug": slug,
        "name": name or " ".join(part.capitalize() for part in slug.split("_")),
        "kind": kind_of(slug),
        "letters": letters if letters.isalpha() else "XX",
        "dashed": slug.replace("_", "-"),
        "host": f"{slug.replace('_', '')}.example",
    }


def kind_of(slug: str) -> str:
    """What its class is called."""
    return "".join(part.capitalize() for part in slug.split("_"))


def of_the_house(slug: str, name: str = "") -> dict[Path, str]:
    """The files of a carrier in this repository, by their paths in it."""
    words = words_of(slug, name)
    folder = Path("tests", "carriers", slug)
    return {
        Path("carriers", f"{slug}.py"): ADAPTER.format(**words),
        Path("tests", "carriers", f"test_{slug}.py"): _test(
            words, f"carriers.{slug}", "from tests.recorded import recorded\n", "recorded({slug}, {name})"
        ),
        **{folder / f"{each}.json": _answer(words["letters"], each) for each in ANSWERS},
    }


def of_its_own(slug: str, name: str = "") -> dict[Path, str]:
    """The files of a package of its own, found by its entry point wherever it is installed."""
    words = words_of(slug, name)
    folder = Path("tests", "carriers", slug)
    return {
        Path("pyproject.toml"): PROJECT.format(**words),
        Path(f"nove_{slug}.py"): ADAPTER.format(**words),
        Path("tests", f"test_{slug}.py"): _test(
            words,
            f"nove_{slug}",
            '\nFOLDER = Path(__file__).parent / "carriers" / "{slug}"\n'.format(**words),
            "(FOLDER / {file}).read_bytes()",
        ),
        **{folder / f"{each}.json": _answer(words["letters"], each) for each in ANSWERS},
    }


_KNOWN = (
    "from carriers.base import UnreadablePayload",
    "from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent",
    "from carriers.vocabulary import Status, SubStatus",
)


def _test(words: Mapping[str, str], module: str, recorded: str, reading: str) -> str:
    def read(name: str) -> str:
        plain = name.startswith("{")
        file = f'f"{name}.json"' if plain else f'"{name}.json"'
        return reading.format(slug=f'"{words["slug"]}"', name="answer" if plain else f'"{name}"', file=file)

    known = sorted((*_KNOWN, f"from {module} import {words['kind']}"))
    return TEST.format(
        **words,
        known="\n".join(known),
        imports="from pathlib import Path\n" if "Path" in recorded else "",
        recorded=recorded,
        source="CARRIER",
        read=read("{answer}"),
        delivered=read("delivered"),
        not_found=read("not_found"),
    )


def _answer(letters: str, name: str) -> str:
    said = ",\n".join(
        f'      {{"code": "{code}", "text": "{text}", "time": "{at}", "city": "{city}"}}'
        for code in ANSWERS[name]
        for text, at, city in [_EVENTS[code]]
    )
    events = f"[\n{said}\n    ]" if said else "[]"
    number = f"{letters}0000000{9 if name == 'not_found' else 1}"
    return f'{{\n  "parcels": [{{\n    "number": "{number}",\n    "events": {events}\n  }}]\n}}\n'
