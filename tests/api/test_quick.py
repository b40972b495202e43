"""The quick way and the framework's answer alike."""

from uuid import UUID

import pytest
from httpx import AsyncClient, Response

from app.shops import Shop
from tests.api.conftest import Service
from tests.api.posting import post_parcel

_OF_THE_REQUEST = ("x-request-id", "ratelimit")


def told(answer: Response) -> tuple[int, dict[str, str], object]:
    """What does not depend on which request it was."""
    headers = {name: value for name, value in answer.headers.items() if name not in _OF_THE_REQUEST}
    body = answer.json() if answer.content else None
    if isinstance(body, dict):
        body.pop("request_id", None)
    return answer.status_code, headers, body


async def both_ways(client: AsyncClient, shop: Shop, id_: object, **headers: str) -> list[tuple[object, ...]]:
    """A shipment read as it is asked for by the thousand, and with a shop named, which the framework sees to."""
    path = f"/v1/shipments/{id_}"
    named = {**headers, "X-Shop-Id": str(shop.id)}
    return [told(await client.get(path, headers=each)) for each in (headers, named)]


async def test_a_shipment_is_read_alike(client: AsyncClient, shop: Shop) -> None:
    """Whole, unchanged since a tag, and with a tag of before."""
    id_ = await post_parcel(client)
    tag = (await client.get(f"/v1/shipments/{id_}")).headers["etag"]

    for expected, headers in ((200, {}), (304, {"If-None-Match": tag}), (200, {"If-None-Match": '"other"'})):
        quick, full = await both_ways(client, shop, id_, **headers)
        assert quick == full
        assert quick[0] == expected


@pytest.mark.parametrize("id_", [UUID(int=1), "x" * 36, "a/b"])
async def test_a_missing_shipment_is_refused_alike(client: AsyncClient, shop: Shop, id_: object) -> None:
    """Another's id, no id, and an address that is none."""
    quick, full = await both_ways(client, shop, id_)

    assert quick == full
    assert quick[0] == 404


async def test_a_stranger_is_refused_alike(service: Service, shop: Shop) -> None:
    """Without a key, and with a wrong one."""
    stranger = await service.client()

    for headers in ({}, {"Authorization": "Bearer nove_x"}):
        quick, full = await both_ways(stranger, shop, UUID(int=1), **headers)
        assert quick == full
        assert quick[0] == 401


async def test_both_ways_are_counted_as_one_route(service: Service, client: AsyncClient, shop: Shop) -> None:
    """Whoever reads the metrics need not know of the two ways."""
    await both_ways(client, shop, UUID(int=1))
    metrics = (await (await service.client()).get("/metrics")).text

    assert 'nove_requests_total{method="GET",route="/v1/shipments/{shipment_id}",status="404"} 2.0' in metrics
