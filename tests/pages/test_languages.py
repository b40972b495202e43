"""In which language a page speaks."""

import pytest

from app.pages.languages import page_locale


@pytest.mark.parametrize(
    ("asked", "recipient", "accepted", "shop", "locale"),
    [
        ("en", "it", "it", "it", "en"),
        ("it", "en", None, "en", "it"),
        ("it", "it-CH", "it", "it", "it-CH"),
        ("en", "it", "de,en-US;q=0.8", "it", "en-US"),
        ("fr", "it", "en", "en", "it"),
        (None, "it", "en", "en", "it"),
        (None, "de", "en-GB,it;q=0.9", "it", "en-GB"),
        (None, None, "de;q=1, it;q=0.5, en;q=0.7", "it", "en"),
        (None, "", "fr, it;q=0, en;q=x", "it", "it"),
        (None, None, None, "it", "it"),
        (None, None, "*", None, "en"),
        (None, None, "EN-Latn-us-x-whatever", None, "en-US"),
        (None, None, "it-whatever", None, "it"),
        ("../it", None, ";;;,,,", "it", "it"),
    ],
)
def test_the_language_of_a_page(
    asked: str | None, recipient: str | None, accepted: str | None, shop: str | None, locale: str
) -> None:
    assert page_locale(asked, recipient, accepted, shop) == locale
