"""The demo's own pages: what the mailbox took and what the webhook receiver verified."""

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse

SHOWN = 200
"""How many rows a page shows; the newest."""

_templates = Environment(
    loader=PackageLoader("app.demo"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; frame-ancestors 'none'"


def page(template: str, *, here: str, refresh: int = 0, **shown: object) -> HTMLResponse:
    """A page of the demo; `here` is the term of its tab, `refresh` the seconds after which it loads itself again."""
    text = _templates.get_template(template).render(here=here, refresh=refresh, **shown)
    return HTMLResponse(text, headers={"content-security-policy": _POLICY, "cache-control": "no-store"})
