"""Rows of a batch, each judged by itself."""

import asyncio
from zlib import crc32

from httpx import AsyncClient

from tests.api.posting import parcel


async def test_text_that_is_not_accepted_fails_its_row_alone(client: AsyncClient) -> None:
    """NUL, control characters, over-long texts and lists, in a value or a name: 422 for the row, 201 for the others."""
    rows = [
        parcel("NEW-1"),
        parcel("NEW-2", service="a\0b"),
        parcel("NEW-3", service="a\u0007b"),
        parcel("NEW-4", service="x" * 9_000),
        parcel("NEW-5", tags=["x"] * 1_001),
        parcel("NEW-6", metadata={"a\0": 1}),
        "\0",
        parcel("NEW-7"),
    ]
    answer = await client.post("/v1/shipments/batch", json={"shipments": rows})
    items = answer.json()["items"]
    alone = await client.post("/v1/shipments", json=rows[1])

    assert (answer.status_code, alone.status_code) == (200, 422)
    assert [each["status"] for each in items] == [201, *[422] * 6, 201]
    assert [each["error"]["errors"][0]["field"] for each in items[1:5]] == ["service", "service", "service", "tags"]


def numbers(prefix: str, holds: range) -> list[str]:
    """Numbers in the order of their text that share these holds, in this order, with others of the carrier."""
    tries = (f"{prefix}{n:06}" for n in range(1_000_000))
    return [next(number for number in tries if crc32(number.encode()) % 64 == hold) for hold in holds]


async def test_batches_of_the_same_moment_do_not_wait_for_each_other_in_a_circle(client: AsyncClient) -> None:
    """New numbers share their holds: two batches that come to them in opposite orders are both stored."""
    batches = [numbers("A", range(12)), numbers("B", range(11, -1, -1))]
    posts = (
        client.post("/v1/shipments/batch", json={"shipments": [parcel(number) for number in each]}) for each in batches
    )

    answers = await asyncio.gather(*posts)

    assert [[row["status"] for row in each.json().get("items", [])] for each in answers] == [[201] * 12] * 2
