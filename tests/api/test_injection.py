"""Line breaks and their like stand in no value that goes into a header, a subject or a log."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.api.posting import ORDER, RECIPIENT, ago, happened, parcel, post_parcel

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)

BREAKS = ("\r", "\n", "\r\nBcc: x@example.com", "\x00", "\x0b", "\x0c", "\x1c", "\x7f", "\x85", "\u2028", "\u2029")


def everywhere(odd: str) -> list[tuple[str, str, Any, str]]:
    """Calls with an odd text in one field each: method, address, body, field."""
    text = f"A{odd}b"
    return [
        ("POST", "/v1/shipments", parcel(text), "tracking_number"),
        ("POST", "/v1/shipments", parcel(recipient=RECIPIENT | {"name": text}), "recipient.name"),
        ("POST", "/v1/shipments", parcel(recipient=RECIPIENT | {"email": f"a{odd}@example.com"}), "recipient.email"),
        ("POST", "/v1/shipments", parcel(order=ORDER | {"reference": text}), "order.reference"),
        ("POST", "/v1/shipments", parcel(sender_reference=text), "sender_reference"),
        ("POST", "/v1/shipments", parcel(tags=[text]), "tags"),
        ("POST", "/v1/orders", {"reference": text}, "reference"),
        ("PATCH", "/v1/shop", {"name": text}, "name"),
        ("PATCH", "/v1/shop", {"mail_from": f"A{odd}b <shop@example.com>"}, "mail_from"),
        ("PATCH", "/v1/shop", {"staff_mail": f"a{odd}@example.com"}, "staff_mail"),
        ("PATCH", "/v1/shop", {"brand": {"name": text}}, "brand.name"),
        ("POST", "/v1/keys", {"name": text, "scopes": ["read"]}, "name"),
        ("POST", "/v1/endpoints", {"url": f"http://127.0.0.1:9/{odd}b"}, "url"),
        ("POST", "/v1/endpoints", {"url": "http://127.0.0.1:9/", "description": text}, "description"),
    ]


@pytest.mark.parametrize("odd", BREAKS, ids=ascii)
async def test_no_line_break_in_any_value_that_is_shown_on_one_line(client: AsyncClient, odd: str) -> None:
    """422 that names the field."""
    id_ = await post_parcel(client)
    event = happened("in_transit", at=ago(hours=1), text=f"A{odd}b")
    taken = []
    for method, address, body, field in [
        *everywhere(odd),
        ("POST", f"/v1/shipments/{id_}/events", event, "text"),
    ]:
        answer = await client.request(method, address, json=body)
        named = {each["field"].split(".0")[0] for each in answer.json().get("errors", ())}
        if answer.status_code != 422 or field not in named:
            taken.append((address, field, answer.status_code, answer.text))

    assert taken == []


async def test_a_compressed_push_is_refused(client: AsyncClient) -> None:
    """415, before anyone looks whose address it is."""
    refused = await client.post("/hooks/sandbox/nothing", content=b"x", headers={"Content-Encoding": "gzip"})

    assert (refused.status_code, refused.json()["code"]) == (415, "unsupported_body")
