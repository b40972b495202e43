"""`make bench`, or `make bench ARGS=--quick`: the goals measured so far; exit code 1 if one is missed."""

import sys

from bench import parsing, reading
from bench.ratios import table


def main() -> int:
    """Measure, print, judge."""
    wrong = set(sys.argv[1:]) - {"--quick"}
    if wrong:
        print(f"unknown argument {' '.join(sorted(wrong))}; there is --quick", file=sys.stderr)
        return 2
    quick = "--quick" in sys.argv
    lines = [*parsing.lines(quick), *reading.lines(quick)]
    print(table(lines))
    return 1 if any(line.met == "missed" for line in lines) else 0


sys.exit(main())
