"""`make bench`: the goals of performance, each against its limit in the same run; exit code 1 if one is missed.

On SQLite those that are about one process and its database: 1 to 5, 8 and 9. `--quick`: goals 1 and 3 to 9 on
PostgreSQL, in under 8 minutes. `--database sqlite`: on this one alone. `--only 1,4`: these goals. `--stored N`: so many
stored events instead of a million, to try it; with `--quick` the long load takes a minute. `--json FILE`: the table for
a program.
"""

import argparse
import gc
import sys
import tempfile
import traceback
import warnings
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

import orjson
import uvloop
from rich.console import Console

from bench.databases import KINDS, POSTGRES, SQLITE, Kind
from bench.goals import growth, ingest, parsing, reading, webhooks, workers
from bench.stage import Stage, staged
from bench.table import GOALS, Line, as_json, show

QUICK = (1, 3, 4, 5, 6, 7, 8, 9)
IN_ONE_PROCESS = (1, 2, 3, 4, 5, 8, 9)
ON_STAGE: dict[int, Callable[[Stage], Awaitable[list[Line]]]] = {
    1: ingest.single,
    2: ingest.tail,
    3: ingest.batches,
    4: reading.whole,
    5: reading.unchanged,
    8: webhooks.dispatch,
    9: webhooks.latency,
    10: workers.polling,
    11: workers.memory,
    12: workers.loaded,
    13: growth.grown,
    14: growth.grown,
}
ALONE: dict[int, Callable[[int, float], Awaitable[list[Line]]]] = {
    6: parsing.against_karrio,
    7: parsing.against_loads,
}
ON = {POSTGRES.name: tuple(ON_STAGE), SQLITE.name: IN_ONE_PROCESS}
"""By database the goals that are measured on it."""


def main() -> int:
    """Measure, print, judge."""
    given = _arguments()
    with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="nove-bench-") as folder:
        warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR")
        Path(folder).chmod(0o755)
        lines = uvloop.run(_measured(Path(folder), given.kinds, given.only, given.stored, quick=given.quick))
    console = Console(width=None if sys.stdout.isatty() else 160)
    show(lines, console)
    if given.json:
        given.json.write_bytes(orjson.dumps(as_json(lines), option=orjson.OPT_INDENT_2))
    return 1 if any(line.failed if given.lenient else line.verdict == "missed" for line in lines) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="goals 1 and 3 to 9 on PostgreSQL, fewer stored events")
    parser.add_argument("--database", choices=(*KINDS, "both"), help="both, or with --quick postgresql, if left out")
    parser.add_argument("--only", type=_numbers, help="the numbers of goals, parted by commas")
    parser.add_argument(
        "--stored", type=int, help="stored events to begin with, for a trial; goal 13 has ten times them"
    )
    parser.add_argument(
        "--lenient", action="store_true", help="a missed goal is told and no failure, a wrong measurement is one"
    )
    parser.add_argument("--json", type=Path, help="a file for the table as JSON")
    given = parser.parse_args()
    chosen = given.database or ("postgresql" if given.quick else "both")
    given.kinds = tuple(KINDS.values()) if chosen == "both" else (KINDS[chosen],)
    there = {number for kind in given.kinds for number in ON[kind.name]} | (set() if chosen == "sqlite" else set(ALONE))
    if elsewhere := [number for number in given.only or () if number not in there]:
        parser.error(f"goal {elsewhere[0]} is not measured on SQLite: leave --database out")
    given.only = given.only or tuple(there.intersection(QUICK) if given.quick else there)
    return given


def _numbers(text: str) -> tuple[int, ...]:
    numbers = tuple(int(part) for part in text.split(","))
    if unknown := [number for number in numbers if number not in GOALS]:
        raise argparse.ArgumentTypeError(f"no goal {unknown[0]}; there are 1 to {max(GOALS)}")
    return numbers


async def _measured(
    folder: Path, kinds: Sequence[Kind], only: Collection[int], stored: int | None, *, quick: bool
) -> list[Line]:
    gc.freeze()
    lines: list[Line] = []
    stored, rounds, seconds = (stored or 200_000, 3, 3.0) if quick else (stored or 1_000_000, 5, 5.0)
    for number, run in ALONE.items():
        if number in only:
            lines += await _tried(run.__name__, [number], run(rounds, 0.2 if quick else 1.0))
    for kind in kinds:
        numbers = [number for number in ON[kind.name] if number in only]
        if not numbers:
            continue
        async with staged(
            folder, kind, stored=stored, rounds=rounds, seconds=seconds, load_seconds=60 if quick else 600
        ) as stage:
            for measure in dict.fromkeys(ON_STAGE[number] for number in numbers):
                mine = [number for number in numbers if ON_STAGE[number] is measure]
                found = await _tried(measure.__name__, mine, measure(stage))
                lines += [replace(each, database=kind.name) for each in found]
    return lines


async def _tried(what: str, numbers: Sequence[int], measuring: Awaitable[list[Line]]) -> list[Line]:
    """The lines of a measurement; what goes wrong in one is told, and the others are measured all the same."""
    try:
        return await measuring
    except Exception as error:
        traceback.print_exc()
        why = f"{type(error).__name__}: {error}".splitlines()[0][:300]
        return [Line(what, number, note=why, failed=True) for number in numbers]


sys.exit(main())
