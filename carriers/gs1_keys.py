"""GS1 keys in the two forms of EPCIS: as an EPC URN, and as a GS1 Digital Link of whatever domain.

    urn:epc:id:sscc:9521110.0000000001    https://id.gs1.org/00/095211100000000014

An URN leaves out the check digit and splits off the company prefix; of an SSCC its extension digit leads the serial.
"""

import re

from carriers.check_digits import gs1
from carriers.remembering import remembered

_URN = re.compile(r"urn:epc:id:(sscc|ginc|gsin|sgln|pgln):([0-9]{6,12})\.([0-9A-Za-z_-]*)(?:\..*)?")
_LINK = re.compile(r"https?://.+/(00|401|402|414|417)/([0-9A-Za-z_-]{1,30})(?:[/?].*)?")


@remembered
def parcel_number(key: str) -> str:
    """The number of a parcel or shipment: `00` and an SSCC, a GINC, a GSIN; empty for any other key."""
    if found := _LINK.fullmatch(key):
        ai, value = found.groups()
        if ai == "00":
            return ai + value if re.fullmatch("[0-9]{18}", value) else ""
        return value if ai == "401" or (ai == "402" and re.fullmatch("[0-9]{17}", value)) else ""
    if not (found := _URN.fullmatch(key)):
        return ""
    kind, prefix, rest = found.groups()
    if kind == "ginc":
        return (prefix + rest)[:30]
    bare = rest[:1] + prefix + rest[1:] if kind == "sscc" else prefix + rest
    if kind not in ("sscc", "gsin") or not re.fullmatch("[0-9]{17}" if kind == "sscc" else "[0-9]{16}", bare):
        return ""
    return ("00" if kind == "sscc" else "") + _checked(bare)


@remembered
def location(key: str) -> str:
    """The GLN of a place or party; empty for any other key."""
    if found := _LINK.fullmatch(key):
        ai, value = found.groups()
        return value if ai in ("414", "417") and re.fullmatch("[0-9]{13}", value) else ""
    found = _URN.fullmatch(key)
    bare = found[2] + found[3] if found and found[1] in ("sgln", "pgln") else ""
    return _checked(bare) if re.fullmatch("[0-9]{12}", bare) else ""


def _checked(digits: str) -> str:
    return next(number for last in "0123456789" if gs1(number := digits + last))
