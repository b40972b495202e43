"""The API under schemathesis: a real server on loopback, every check, calls one by one and in chains."""

import asyncio
import os
import sys
import time
from pathlib import Path

from app import keys, shops
from app.api.buckets import Buckets
from app.demo.serving import address, listen
from app.installation import opened
from app.main import build
from app.outbox import rules
from app.serving import answering
from app.settings import Settings
from tests.source import ROOT

HERE = Path(__file__).parent
PHASES = "examples,coverage,fuzzing,stateful"


async def fuzz(folder: Path, examples: int, more: tuple[str, ...] = ()) -> int:
    """Run schemathesis on a fresh service; its exit code, and what it says on standard output."""
    settings = Settings(_env_file=None, database_url=f"sqlite:///{folder}/nove.db")
    async with opened(settings) as here:
        async with here.database.transaction() as db:
            company_id = await shops.create_company(db, "Fuzz")
            shop = await shops.create(db, company_id, "Fuzz")
            await rules.create_defaults(db, company_id, shop.id)
            _, key = await keys.create(db, company_id, shop.id, "Fuzz", ["admin"], bucket=10**6, refill=10**6)
        listener = listen(0)
        # All comes from one address, which strangers' limits would stop soon: for these alone the time runs faster.
        buckets = Buckets(lambda: 1_000 * time.monotonic())
        async with answering(build(here, buckets=buckets), listener, settings):
            running = await asyncio.create_subprocess_exec(
                str(Path(sys.executable).with_name("st")),
                f"--config-file={HERE / 'schemathesis.toml'}",
                "--no-color",
                "run",
                f"{address(listener)}/openapi.json",
                f"--header=Authorization: Bearer {key}",
                f"--max-examples={examples}",
                "--checks=all",
                f"--phases={PHASES}",
                "--continue-on-failure",
                "--suppress-health-check=all",
                *more,
                cwd=folder,
                env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.fuzz.rules", "PYTHONPATH": str(ROOT)},
            )
            return await running.wait()
