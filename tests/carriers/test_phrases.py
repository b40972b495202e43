"""Phrases: the first row of a list that stands in a text."""

import pytest

from carriers.phrases import Phrases, plain
from carriers.tables import Says, table
from carriers.vocabulary import Status

PHRASES = Phrases(
    table(
        {
            ("text", "^consegnat"): Says(Status.DELIVERED),
            ("text", "non*consegnat"): Says(Status.FAILED_ATTEMPT),
            ("text", "è in consegna"): Says(Status.OUT_FOR_DELIVERY),
            ("other", "giacenza"): Says(Status.EXCEPTION),
        }
    ),
    "text",
)


@pytest.mark.parametrize(
    ("texts", "row"),
    [
        (("Consegnata",), "text/^consegnat"),
        (("Oggi  NON è stata consegnata",), "text/non*consegnat"),
        (("Il pacco e' in consegna",), "text/è in consegna"),
        (("In transito", "consegnato"), "text/^consegnat"),
        (("non ancora", "consegna, consegnata"), None),  # a phrase does not reach from one text into the next
        (("riconsegnata",), None),
        (("giacenza",), None),
        ((), None),
        (("",), None),
    ],
)
def test_a_text_means_the_first_phrase_that_stands_in_it(texts: tuple[str, ...], row: str | None) -> None:
    found = PHRASES.find(*texts)

    assert (found and found.name) == row


def test_accents_apostrophes_and_spaces_do_not_tell_texts_apart() -> None:
    assert plain("  La spedizione E'  all’estero: È già lì ") == "la spedizione e all'estero: e gia li"
