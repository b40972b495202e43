"""Cutting parcels out of a raw body that also tells of others."""

import re
from collections.abc import Collection

import orjson

from carriers import Carrier
from carriers.event import Parcel

Tree = dict[str, "Tree"] | list["Tree"] | str | int | float | bool | None


def cut(carrier: Carrier, body: bytes, gone: Collection[str], words: Collection[str] = ()) -> bytes | None:
    """The body without these numbers' parcels, in JSON; none if they cannot be cut out for sure.

    For sure means: the adapter reads the other parcels out of it as before, and neither the numbers nor the words (a
    name, an address) are left in it.
    """
    away = {_plain(number) for number in gone}
    try:
        before = carrier.parse(body)
        others = [parcel for parcel in before if _names(parcel).isdisjoint(away)]
        stay = {name for parcel in others for name in _names(parcel)}
        rest = orjson.dumps(_without(orjson.loads(body), away, stay))
        same = carrier.parse(rest) == others
    except Exception:  # whatever an adapter or a reader trips over, the whole body goes
        return None
    left = _plain(rest.decode())
    clean = not any(number in left for number in away) and not any(_plain(word) in left for word in words if word)
    return rest if others and same and clean else None


def _without(node: Tree, gone: Collection[str], stay: Collection[str]) -> Tree:
    """The tree without the branches that tell of what is gone alone; where a branch tells of both, its own branches."""
    if isinstance(node, list):
        return [_without(each, gone, stay) for each in node if not _alone(each, gone, stay)]
    if isinstance(node, dict):
        return {name: _without(each, gone, stay) for name, each in node.items() if not _alone({name: each}, gone, stay)}
    return node


def _alone(node: Tree, gone: Collection[str], stay: Collection[str]) -> bool:
    told = _plain(orjson.dumps(node).decode())
    return any(number in told for number in gone) and not any(number in told for number in stay)


def _names(parcel: Parcel) -> set[str]:
    return {_plain(number) for number in (parcel.number, *parcel.aliases) if number}


def _plain(text: str) -> str:
    """As a text is compared: upper case, without spaces and hyphens."""
    return re.sub(r"[\s-]", "", text).upper()
