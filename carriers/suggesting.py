"""What an unlisted code may mean, by the words that came with it: a suggestion for a person, never applied by itself.

The phrases of carriers/tables/suggested.csv are tried in their order, in whatever language a carrier writes: returns,
refusals and negatives before what they deny. Its `wording` is the language of a phrase.
"""

import re
from functools import cache
from typing import NamedTuple

from carriers.phrases import Phrases
from carriers.tables import Row, table_file

LIST = "words"

_JOINED = re.compile(r"_+|(?<=[a-z])(?=[A-Z])")


class Suggestion(NamedTuple):
    """A row that fits the words, with the phrase that speaks for it and its language."""

    row: Row
    phrase: str
    language: str


def suggested(*texts: str) -> Suggestion | None:
    """The first phrase that stands in any of the texts, or none; a code like `OutForDelivery` is read as words, too."""
    row = _phrases().find(*(_JOINED.sub(" ", text) for text in texts))
    return None if row is None else Suggestion(row, row.name.removeprefix(f"{LIST}/"), row.wording)


@cache
def _phrases() -> Phrases:
    return Phrases(table_file("suggested.csv"), LIST)
