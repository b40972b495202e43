"""What Nove itself notes in English (why a call failed, why an endpoint is off), said in another language.

Such a note is recognised by its English phrase, `said_…` of `en.json`, whose braces take any words; these are said in
the other language in their turn, and stay as they are where they are somebody else's.
"""

import re
from functools import cache

from app.locales import DEFAULT, phrase, phrases


def said_in(locale: str, text: str) -> str:
    """The note in the locale's language; as it is, if it is none of ours or there are no words for it."""
    for key, form in _forms():
        if found := form.fullmatch(text):
            return phrase(key, locale, **{name: said_in(locale, part) for name, part in found.groupdict().items()})
    return text


@cache
def _forms() -> list[tuple[str, re.Pattern[str]]]:
    """By the keys of the phrases, in their order: the first that fits is the one."""
    return [
        (key, re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(said)), re.DOTALL))
        for key, said in phrases(DEFAULT).items()
        if key.startswith("said_")
    ]
