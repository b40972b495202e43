"""Japan Post: international items by the events that all posts share (`carriers.emsevt`), posted or in files.

Japan Post has no public interface that we could find, so nobody is asked; its page at
https://trackings.post.japanpost.jp is for people. The sender is believed for the token in the hook's address; there is
nothing else to check. An item that nothing is known of (an empty list of events) may be so for a day or more.
"""

from carriers.base import Carrier
from carriers.emsevt import ITEM, TABLE, items
from carriers.event import Parcel


class JapanPost(Carrier):
    """Japan Post's numbered items, out of Japan and into it."""

    slug = "japan_post_s10"
    name = "Japan Post"
    website = "https://www.post.japanpost.jp"
    home = "JP"
    number_patterns = ("[A-Z]{2}[0-9]{9}JP",)
    number_form, example = ITEM, "RR123456785JP"
    confidence = "low"
    unsaid = (("error", "a feed of events says nothing else"),)
    pushes = True
    table = TABLE

    def parse(self, body: bytes) -> list[Parcel]:
        return items(body)
