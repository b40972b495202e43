"""A switch is thrown by true and false alone."""

from uuid import uuid4

import pytest
from httpx import AsyncClient


@pytest.mark.parametrize("wrong", ["true", "yes", 1, 0.0])
async def test_what_only_looks_like_a_boolean_is_refused(client: AsyncClient, wrong: object) -> None:
    """In a shop, a rule and an endpoint alike: a body is checked before what it is for is looked for."""
    refused = [
        await client.patch(path, json={name: wrong})
        for path, name in (
            ("/v1/shop", "live"),
            (f"/v1/rules/{uuid4()}", "enabled"),
            (f"/v1/endpoints/{uuid4()}", "enabled"),
        )
    ]

    assert [(each.status_code, each.json()["errors"][0]["message"]) for each in refused] == [
        (422, "Send true or false, without quotes.")
    ] * 3
