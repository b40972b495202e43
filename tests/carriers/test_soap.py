"""Envelopes as they are written, and faults as they are read."""

import pytest

from carriers.reading import child_text, local_name, xml_of
from carriers.soap import SOAP, SOAP_12, envelope, fault_of, fill, question, written

DECLARED = b"<?xml version='1.0' encoding='utf-8'?>\n"


@pytest.mark.parametrize("version", [SOAP, SOAP_12])
def test_a_question_is_an_operation_with_its_values_in_the_services_namespace(version: str) -> None:
    assert question("urn:acme", "Track", {"number": "1 < 2", "user": ""}, version) == (
        DECLARED
        + f'<soap:Envelope xmlns:soap="{version}"><soap:Body><Track xmlns="urn:acme">'
        "<number>1 &lt; 2</number><user></user></Track></soap:Body></soap:Envelope>".encode()
    )


def test_an_envelope_has_the_parts_and_prefixes_that_are_named() -> None:
    whole, head, body = envelope("Header", "Body", a="urn:acme")
    fill(head, {"user": "me"})
    fill(body, {"number": "1"}, "urn:acme")

    assert written(whole) == (
        DECLARED
        + f'<soap:Envelope xmlns:soap="{SOAP}" xmlns:a="urn:acme"><soap:Header><user>me</user></soap:Header>'
        "<soap:Body><a:number>1</a:number></soap:Body></soap:Envelope>".encode()
    )


@pytest.mark.parametrize(
    ("inside", "fault"),
    [
        ("<s:Fault><faultcode>s:Server</faultcode><faultstring> No\naccess </faultstring></s:Fault>", "No access"),
        ("<s:Fault/>", ""),
        ("<Fault><faultstring>of nobody's</faultstring></Fault>", None),
    ],
)
def test_a_fault_says_what_it_says(inside: str, fault: str | None) -> None:
    root = xml_of(f'<s:Envelope xmlns:s="{SOAP}"><s:Body>{inside}</s:Body></s:Envelope>'.encode())

    assert fault_of(root) == fault


def test_a_name_and_the_text_of_a_child_are_found_in_any_namespace() -> None:
    root = xml_of(
        b'<a:parcel xmlns:a="urn:a"><a:code> 0\t1 </a:code><code>2</code><place><zip>50100</zip></place></a:parcel>'
    )

    assert local_name(root) == "parcel"
    assert [child_text(root, name) for name in ("code", "place/{*}zip", "town")] == ["0 1", "50100", ""]
    assert child_text(root, "code", 1) == "0"
