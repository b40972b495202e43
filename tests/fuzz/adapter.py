"""One adapter under broken bytes: `python -m tests.fuzz.adapter SLUG SECONDS FOLDER`.

Guided by coverage with atheris where there is one, else by chance. Exit code 0, or another one with the bytes that
broke the adapter in a file of the folder.
"""

import hashlib
import importlib.util
import sys
import time
from pathlib import Path
from random import Random

if GUIDED := importlib.util.find_spec("atheris") is not None:
    import atheris

    with atheris.instrument_imports(include=["carriers"]):
        from tests.fuzz.trying import mutated, try_one
else:
    from tests.fuzz.trying import mutated, try_one

from tests.recorded import recordings

LONGEST = 65_536


def guided(slug: str, seconds: int, folder: Path, seeds: Path) -> None:
    """Let libFuzzer look for it; ends the process."""

    def mutate(body: bytes, longest: int, seed: int) -> bytes:
        by = Random(seed)
        return bytes(atheris.Mutate(body, longest)) if by.random() < 0.4 else mutated(body, by)[:longest]

    options = [
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST}",
        f"-artifact_prefix={folder}/",
        "-timeout=10",
        "-rss_limit_mb=1024",
        "-verbosity=0",
        "-print_final_stats=1",
    ]
    atheris.Setup([slug, *options, str(seeds)], lambda body: try_one(slug, body), custom_mutator=mutate)
    atheris.Fuzz()


def by_chance(slug: str, seconds: int, folder: Path, seeds: list[bytes]) -> int:
    """Break the seeds until the time is up."""
    by, end, tries = Random(), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        body = mutated(by.choice(seeds), by)
        tries += 1
        try:
            try_one(slug, body)
        except Exception:
            (folder / f"crash-{hashlib.sha1(body, usedforsecurity=False).hexdigest()}").write_bytes(body)
            raise
    sys.stderr.write(f"stat::number_of_executed_units: {tries}\n")
    return 0


def main(slug: str, seconds: str, folder: str) -> int:
    """Fuzz one adapter."""
    bodies = [path.read_bytes() for path in recordings(slug)] + [b"{}"]
    if not GUIDED:
        return by_chance(slug, int(seconds), Path(folder), bodies)
    seeds = Path(folder) / "seeds"
    seeds.mkdir()
    for number, body in enumerate(bodies):
        (seeds / str(number)).write_bytes(body)
    guided(slug, int(seconds), Path(folder), seeds)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
