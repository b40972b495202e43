"""Rows of a batch, each judged by itself."""

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
