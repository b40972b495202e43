"""In which language a page speaks."""

import re

from app.locales import choose, supported


def page_locale(asked: str | None, recipient: str | None, accepted: str | None, shop: str | None = None) -> str:
    """The one asked for in the address, else the recipient's, the browser's, the shop's.

    Asking changes the language alone: dates keep the form of a locale of that language found among the others.
    """
    wanted = [recipient, *_accepted(accepted or ""), shop]
    if asked in supported():
        return choose(*(tag for tag in wanted if tag and language_of(tag) == asked), asked)
    return choose(*wanted)


def language_of(locale: str) -> str:
    """`it` of `it-CH`."""
    return locale.replace("_", "-").partition("-")[0].lower()


def _accepted(header: str) -> list[str]:
    """The tags of an `Accept-Language` header, the most wanted first; what cannot be read is left out."""
    weighed = []
    for part in header[:500].split(","):
        tag, _, weight = part.strip().partition(";")
        try:
            q = float(weight.replace(" ", "").removeprefix("q=") or 1)
        except ValueError:
            continue
        if q > 0:
            weighed.append((q, _plain(tag.strip())))
    return [tag for _, tag in sorted(weighed, key=lambda each: -each[0])]


def _plain(tag: str) -> str:
    """Language and country alone: strangers choose these texts, and every locale that is used is remembered."""
    language, *parts = tag.split("-")
    country = next((part for part in parts if re.fullmatch(r"[A-Za-z]{2}", part)), None)
    return f"{language.lower()}-{country.upper()}" if country else language.lower()
