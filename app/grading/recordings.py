"""The recordings that a carrier is graded by: answers composed after its documented shape, and pushes with headers."""

import inspect
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import orjson

from carriers import Carrier, UnreadablePayload
from carriers.event import Parcel, TrackingEvent

IN_A_PROJECT = Path("tests", "carriers")
"""Where a project keeps them, a folder for each slug; pushes with their headers in its folder `pushes`."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded answer; `parcels` is none if it was refused, `error` what else was raised."""

    path: Path
    body: bytes
    parcels: list[Parcel] | None
    error: Exception | None = None

    @property
    def name(self) -> str:
        """Its meaning, by the file's name."""
        return self.path.stem

    @property
    def events(self) -> Iterator[TrackingEvent]:
        """The events of all its parcels."""
        return (event for parcel in self.parcels or () for event in parcel.events)


@dataclass(frozen=True, slots=True)
class RecordedPush:
    """A push as it would come: its headers (names in lower case), its body, and the secret that it was made with."""

    name: str
    headers: dict[str, str]
    body: bytes
    secret: str


@dataclass(frozen=True)
class Recordings:
    """A carrier's folder of recordings, each read once; `folder` is where they are, or would be."""

    carrier: Carrier
    folder: Path
    installed: bool = field(default=False)
    """Whether the adapter was installed as a package, which brings no recordings along."""

    def __bool__(self) -> bool:
        return bool(self.answers)

    @cached_property
    def answers(self) -> list[Recording]:
        """Every recorded answer."""
        if not self.folder.is_dir():
            return []
        return [_read(self.carrier, path) for path in sorted(self.folder.iterdir()) if path.is_file()]

    @cached_property
    def pushes(self) -> list[RecordedPush]:
        """Every recorded push: a file `{"body": name of an answer, "secret": …, "headers": {…}}` each."""
        return [_push(self.folder, path) for path in sorted(self.folder.joinpath("pushes").glob("*.json"))]

    def named(self, meaning: str) -> list[Recording]:
        """Those whose name begins with the meaning: `error`, `error_of_the_number`."""
        return [each for each in self.answers if each.name == meaning or each.name.startswith(f"{meaning}_")]

    @property
    def readable(self) -> list[Recording]:
        """Those in which there is a parcel, without the hostile ones."""
        return [each for each in self.answers if each.parcels and "hostile" not in each.name]


def recordings_of(carrier: Carrier, folder: Path | None = None) -> Recordings:
    """The recordings of a carrier: in this folder, below the folder that we are in, or beside the adapter's source."""
    if folder is not None:
        return Recordings(carrier, folder)
    source = Path(inspect.getfile(type(carrier))).resolve()
    here = IN_A_PROJECT / carrier.slug
    for place in (Path(), *source.parents[:3]):
        if (place / here).is_dir():
            return Recordings(carrier, place / here)
    return Recordings(carrier, here, source.is_relative_to(Path(sysconfig.get_path("purelib")).resolve()))


def _read(carrier: Carrier, path: Path) -> Recording:
    body = path.read_bytes()
    try:
        return Recording(path, body, carrier.parse(body))
    except UnreadablePayload:
        return Recording(path, body, None)
    except Exception as error:
        return Recording(path, body, None, error)


def _push(folder: Path, path: Path) -> RecordedPush:
    said = orjson.loads(path.read_bytes())
    return RecordedPush(path.name, said["headers"], folder.joinpath(said["body"]).read_bytes(), said["secret"])
