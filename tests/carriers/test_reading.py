"""The guarded reader: what is over a bound or hostile is refused in the one way agreed; times are what they say."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carriers import UnreadablePayload
from carriers.event import Moment, OffsetSource
from carriers.reading import (
    MAX_ARRAY,
    MAX_BODY,
    MAX_DEPTH,
    MAX_ELEMENTS,
    at,
    dicts,
    json_object,
    json_of,
    text_of,
    xml_of,
)
from carriers.times import given_moment, iso_moment, local_moment, offset, parsed_date, parsed_time

ROME = ZoneInfo("Europe/Rome")

BOMB = (
    '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">'
    + "".join(f'<!ENTITY b{n} "{f"&b{n - 1 if n > 1 else str()};" * 10}">' for n in range(1, 9))
    + "]><a>&b8;</a>"
)
OUTSIDE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>'


def test_a_charset_is_tried_where_it_is_not_utf_8() -> None:
    """Only for a carrier that writes it; UTF-8 stays what it is, and what is no JSON is refused all the same."""
    assert json_of('{"a": "è€"}'.encode("cp1252"), "cp1252") == json_of('{"a": "è€"}'.encode(), "cp1252") == {"a": "è€"}
    assert json_object(b'{"a": "\x81"}', "cp1252") == {"a": "\ufffd"}
    for body, charset in ((b'"\xe8"', ""), (b'"\xe8', "cp1252")):
        with pytest.raises(UnreadablePayload):
            json_of(body, charset)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1e999}',
        b"9" * 5000,
        b'{"a": "\\ud800"}',
        b'"\xff"',
        '{"a": 1}'.encode("utf-16"),
        b"[" * 100_000,
        b"<a/>",
    ],
)
def test_json_that_is_none(body: bytes) -> None:
    """What is no JSON, or JSON that only some parsers read, is unreadable."""
    with pytest.raises(UnreadablePayload, match="not JSON"):
        json_of(body)


def test_json_oddities_that_are_read() -> None:
    """A byte order mark is passed over, the last of two equal keys counts, and a NUL stays in its string."""
    assert json_of(b'\xef\xbb\xbf{"a": 1, "a": 2, "b": "\\u0000"}') == {"a": 2, "b": "\0"}


@pytest.mark.parametrize("inner", ["[]", "{}"])
def test_json_depth(inner: str) -> None:
    """Depth 64 is read, 65 is not."""
    assert json_of(b"[" * (MAX_DEPTH - 1) + inner.encode() + b"]" * (MAX_DEPTH - 1))
    with pytest.raises(UnreadablePayload, match="deeper than 64"):
        json_of(b"[" * MAX_DEPTH + inner.encode() + b"]" * MAX_DEPTH)


def test_json_arrays() -> None:
    """An array of 10,000 values is read, a longer one is not, wherever it stands."""
    fits = b"[" + b"0," * (MAX_ARRAY - 1) + b"0]"
    assert len(json_of(fits)) == MAX_ARRAY
    with pytest.raises(UnreadablePayload, match="array of 10001"):
        json_of(b'{"a": [{"b": [0,' + fits[1:] + b"}]}")


def test_body_size() -> None:
    """A body of 4 MiB is read, in one string too; one byte more is not, in JSON and in XML."""
    text = b"a" * (MAX_BODY - 2)
    assert len(json_of(b'"' + text + b'"')) == MAX_BODY - 2
    for read in (json_of, xml_of):
        with pytest.raises(UnreadablePayload, match="at most 4194304"):
            read(b" " * (MAX_BODY + 1))


def test_json_object_is_an_object() -> None:
    """A list, a string or null is no object."""
    assert json_object(b"{}") == {}
    for body in (b"[]", b'"a"', b"null", b"1"):
        with pytest.raises(UnreadablePayload, match="not a JSON object"):
            json_object(body)


@pytest.mark.parametrize("document", [BOMB, OUTSIDE, "<!DOCTYPE a><a/>", '<!DOCTYPE a SYSTEM "http://[::1]/d"><a/>'])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_xml_with_a_document_type(document: str, encoding: str) -> None:
    """A document type is refused before anything is expanded, in whichever encoding it hides."""
    declared = encoding[:6] if encoding != "utf-8-sig" else "utf-8"
    with pytest.raises(UnreadablePayload, match="document type"):
        xml_of(f'<?xml version="1.0" encoding="{declared}"?>{document}'.encode(encoding))


@pytest.mark.parametrize("document", [BOMB, OUTSIDE])
def test_xml_in_an_encoding_that_hides_its_marks(document: str) -> None:
    """UTF-7 and EBCDIC would carry a document type past a look at the bytes: the parser's own bounds refuse it."""
    hidden = document.replace("<!", "+ADwAIQ-").encode()
    with pytest.raises(UnreadablePayload):
        xml_of(b'<?xml version="1.0" encoding="UTF-7"?>' + hidden)
    with pytest.raises(UnreadablePayload):
        xml_of(f'<?xml version="1.0" encoding="IBM037"?>{document}'.encode("cp037"))


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"{}", b"<a>", b"<a></b>", b"<a>&b;</a>", b"<a/><b/>", b"\x00<a/>", b'<a b="&#0;"/>', b"\xff<a/>"],
)
def test_xml_that_is_none(body: bytes) -> None:
    """What is no well-formed XML is unreadable."""
    with pytest.raises(UnreadablePayload, match="not XML"):
        xml_of(body)


