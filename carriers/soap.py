"""SOAP: an operation and its values in an envelope, and what a fault says."""

from collections.abc import Mapping

from lxml import etree

from carriers.reading import text_of

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"


def envelope(*parts: str, version: str = SOAP, **prefixes: str) -> list[etree._Element]:
    """An envelope, and behind it in the list its parts, `Header` or `Body`; `prefixes` are those of the namespaces."""
    whole = etree.Element(f"{{{version}}}Envelope", nsmap={"soap": version, **prefixes})
    return [whole, *(etree.SubElement(whole, f"{{{version}}}{part}") for part in parts)]


def fill(parent: etree._Element, values: Mapping[str, str], namespace: str = "") -> None:
    """Write each value into an element of its name."""
    for name, value in values.items():
        etree.SubElement(parent, f"{{{namespace}}}{name}" if namespace else name).text = value


def written(whole: etree._Element) -> bytes:
    """The bytes of an envelope."""
    return etree.tostring(whole, xml_declaration=True, encoding="utf-8")


def question(service: str, operation: str, values: Mapping[str, str], version: str = SOAP) -> bytes:
    """The envelope of an operation and its values, all in the service's namespace."""
    whole, body = envelope("Body", version=version)
    asked = etree.SubElement(body, f"{{{service}}}{operation}", nsmap={None: service})
    fill(asked, values, service)
    return written(whole)


def fault_of(root: etree._Element) -> str | None:
    """What a fault of SOAP 1.1 says; none if there is none."""
    fault = next(root.iter(f"{{{SOAP}}}Fault"), None)
    return None if fault is None else text_of(fault.findtext("faultstring"), 200)
