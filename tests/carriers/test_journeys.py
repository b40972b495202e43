"""Every journey of the demonstration, told by every carrier that is asked: what happened is what is understood."""

from importlib import import_module

import pytest

from carriers import carriers
from tests.carriers.asked import ASKED, Asked
from tests.carriers.line import line, misunderstood

IN_FULL = [each for each in ASKED if each.kind.slug != "nacex"]
"""All but the one who tells the last state alone."""


@pytest.mark.parametrize("asked", IN_FULL, ids=lambda asked: asked.kind.slug)
async def test_every_journey_is_understood(asked: Asked) -> None:
    """Each step that the carrier has words for means what the house says of it."""
    async with line(carriers()[asked.kind.slug], asked.kind) as told:
        assert await misunderstood(told, asked.number, import_module(asked.kind.__module__).WORDS) == {}
