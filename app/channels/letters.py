"""A letter as it is laid out: text and HTML that say the same, from the templates beside this file."""

from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from app.channels.base import clean

_templates = Environment(
    loader=PackageLoader("app.channels"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

BLUE, GREEN, AMBER = "#1d5fd1", "#1b7f4b", "#b45309"


class Row(NamedTuple):
    """A line of the table of details."""

    name: str
    value: str
    link: str = ""


class Letter(NamedTuple):
    """What both templates show. `rows` are details; `items`, below them, a list of many things."""

    language: str
    brand: str
    heading: str
    lead: str
    rows: tuple[Row, ...]
    footer: str
    accent: str
    note: str = ""
    place: tuple[str, ...] = ()
    button: str = ""
    link: str = ""
    items: tuple[Row, ...] = ()


def written(subject: str, letter: Letter) -> tuple[str, str, str]:
    """Subject, plain text and HTML."""
    return (
        clean(subject, 200),
        _templates.get_template("mail.txt").render(letter=letter),
        _templates.get_template("mail.html").render(letter=letter),
    )