def test_xml_bounds() -> None:
    """Depth 64 and 20,000 elements are read, one more of either is not."""
    assert xml_of(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH).tag == "a"
    assert len(xml_of(b"<a>" + b"<b/>" * (MAX_ELEMENTS - 1) + b"</a>")) == MAX_ELEMENTS - 1
    with pytest.raises(UnreadablePayload, match="deeper than 64"):
        xml_of(b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1))
    with pytest.raises(UnreadablePayload, match="more than 20000 elements"):
        xml_of(b"<a>" + b"<b/>" * MAX_ELEMENTS + b"</a>")


def test_xml_comments_and_instructions_are_gone() -> None:
    """Only elements and text are left."""
    root = xml_of("<?xml version='1.0' encoding='utf-16'?><a><!-- b --><?c d?><e>è</e></a>".encode("utf-16"))

    assert [(child.tag, child.text) for child in root] == [("e", "è")]


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: f"<a>{text}</a>".encode()))
def test_only_one_error(body: bytes) -> None:
    """Any bytes are read or unreadable."""
    for read in (json_of, xml_of):
        try:
            read(body)
        except UnreadablePayload as error:
            assert str(error)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("  In\tconsegna\r\n  oggi\0 ", "In consegna oggi"),
        ("\x1b[31mrosso\u202e\u00a0città", "[31mrosso città"),
        ("a" * 600, "a" * 500),
        (7, "7"),
        (7.5, "7.5"),
        *((other, "") for other in (None, True, [], ["a"], {}, {"a": 1})),
    ],
)
def test_text(value: object, text: str) -> None:
    """Text is one clean line of bounded length; what is no scalar has none."""
    assert text_of(value) == text


