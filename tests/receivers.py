"""Webhook receivers for tests, and ways to send to them."""

from dataclasses import dataclass, field

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.outbox import endpoints
from app.outbox.endpoints import Type
from app.outbox.sending import Sender
from tests.building import World


@dataclass
class Receiver:
    """A webhook receiver: what it got, and what it answers next (`always` when nothing is said)."""

    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    always: int = 200

    @property
    def versions(self) -> list[int]:
        """The version that each delivery spoke of."""
        return [orjson.loads(body)["data"]["version"] for _, body in self.got]

    async def take(self, request: Request) -> Response:
        """One delivery."""
        self.got.append((dict(request.headers), await request.body()))
        return Response("said", status_code=self.answers.pop(0) if self.answers else self.always)

    def app(self) -> Starlette:
        """The server."""
        return Starlette(routes=[Route("/hook", self.take, methods=["POST"])])


async def add_endpoint(world: World, url: str, types: tuple[Type, ...] = ("shipment.status_changed",)) -> str:
    """An endpoint of the world's shop; its secret."""
    async with world.database.transaction() as db:
        shop = world.shop
        _, secret = await endpoints.create(
            db, world.installation.sealer, shop.company_id, shop.id, url=url, types=list(types)
        )
    return secret


async def send(world: World) -> int:
    """Send what is due, and what follows it at once; how many were claimed first."""
    sender = Sender(world.installation)
    count = await sender.send_due()
    await sender.idle()
    await sender.close()
    return count
