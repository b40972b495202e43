"""`make fuzz ARGS="--seconds 600 --examples 200"`: the API by schemathesis, then each adapter by broken bytes."""

import argparse
import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from carriers import BUILT_IN
from tests.fuzz import api
from tests.source import ROOT

FOUND = ROOT / "tests" / "fuzz" / "found"
"""Bytes that once broke an adapter, by its slug: `tests/carriers/test_found.py` reads them again."""

ROW = "{:<16}  {:>9}  {:>8}  {:<9}"
_UNITS = re.compile(r"number_of_executed_units:\s*(\d+)")


def adapters(slugs: list[str], seconds: int, folder: Path) -> bool:
    """Fuzz each adapter for its share of the time; whether none broke."""
    share = max(1, seconds // len(slugs))
    well = True
    print(ROW.format("adapter", "tries", "seconds", "result"), flush=True)
    for slug in slugs:
        (folder / slug).mkdir()
        command = [sys.executable, "-m", "tests.fuzz.adapter", slug, str(share), str(folder / slug)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
        tries = _UNITS.search(done.stderr)
        broken = done.returncode != 0
        print(ROW.format(slug, tries[1] if tries else "?", share, "broken" if broken else "ok"), flush=True)
        if broken:
            well = False
            print(done.stderr[-6_000:], flush=True)
            for path in (each for each in (folder / slug).iterdir() if each.is_file()):
                FOUND.joinpath(slug).mkdir(parents=True, exist_ok=True)
                shutil.copy(path, FOUND / slug / path.name)
                print(f"kept: {(FOUND / slug / path.name).relative_to(ROOT)}", flush=True)
    return well


def main() -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="over all adapters (60); 0 for none of them")
    parser.add_argument("--examples", type=int, default=25, help="for each operation of the API (25); 0 for none")
    parser.add_argument("--carrier", choices=[each.slug for each in BUILT_IN], help="this adapter alone")
    parser.add_argument("--seed", help="of a run of schemathesis, to have it again")
    asked = parser.parse_args()
    well = True
    with tempfile.TemporaryDirectory(prefix="nove-fuzz-") as name:
        folder = Path(name)
        if asked.seconds:
            slugs = [asked.carrier] if asked.carrier else [each.slug for each in BUILT_IN]
            well = adapters(slugs, asked.seconds, folder)
        if asked.examples and not asked.carrier:
            more = (f"--seed={asked.seed}",) if asked.seed else ()
            well = asyncio.run(api.fuzz(folder, asked.examples, more)) == 0 and well
    return 0 if well else 1


sys.exit(main())
