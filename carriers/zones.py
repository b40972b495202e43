"""The time zone of a country, for carriers who print a place and a wall time without offset.

From the tables of the tz database. A country with several zones has one here only where nearly all of it, or all its
ordinary parcels, keep it; the others (the United States, Australia, …) have none.
"""

from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from carriers.times import zone

MAINLAND = {
    "CN": "Asia/Shanghai",
    "CY": "Asia/Nicosia",
    "DE": "Europe/Berlin",
    "ES": "Europe/Madrid",
    "MY": "Asia/Kuala_Lumpur",
    "NZ": "Pacific/Auckland",
    "PT": "Europe/Lisbon",
    "UA": "Europe/Kyiv",
    "UZ": "Asia/Tashkent",
}
OTHER_NAMES = {
    "czechia": "CZ",
    "great britain": "GB",
    "korea, republic of": "KR",
    "netherlands, the": "NL",
    "republic of ireland": "IE",
    "slovak republic": "SK",
    "türkiye": "TR",
    "uk": "GB",
    "united arab emirates": "AE",
    "united kingdom": "GB",
    "united states of america": "US",
    "usa": "US",
}
"""English names beside those of the tz database."""
_ALPHA_3 = (
    "ALB:AL AND:AD ARE:AE AUS:AU AUT:AT BEL:BE BGR:BG BIH:BA BLR:BY BRA:BR CAN:CA CHE:CH CHN:CN CYP:CY CZE:CZ "
    "DEU:DE DNK:DK ESP:ES EST:EE FIN:FI FRA:FR FRO:FO GBR:GB GEO:GE GGY:GG GIB:GI GRC:GR GRL:GL HKG:HK HRV:HR "
    "HUN:HU IMN:IM IND:IN IRL:IE ISL:IS ISR:IL ITA:IT JEY:JE JPN:JP KOR:KR LIE:LI LTU:LT LUX:LU LVA:LV MAR:MA "
    "MCO:MC MDA:MD MEX:MX MKD:MK MLT:MT MNE:ME MYS:MY NLD:NL NOR:NO NZL:NZ POL:PL PRT:PT ROU:RO RUS:RU SAU:SA "
    "SGP:SG SJM:SJ SMR:SM SRB:RS SVK:SK SVN:SI SWE:SE THA:TH TUN:TN TUR:TR TWN:TW UKR:UA USA:US VAT:VA VNM:VN "
    "XKX:XK ZAF:ZA"
)
ALPHA_3 = dict(pair.split(":") for pair in _ALPHA_3.split())
"""ISO 3166 alpha-2 by alpha-3, of the countries that parcels mostly come from and go to."""

PROVINCES = {
    "AB": "America/Edmonton",
    "BC": "America/Vancouver",
    "MB": "America/Winnipeg",
    "NB": "America/Moncton",
    "NL": "America/St_Johns",
    "NS": "America/Halifax",
    "NT": "America/Yellowknife",
    "NU": "America/Iqaluit",
    "ON": "America/Toronto",
    "PE": "America/Halifax",
    "PQ": "America/Toronto",
    "QC": "America/Toronto",
    "SK": "America/Regina",
    "YT": "America/Whitehorse",
}
"""The zone that all, or nearly all, of a Canadian province keeps; PQ is an older name of QC."""

_STATES = {
    "America/New_York": "CT DC DE FL GA MA MD ME MI NC NH NJ NY OH PA RI SC VA VT WV",
    "America/Indiana/Indianapolis": "IN",
    "America/Chicago": "AL AR IA IL KS LA MN MO MS ND NE OK TX WI",
    "America/Denver": "CO MT NM UT WY",
    "America/Phoenix": "AZ",
    "America/Los_Angeles": "CA NV OR WA",
    "America/Anchorage": "AK",
    "Pacific/Honolulu": "HI",
}
_ZIPS = {
    "America/New_York": "374 376 377 378 379 400 401 402 403 404 405 406 407 408 409 410 411 412 413 414 415 416 417",
    "America/Chicago": "324 325 370 371 372 375 380 381 382 383 384 385 420 421 422 423 424 463 464 476 477 570 571",
    "America/Denver": "577 798 799",
    "America/Boise": "832 833 834 836 837 979",
    "America/Los_Angeles": "835 838",
}
"""The first three digits of ZIP codes where a state keeps two zones, as far as one of them is kept there."""
STATES = {state: name for name, states in _STATES.items() for state in states.split()}
"""The zone that all, or nearly all, of a state of the United States keeps; ID, KY, SD and TN keep two."""
ZIPS = {begins: name for name, all_begin in _ZIPS.items() for begins in all_begin.split()}


def state_zone(state: str, postcode: str = "") -> ZoneInfo | None:
    """The zone of a place in the United States by its state's two letters and its ZIP code; none if it is not sure."""
    name = ZIPS.get(postcode[:3]) or STATES.get(state.upper())
    return zone(name) if name else None


def province_zone(province: str) -> ZoneInfo | None:
    """The zone of a Canadian province or territory by its two letters; none if it is none."""
    name = PROVINCES.get(province.upper())
    return zone(name) if name else None


def country_zone(country: str) -> ZoneInfo | None:
    """The zone that a country (ISO 3166 alpha-2) keeps; none if it keeps several, or is no country."""
    name = _zones().get(country.upper())
    return zone(name) if name else None


def country_named(name: str) -> str:
    """The ISO 3166 alpha-2 code of a country's English name; empty if it is none."""
    return _names().get(name.strip().casefold(), "")


def country_coded(code: str) -> str:
    """The ISO 3166 alpha-2 code of an alpha-2 or alpha-3 one; empty if it is neither, or of a country not listed."""
    code = code.strip().upper()
    return ALPHA_3.get(code, code if len(code) == 2 and code.isascii() and code.isalpha() else "")


@cache
def _zones() -> dict[str, str]:
    kept: dict[str, list[str]] = {}
    for code, _, name, *_ in _lines("zone.tab"):
        kept.setdefault(code, []).append(name)
    return {code: names[0] for code, names in kept.items() if len(names) == 1} | MAINLAND


@cache
def _names() -> dict[str, str]:
    return {name.casefold(): code for code, name in _lines("iso3166.tab")} | OTHER_NAMES


def _lines(file: str) -> list[list[str]]:
    text = files("tzdata").joinpath("zoneinfo", file).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
