"""How events are known again: keys that stay theirs, in whatever order an answer lists them."""

from collections.abc import Iterator

import orjson

from carriers import Parcel, carrier
from carriers.event import event_key, keyed
from carriers.reading import Json
from tests.carriers.test_contract import every, named, read
from tests.recorded import FOLDER


@every
def test_keys(slug: str) -> None:
    """Events of a parcel have different keys, which stay theirs in whatever order the answer lists them."""
    for name in named(slug):
        for parcel in read(slug, name):
            known = dict(keyed(slug, parcel.number, parcel.events))
            backwards = dict(keyed(slug, parcel.number, parcel.events[::-1]))

            assert len(known) == len(parcel.events), name
            assert {key: event_key(slug, "", event) for key, event in known.items()} == {
                key: event_key(slug, "", event) for key, event in backwards.items()
            }, name


@every
def test_keys_of_a_reversed_answer(slug: str) -> None:
    """An answer whose lists all run the other way tells the same events."""
    for name in named(slug):
        if name.endswith(".json") and "hostile" not in name:
            body = (FOLDER / slug / name).read_bytes()
            reverse = carrier(slug).parse(orjson.dumps(reversed_lists(orjson.loads(body))))

            assert set(all_keys(slug, reverse)) == set(all_keys(slug, read(slug, name))), name


def all_keys(slug: str, parcels: list[Parcel]) -> Iterator[tuple[str, str]]:
    for parcel in parcels:
        yield from ((parcel.number, key) for key, _ in keyed(slug, parcel.number, parcel.events))


def reversed_lists(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: reversed_lists(child) for key, child in value.items()}
    return [reversed_lists(child) for child in reversed(value)] if isinstance(value, list) else value
