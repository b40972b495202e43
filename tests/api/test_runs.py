"""Batches of a run of imports over HTTP."""

from httpx import AsyncClient
from sqlalchemy import select

from app.outbox.tables import messages
from app.shipments.tables import shipments
from tests.api.conftest import Service
from tests.api.posting import parcel

RUN = "019ef0f0-0000-7000-8000-00000000abcd"


async def test_a_batch_may_be_part_of_an_import(service: Service, client: AsyncClient) -> None:
    """`import_run` marks its rows as imported and puts the digest, once however many batches the run has."""
    body = {"shipments": [parcel("RUN-1"), parcel("RUN-2")], "import_run": RUN}
    answers = [await client.post("/v1/shipments/batch", json=body) for _ in range(2)]
    await client.post("/v1/shipments/batch", json={"shipments": [parcel("DAILY-1")]})

    async with service.database.reading() as db:
        put = [row.type for row in await db.all(select(messages.c.type))]
        marked = [row.imported for row in await db.all(select(shipments.c.imported).order_by(shipments.c.id))]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert (put, marked) == (["import_digest"], [True, True, False])
