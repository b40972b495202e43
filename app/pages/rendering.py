"""Pages as HTML: one style sheet inside each, under a nonce; nothing is fetched from anywhere."""

import secrets
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from fastapi import Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from app.locales import phrase, supported
from app.pages.languages import language_of

LANGUAGE_NAMES = {"it": "Italiano", "en": "English"}
_POLICY = (
    "default-src 'none'; style-src 'nonce-{}'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)

_templates = Environment(
    loader=PackageLoader("app.pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def rendered(
    template: str, locale: str, status: int = 200, headers: Mapping[str, str] | None = None, **given: object
) -> Response:
    """A page in a language; `say` in the template gives its phrases."""
    nonce = secrets.token_urlsafe(16)

    def say(key: str, **facts: object) -> str:
        return phrase(key, locale, **{name: str(fact) for name, fact in facts.items()})

    html = _templates.get_template(template).render(
        **given,
        nonce=nonce,
        spoken=language_of(locale),
        languages=[(tag, LANGUAGE_NAMES[tag]) for tag in sorted(supported(), reverse=True)],
        style=_style(),
        say=say,
    )
    policy = {"Content-Security-Policy": _POLICY.format(nonce), "Content-Language": language_of(locale)}
    return Response(html, status, {**policy, **(headers or {})}, "text/html; charset=utf-8")


@cache
def _style() -> Markup:
    # Our own file, which holds nothing that could end the element it stands in.
    return Markup(files(__package__).joinpath("templates", "style.css").read_text("utf-8"))  # noqa: S704
