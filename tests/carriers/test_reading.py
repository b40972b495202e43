"""The guarded reader: what is over a bound or hostile is refused in the one way agreed."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carriers import UnreadablePayload
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


@pytest.mark.parametrize("inside", ['"]"', '"\\"]\\""', '"[{"', '"]",""', '"\\\\"'])
def test_json_depth_with_brackets_in_strings(inside: str) -> None:
    """Brackets and quotes in strings, before and behind, neither hide a level nor make one."""
    answering = inside.replace("]", "[")

    def nested(levels: int) -> bytes:
        return (f"[{inside}," * levels + "0" + f",{answering}]" * levels).encode()

    for levels in (1, 20, MAX_DEPTH):
        assert json_of(nested(levels)) == orjson.loads(nested(levels))
    with pytest.raises(UnreadablePayload, match="deeper than 64"):
        json_of(nested(MAX_DEPTH + 1))


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


def test_xml_with_white_space_before_its_declaration_is_read() -> None:
    assert xml_of(b' \r\n<?xml version="1.0"?><a/>').tag == "a"
    assert xml_of(b'\xef\xbb\xbf\n<?xml version="1.0"?><a>\xc3\xa8</a>').text == "è"


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
