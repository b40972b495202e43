"""Goals 6 and 7: reading and normalising carriers' answers, against Karrio's SDK and against `orjson.loads` alone.

Each carrier counts once, by the geometric mean. Karrio reads those that it knows too, in the same form: UPS, FedEx and
DHL Unified; it runs in a process and an environment of its own.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import prod
from pathlib import Path
from subprocess import DEVNULL, PIPE

import orjson

from bench.answers import EVENTS, answers
from bench.rounds import Rounds, in_turn
from bench.table import Line, line
from carriers import carriers

HOME = Path(__file__).parents[2]
PINNED = HOME / ".requirements" / "bench.txt"
KNOWN_TO_KARRIO = {"ups": "ups", "fedex": "fedex", "dhl_unified": "dhl_universal"}
SDK = HOME / "bench" / "limits" / "karrio_sdk.py"


async def against_loads(rounds: int, seconds: float) -> list[Line]:
    """Goal 7, and a line for each carrier."""
    found = {}
    for slug, bodies in answers().items():
        ours, limit = (
            partial(_rate, carriers()[slug].parse, bodies, seconds),
            partial(_rate, orjson.loads, bodies, seconds),
        )
        found[slug] = await in_turn(rounds, ours, limit, _steadiness)
    return _lines("parse + normalise / orjson.loads", found, 7)


async def against_karrio(rounds: int, seconds: float) -> list[Line]:
    """Goal 6, and a line for each carrier."""
    what = "parse + normalise / Karrio SDK"
    try:
        python = karrio()
    except (OSError, subprocess.SubprocessError) as error:
        return [Line(what, 6, note=f"Karrio's SDK could not be installed: {error}")]
    bodies = {slug: answers()[slug] for slug in KNOWN_TO_KARRIO}
    found = {}
    with subprocess.Popen([python, SDK], stdin=PIPE, stdout=PIPE, stderr=DEVNULL, text=True, bufsize=1) as process:  # noqa: ASYNC220
        asked, told = process.stdin, process.stdout
        assert asked
        assert told
        known = {KNOWN_TO_KARRIO[slug]: [body.decode() for body in those] for slug, those in bodies.items()}
        print(json.dumps(known), file=asked)

        async def limit(slug: str) -> float:
            print(json.dumps([KNOWN_TO_KARRIO[slug], seconds]), file=asked)
            return float(told.readline() or "nan")

        for slug, those in bodies.items():
            ours = partial(_rate, carriers()[slug].parse, those, seconds)
            found[slug] = await in_turn(rounds, ours, partial(limit, slug), _steadiness)
        asked.close()
    return _lines(what, found, 6)


def karrio() -> Path:
    """The interpreter of an environment that has Karrio's SDK, made when it is missing or out of date."""
    place = HOME / "var" / "bench-karrio"
    python, done = place / "bin" / "python", place / "requirements.txt"
    if not done.exists() or done.read_bytes() != PINNED.read_bytes():
        subprocess.run([sys.executable, "-m", "venv", "--clear", place], check=True, capture_output=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([*install, "-r", PINNED], check=True, capture_output=True)
        shutil.copy(PINNED, done)
    return python


def _lines(what: str, found: Mapping[str, Rounds], number: int) -> list[Line]:
    """The geometric mean, round by round, to which the goal is set; then the carriers it is made of."""
    ratios = [[each.ratio for each in rounds.rounds] for rounds in found.values()]
    means = tuple(prod(each) ** (1 / len(each)) for each in zip(*ratios, strict=True))
    note = "; ".join(f"{slug}: {rounds.note}" for slug, rounds in found.items() if rounds.note)
    about = f"{EVENTS} rows an answer, geometric mean over {', '.join(found)}"
    mean = Line(what, number, ratios=means, note="; ".join(filter(None, (about, note))))
    return [mean, *(line(f"  {slug}", rounds) for slug, rounds in found.items())]


async def _rate(read: Callable[[bytes], object], bodies: Sequence[bytes], seconds: float) -> float:
    """Answers read in a second."""
    clock, done = time.perf_counter, 0
    began = now = clock()
    while now - began < seconds:
        for body in bodies:
            read(body)
        done, now = done + len(bodies), clock()
    return done / (now - began)


async def _steadiness() -> float:
    """What `ping` is to the others: how fast the processor is just now."""
    began = time.perf_counter()
    sum(range(2_000_000))
    return 1 / (time.perf_counter() - began)
