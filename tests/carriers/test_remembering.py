"""What is remembered of what was read: never more than asked for, and never the wrong thing."""

from carriers.reading import Json
from carriers.remembering import REMEMBERED, SHORT, remembered


def test_short_texts_are_read_once_and_equal_values_of_other_types_apart() -> None:
    """1, 1.0 and true are equal and yet not the same; what has no hash is read as well."""
    read: list[Json] = []

    @remembered
    def spelt(*values: Json) -> str:
        read.append(values)
        return repr(values)

    values: list[tuple[Json, ...]] = [("a", None), ("1",), (1,), (True,), (1.0,), ([],), ({"a": 1}, "a"), ()]
    for _ in range(2):
        assert [spelt(*each) for each in values] == [repr(each) for each in values]

    assert [each for each in values if read.count(each) == 1] == [("a", None), ("1",), ()]


def test_what_is_remembered_has_a_bound() -> None:
    """Long texts are not kept at all; of short ones all are forgotten before they are too many."""
    read: list[str] = []

    @remembered
    def kept(text: str) -> str:
        read.append(text)
        return text

    for text in ("a" * (SHORT + 1), "b" * SHORT):
        assert kept(text) == kept(text) == text
    for number in range(REMEMBERED):
        kept(str(number))
    kept("b" * SHORT)

    assert [len(text) for text in read if len(text) >= SHORT] == [SHORT + 1, SHORT + 1, SHORT, SHORT]
