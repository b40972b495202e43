"""Ordered phrases: what carriers' texts mean where a text is the only source.

The phrases are rows of a table like any code, in a list of their own. A phrase is a stem: it is found where a word
begins with it, in any case, with or without accents; `*` stands for anything between two parts, a leading `^` for the
text's beginning. The first row that is found decides, so returns and refusals stand before what they deny.
"""

import re
import unicodedata
from functools import lru_cache

from carriers.tables import Row, Table

REMEMBERED = 2048
SHORT = 200
"""Characters of texts that are remembered with their row."""


def plain(text: str) -> str:
    """A text for comparing: lower case, no accents (`è` and `e'` are both `e`), single spaces."""
    bare = "".join(mark for mark in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(mark))
    return " ".join(re.sub(r"(?<=[aeiou])'(?!\w)", "", bare.replace("’", "'")).split())


class Phrases:
    """The rows of one list, looked for in the order in which the table has them."""

    def __init__(self, table: Table, within: str) -> None:
        self._rows = [(_pattern(code), row) for (name, code), row in table.items() if name == within]
        self._known = lru_cache(maxsize=REMEMBERED)(self._found)

    def find(self, *texts: str) -> Row | None:
        """The first row whose phrase stands in any of the texts, or none. Carriers repeat themselves: it is kept."""
        return self._known(*texts) if sum(map(len, texts)) <= SHORT else self._found(*texts)

    def _found(self, *texts: str) -> Row | None:
        looked_in = [plain(text) for text in texts if text]
        return next((row for pattern, row in self._rows if any(map(pattern.search, looked_in))), None)


def _pattern(phrase: str) -> re.Pattern[str]:
    start = "^" if phrase.startswith("^") else r"(?<!\w)"
    parts = plain(phrase.removeprefix("^")).split("*")
    return re.compile(start + ".*?".join(re.escape(part) for part in parts))
