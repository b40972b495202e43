"""UPU EMSEVT: the events of postal operators, posted to the hook or read from files as `carriers.emsevt` says.

No post is asked: EMSEVT goes between operators alone, and what merchants see of it comes through a post's own interface
or an aggregator. The sender is believed for the token in the hook's address; there is nothing else to check.

Numbers are S10: two letters, eight digits, a check digit, the country of the issuing post. They come again after a year
or more.
"""

from carriers.base import Carrier
from carriers.emsevt import ITEM, TABLE, items
from carriers.event import Parcel


class UpuEmsevt(Carrier):
    """Any postal operator, by the events that all of them share."""

    slug = "upu_emsevt"
    name = "Postal operators (UPU)"
    website = "https://www.upu.int"
    number_patterns = (ITEM,)
    number_form, example = ITEM, "RB123456785GB"
    pushes = True
    unsaid = (("error", "a feed of events says nothing else"),)
    table = TABLE

    def parse(self, body: bytes) -> list[Parcel]:
        return items(body)
