"""The process that serves, seen from within: a plug of Python's own tells of it as it ends."""

import os
import signal
from pathlib import Path

import httpx

from tests.test_cli_running import serving

TELLS = """
import atexit, gc, pathlib, sys
if "serve" in sys.argv:
    atexit.register(lambda: pathlib.Path("garbage").write_text(f"{gc.get_freeze_count()} {len(gc.get_objects())}"))
"""


def test_what_a_start_has_made_is_not_looked_through_for_garbage(tmp_path: Path) -> None:
    """Looking through all of it would stop every request for 0.15 s, once in some thousand requests."""
    plug = tmp_path / "plug"
    plug.mkdir()
    (plug / "sitecustomize.py").write_text(TELLS)
    path = os.pathsep.join(filter(None, (str(plug), os.environ.get("PYTHONPATH"))))

    with serving(tmp_path, PYTHONPATH=path) as service:
        assert httpx.get(f"{service.address}/readyz").status_code == 200
        assert service.end(signal.SIGTERM) == 0

    kept, looked_through = map(int, (tmp_path / "garbage").read_text().split())
    assert kept > 20 * looked_through