def test_paths_through_anything() -> None:
    """A path or a list of objects is taken from any value without an error."""
    assert at({"a": {"b": 1}}, "a", "b") == 1
    no_paths: list[object] = [None, [], "a", {"a": [1]}, {"a": "b"}]
    no_objects: list[object] = [None, "a", 1, []]
    assert [at(value, "a", "b") for value in no_paths] == [None] * 5
    assert dicts([{"a": 1}, None, "b", [{}]]) == [{"a": 1}]
    assert dicts({"a": 1}) == [{"a": 1}]
    assert [dicts(value) for value in no_objects] == [[]] * 4


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (
            "2026-03-02T09:30:15.5+05:30",
            Moment(datetime(2026, 3, 2, 4, 0, 15, 500_000, UTC), "2026-03-02T09:30:15", OffsetSource.GIVEN),
        ),
        (
            "2026-03-02T09:30:00.1234567Z",
            Moment(datetime(2026, 3, 2, 9, 30, 0, 123_456, UTC), "2026-03-02T09:30:00", OffsetSource.GIVEN),
        ),
        ("2026-03-02 09:30", Moment(utc(2026, 3, 2, 8, 30), "2026-03-02T09:30:00", OffsetSource.CARRIER)),
        # The night in March has no half past two, the night in October has two: the earlier one counts.
        ("2026-03-29T02:30:00", Moment(utc(2026, 3, 29, 1, 30), "2026-03-29T02:30:00", OffsetSource.CARRIER)),
        ("2026-03-29T03:30:00", Moment(utc(2026, 3, 29, 1, 30), "2026-03-29T03:30:00", OffsetSource.CARRIER)),
        ("2026-10-25T02:30:00", Moment(utc(2026, 10, 25, 0, 30), "2026-10-25T02:30:00", OffsetSource.CARRIER)),
        ("2026-10-25T03:30:00", Moment(utc(2026, 10, 25, 2, 30), "2026-10-25T03:30:00", OffsetSource.CARRIER)),
        # A date spans its day, of 23 and of 25 hours too.
        (
            "2026-03-29",
            Moment(utc(2026, 3, 28, 23), "2026-03-29", OffsetSource.CARRIER, utc(2026, 3, 29, 21, 59, 59)),
        ),
        (
            "20261025",
            Moment(utc(2026, 10, 24, 22), "2026-10-25", OffsetSource.CARRIER, utc(2026, 10, 25, 22, 59, 59)),
        ),
    ],
)
def test_iso_times(value: str, moment: Moment) -> None:
    """A printed offset counts; without one the carrier's zone does, on the nights of the change too."""
    assert iso_moment(value, ROME) == moment


def test_iso_times_of_unknown_zone() -> None:
    """Where neither the time nor the carrier names a zone, it is read as UTC and says that it is unknown."""
    assert iso_moment("2026-03-02T09:30:00") == Moment(
        utc(2026, 3, 2, 9, 30), "2026-03-02T09:30:00", OffsetSource.UNKNOWN
    )
    assert iso_moment("2026-03-02") == Moment(
        utc(2026, 3, 2), "2026-03-02", OffsetSource.UNKNOWN, utc(2026, 3, 2, 23, 59, 59)
    )


@pytest.mark.parametrize(
    "value",
    [
        "",
        None,
        [],
        {},
        True,
        "soon",
        "2026-13-01",
        "2026-02-30",
        "2026-02-30T10:00:00",
        "2026-03-02T25:00:00",
        "0001-01-01",
        "0001-01-01T00:00:00",
        "0001-01-01T00:00:00+05:00",
        "1900-01-01T00:00:00Z",
        "9999-12-31",
        "9999-12-31T23:59:59-05:00",
    ],
)
def test_iso_times_that_are_none(value: object) -> None:
    """What is no time gives none; nor do the dates with which carriers say none."""
    assert iso_moment(value, ROME) is None


def test_times_out_of_the_calendar() -> None:
    """A time that UTC cannot hold, or an offset beyond a day, is unreadable and no crash."""
    for read in (
        lambda: given_moment(datetime(1, 1, 1, tzinfo=ZoneInfo("Asia/Tokyo"))),
        lambda: local_moment(date(1, 1, 1), time(0, 30), ROME, OffsetSource.CARRIER),
        lambda: local_moment(date(9999, 12, 31), None, ROME, OffsetSource.CARRIER),
        lambda: offset(24 * 60),
        lambda: offset(10**12),
    ):
        with pytest.raises(UnreadablePayload):
            read()


def test_dates_and_times_in_a_carriers_format() -> None:
    """The first format that fits is taken; none fits nonsense or a year that says none."""
    assert parsed_date("02/03/2026", "%Y%m%d", "%d/%m/%Y") == date(2026, 3, 2)
    assert parsed_time("09.30", "%H:%M", "%H.%M") == time(9, 30)
    assert offset(-90).utcoffset(None).total_seconds() == -5400
    assert parsed_date("01/01/0001", "%d/%m/%Y") is None
    assert parsed_date("31/02/2026", "%d/%m/%Y") is None
    assert parsed_time("24.30", "%H.%M") is None
