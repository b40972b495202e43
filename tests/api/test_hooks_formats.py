"""Formats that carriers and forwarders drop as files: posted to an account's address as they are."""

import pytest
from httpx import AsyncClient

from tests.api.posting import post_parcel
from tests.api.pushing import hook_of
from tests.recorded import recorded


@pytest.mark.parametrize(
    ("carrier", "number", "kind", "status"),
    [
        ("upu_emsevt", "RB123456785GB", "application/json", "out_for_delivery"),
        ("japan_post_s10", "EE123456785JP", "text/json; charset=utf-8", "out_for_delivery"),
        ("gs1_epcis", "00095211100000000014", "application/ld+json", "in_transit"),
        ("gs1_epcis", "095211100000000014", "application/octet-stream", "in_transit"),
        ("edifact_iftsta", "CONS0001", "application/edifact", "in_transit"),
        ("x12_214", "PRO0001", "", "out_for_delivery"),
    ],
)
async def test_a_file_is_taken_whatever_its_content_type(
    client: AsyncClient, carrier: str, number: str, kind: str, status: str
) -> None:
    """Without credentials, without a signature: the token in the address is all there is."""
    id_ = await post_parcel(client, number, carrier=carrier)
    hook = await hook_of(client, carrier)

    body = recorded(carrier, "out_for_delivery")
    answer = await client.post(hook.path, content=body, headers={"content-type": kind} if kind else {})

    assert (answer.status_code, answer.json()["status"], answer.json()["parcels"]) == (200, "accepted", 1)
    assert (await client.get(f"/v1/shipments/{id_}")).json()["status"] == status
    assert (await client.post(hook.path.replace("/hooks/", "/hooks/x"), content=body)).status_code == 404


async def test_half_a_file_is_kept_for_a_person(client: AsyncClient) -> None:
    """Nothing of it is taken in."""
    hook = await hook_of(client, "edifact_iftsta")
    body = recorded("edifact_iftsta", "delivered")

    answer = await client.post(hook.path, content=body[: len(body) // 2])

    assert (answer.status_code, answer.json()) == (200, {"status": "quarantined"})
