"""A carrier of another package: found by its entry point, used like any other, refused when its slug is taken."""

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

CARRIER = '''
    """Piccione, which sends one line: number, code, time."""

    from carriers.base import Carrier, UnreadablePayload, mapped
    from carriers.event import Parcel, TrackingEvent
    from carriers.times import iso_moment
    from carriers.tables import Says, table
    from carriers.vocabulary import Status


    class Piccione(Carrier):
        """Pigeons."""

        slug = "piccione"
        name = "Piccione viaggiatore"
        number_patterns = (r"PIC[0-9]{4}",)
        table = table({"PERCHED": Says(Status.DELIVERED)})

        def parse(self, body):
            words = body.decode("ascii", "replace").split()
            if len(words) != 3 or (moment := iso_moment(words[2])) is None:
                raise UnreadablePayload("not a pigeon's line")
            event = mapped(TrackingEvent(moment, code=words[1]), self.table.find(words[1]))
            return [Parcel(words[0], (event,))]


    class Cuckoo(Piccione):
        """A pigeon under another's name."""

        slug = "ups"


    class Stone:
        """No carrier at all."""
'''


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder like `site-packages`, with the package in it; each test announces what it wants."""
    (tmp_path / "piccione.py").write_text(dedent(CARRIER), encoding="utf-8")
    return tmp_path


def announce(folder: Path, attribute: str) -> None:
    about = folder / "piccione-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: piccione\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text(f"[nove.carriers]\npiccione = piccione:{attribute}\n", encoding="utf-8")


def python(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", dedent(code)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), *sys.path])},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_plugin_is_found_and_used(installed: Path) -> None:
    """The carrier stands beside the built-in ones, is detected, and reads its own answers only."""
    announce(installed, "Piccione")

    done = python(
        installed,
        """
        import json
        from carriers import BUILT_IN, UnreadablePayload, carriers, detect, parse

        [parcel] = parse("piccione", b"PIC0001 PERCHED 2026-03-02T09:30:00+01:00")
        try:
            parse("piccione", b"{}")
        except UnreadablePayload as error:
            refused = str(error)
        print(json.dumps({
            "plugged": [slug for slug in carriers() if slug not in {kind.slug for kind in BUILT_IN}],
            "built_in": {kind.slug for kind in BUILT_IN} <= set(carriers()),
            "detected": [each.name for each in detect("pic 0001")],
            "parcel": [parcel.number, parcel.events[0].status, parcel.events[0].moment.occurred_at.isoformat()],
            "refused": refused,
        }))
        """,
    )

    assert done.stderr == ""
    assert json.loads(done.stdout) == {
        "plugged": ["piccione"],
        "built_in": True,
        "detected": ["Piccione viaggiatore"],
        "parcel": ["PIC0001", "delivered", "2026-03-02T08:30:00+00:00"],
        "refused": "not a pigeon's line",
    }


@pytest.mark.parametrize(
    ("attribute", "complaint"),
    [
        ("Cuckoo", "piccione = piccione:Cuckoo of nove.carriers: the slug 'ups' is taken by carriers.ups.Ups"),
        ("Stone", "piccione = piccione:Stone of nove.carriers is no subclass of Carrier"),
    ],
)
def test_plugin_that_does_not_fit(installed: Path, attribute: str, complaint: str) -> None:
    """A plug-in under a slug that is taken, or one that is no carrier, is refused by name."""
    announce(installed, attribute)

    done = python(installed, "from carriers import carriers; carriers()")

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"TypeError: entry point {complaint}"
