"""People in carriers' texts: names behind a word that announces them, and telephone numbers."""

import re

_ANNOUNCED = re.compile(
    r"(?P<word>signed (?:for )?by)[\s:：]*[^,，。;；)）\]】]+"
    r"|(?P<before>(?:signature|signer|recipient|received by|courier)\s*[:：])[^,，。;；)）\]】]+"
    r"|(?P<chinese>交给|签收人[是为]?|快递员|派件员|收派员|小哥)[\s:：]*[^\s,，.。;；)）\]】]+"
    r"|(?<![\w-])\+?(?!\d{4}-\d\d-\d\d)\d[\d -]{5,14}\d(?![\w-])",
    re.IGNORECASE | re.ASCII,
)


def unnamed(text: str) -> str:
    """The text without them; what announced a name is left."""
    plain = _ANNOUNCED.sub(lambda found: found["word"] or found["before"] or found["chinese"] or "", text)
    return " ".join(plain.split())
