"""Steps of the schema hold up nobody on PostgreSQL: the linter squawk finds no lock that would be long."""

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from app.migrating import FOLDER, as_sql

SQUAWK = str(Path(sys.executable).with_name("squawk"))
ALLOWED = (
    "prefer-bigint-over-int",  # nothing here counts to two thousand million
    "prefer-text-field",  # Alembic's own table
    "prefer-robust-stmts",  # the first step is one transaction; the helper builds an index anew
    "require-statement-timeout",  # an index is built for as long as it takes
)
STEPS = [each.revision for each in ScriptDirectory(str(FOLDER)).walk_revisions()]


def findings(sql: str) -> list[tuple[str, str]]:
    """Rule and line of what the linter finds."""
    options = ["--reporter=json", "--pg-version=14"]
    options += [f"--exclude={','.join(ALLOWED)}"]
    found = subprocess.run([SQUAWK, *options], input=sql, capture_output=True, text=True, check=False)
    return [(each["rule_name"], sql.splitlines()[each["line"]]) for each in json.loads(found.stdout)]


@pytest.mark.parametrize("step", STEPS)
def test_a_step_takes_no_long_lock(step: str) -> None:
    """No table is rewritten or read through under a lock, indexes of old tables are built beside them."""
    out = io.StringIO()
    as_sql(step, out)
    sql = out.getvalue()

    assert sql.startswith("SET lock_timeout = '5s';")
    assert findings(sql) == []


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_was_interrupted_can_be_done_again(step: str) -> None:
    """What comes before an index that is built beside its table has been committed: it bears being done again."""
    out = io.StringIO()
    as_sql(step, out)
    before, beside, _ = out.getvalue().rpartition("CONCURRENTLY")
    changes = re.findall(
        r"^(?:CREATE (?:UNIQUE )?(?:TABLE|INDEX)|ALTER TABLE) .*",
        before.rpartition("\n")[0] if beside else "",
        re.MULTILINE,
    )

    assert [each for each in changes if "IF NOT EXISTS" not in each and "CONCURRENTLY" not in each] == []


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("CREATE INDEX a ON shipments (status);", "require-concurrent-index-creation"),
        ("ALTER TABLE shipments ALTER COLUMN speed TYPE text;", "changing-column-type"),
        ("ALTER TABLE shipments ADD COLUMN x int NOT NULL;", "adding-required-field"),
        ("ALTER TABLE shipments ADD CONSTRAINT c CHECK (version > 0);", "constraint-missing-not-valid"),
    ],
)
def test_the_linter_would_find_it(sql: str, rule: str) -> None:
    """What would hold up others is found."""
    assert rule in [found for found, _ in findings(f"SET lock_timeout = '5s';\n{sql}")]
