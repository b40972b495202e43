"""What `nove carrier new` writes: an adapter that runs, its recordings and its tests, to be turned into the carrier's.

The made-up carrier answers in JSON, `{"service": slug, "parcels": [{"number", "events": [{"code", "text", "time",
"city"}]}]}`, so that every file works from the first minute and each line shows where the real one goes.
"""

import builtins
import keyword
import re
from pathlib import Path

from app.cli.composing import recordings
from app.cli.written_stand_in import STAND_IN
from app.cli.written_tests import tests_of
from carriers import carriers

ADAPTER = '''"""{name}: how it is asked, what it answers. Say here where that is documented, and when you read it.

Codes: the table below, each row with where it stands. Quirks: one sentence each.
"""

import hmac
from collections.abc import Mapping, Sequence
from hashlib import sha256

from httpx import AsyncClient
from pydantic import Field, SecretStr

from carriers.base import (
    Account,
    Answer,
    BadSignature,
    Carrier,
    Credentials,
    RateLimit,
    UnreadablePayload,
    Verified,
    meant,
)
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
    pushes = signs = True
    table = table(
        {{
            "INFO": Says(Status.AWAITING_PICKUP, SubStatus.INFO_RECEIVED),
            "PICKED": Says(Status.IN_TRANSIT, SubStatus.PICKED_UP),
            "ROUTE": Says(Status.OUT_FOR_DELIVERY),
            "ABSENT": Says(Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT),
            "STORED": Says(Status.EXCEPTION, SubStatus.HELD),
            "BACK": Says(Status.RETURNED),
            "DONE": Says(Status.DELIVERED, SubStatus.TO_RECIPIENT),
        }}
    )

    async def fetch(self, http: AsyncClient, account: Account, numbers: Sequence[str]) -> list[Answer]:
        """One call a number; `call` turns 401, 429, 5xx and silence into the errors that callers expect."""
        known = {kind}Credentials.of(account)
        answer = await call(
            http,
            "GET",
            f"{{account.base_url or self.base_url}}/track/{{numbers[0]}}",
            headers={{"Authorization": f"Bearer {{known.api_key.get_secret_value()}}"}},
            accept=(200, 404),  # 404: a number that it does not know
        )
        return [Answer(answer.content, tuple(numbers))]

    def verify(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Verified:
        """`x-signature` is the body's HMAC-SHA256 under the account's secret, in hexadecimal digits."""
        given = headers.get("x-signature", "").encode()
        made = [hmac.new(secret.encode(), body, sha256).hexdigest().encode() for secret in secrets if secret]
        if not any(hmac.compare_digest(given, good) for good in made):
            raise BadSignature("x-signature is missing or wrong")
        return Verified()

    def parse(self, body: bytes) -> list[Parcel]:
        """The parcels of an answer or push, none for an error; what is not this carrier's is an UnreadablePayload."""
        value = json_object(body)
        if value.get("service") != self.slug:
            raise UnreadablePayload("not an answer of {name}")
        return [self._parcel(parcel) for parcel in dicts(value.get("parcels"))]

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

PROJECT = """[build-system]
requires = ["setuptools>=80"]
build-backend = "setuptools.build_meta"

[project]
name = "nove-{dashed}"
version = "0.1.0"
description = "{name} for Nove"
requires-python = ">=3.11"
dependencies = ["nove"]

[project.optional-dependencies]
development = ["pytest>=9"]

[project.entry-points."nove.carriers"]
{slug} = "nove_{slug}:{kind}"

[tool.setuptools]
py-modules = ["nove_{slug}"]
"""

NEXT = {
    True: """
Now name it in four places; until then tests of this repository fail.
1. carriers/__init__.py: `from carriers.{slug} import {kind}`, and `{kind}` in BUILT_IN, before `Own`.
2. tests/carriers/numbers.py: `"{slug}": "{letters}00000001",` in NUMBERS.
3. tests/carriers/asked.py: `from app.demo.stand_ins.{slug} import {kind}StandIn`, and in ASKED
   `Asked({kind}StandIn, "{letters}00000001", "api_key"),`.
4. README.md: `nove carriers --markdown --into README.md` puts its row there.
Then turn it into the carrier's, as carriers/README.md says; `nove carrier check {slug}` tells how far it is.""",
    False: """
Now: pip install --editable "{folder}[development]"
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
    if keyword.iskeyword(slug) or keyword.issoftkeyword(slug) or kind_of(slug) in _TAKEN | set(dir(builtins)):
        raise ValueError(f"the slug {slug!r} is a word of Python's or of the adapter's: add one, as `{slug}_parcel`")
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


_TAKEN = frozenset(re.findall(r"\b[A-Z]\w+", ADAPTER[ADAPTER.index("import hmac") : ADAPTER.index("HERE")])) | {
    *("Path", "AsyncClient", "MockTransport", "Request", "Response", "SecretStr", "Moment", "OffsetSource")
}
"""The classes that the adapter and its tests import: its own must be called otherwise."""


def kind_of(slug: str) -> str:
    """What its class is called."""
    return "".join(part.capitalize() for part in slug.split("_"))


def of_the_house(slug: str, name: str = "") -> dict[Path, str]:
    """The files of a carrier in this repository, by their paths in it."""
    words = words_of(slug, name)
    folder = Path("tests", "carriers", slug)
    return {
        Path("carriers", f"{slug}.py"): ADAPTER.format(**words),
        Path("tests", "carriers", f"test_{slug}.py"): tests_of(
            words, f"carriers.{slug}", "from tests.recorded import recorded\n", "recorded({slug}, {name})"
        ),
        Path("app", "demo", "stand_ins", f"{slug}.py"): STAND_IN.format(**words),
        **{folder / path: text for path, text in recordings(words["letters"], slug).items()},
    }


def of_its_own(slug: str, name: str = "") -> dict[Path, str]:
    """The files of a package of its own, found by its entry point wherever it is installed."""
    words = words_of(slug, name)
    folder = Path("tests", "carriers", slug)
    return {
        Path("pyproject.toml"): PROJECT.format(**words),
        Path(f"nove_{slug}.py"): ADAPTER.format(**words),
        Path("tests", f"test_{slug}.py"): tests_of(
            words,
            f"nove_{slug}",
            '\nFOLDER = Path(__file__).parent / "carriers" / "{slug}"\n'.format(**words),
            "(FOLDER / {file}).read_bytes()",
        ),
        **{folder / path: text for path, text in recordings(words["letters"], slug).items()},
    }
