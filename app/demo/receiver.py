"""A shop's webhook receiver: it verifies each delivery with the reference package, and a page shows what it took."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from app.demo.pages import SHOWN, page


@dataclass(frozen=True, slots=True)
class Delivery:
    """A verified delivery; one that came again counts its attempts."""

    id: str
    at: datetime
    type: str
    carrier: str
    shipment: str
    version: int
    status: str
    sub_status: str
    attempts: int = 1


class Receiver:
    """Takes what is signed with one of `secrets`. `deliveries` are by id; `refused` counts the others."""

    def __init__(self, *secrets: str) -> None:
        self.secrets = list(secrets)
        self.deliveries: dict[str, Delivery] = {}
        self.refused = 0

    def routes(self) -> Sequence[BaseRoute]:
        """Where deliveries are posted, and the page that shows them."""
        return [Route("/webhooks", self._take, methods=["POST"]), Route("/webhooks", self._show)]

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        for secret in self.secrets:
            try:
                said = Webhook(secret).verify(body, dict(request.headers))
            except (WebhookVerificationError, ValueError):  # a header that cannot be read at all is a ValueError
                continue
            self._note(request.headers["webhook-id"], said)
            return Response(status_code=204)
        self.refused += 1
        return PlainTextResponse("The signature is not one of this endpoint's.", 401)

    def _note(self, id_: str, said: dict[str, Any]) -> None:
        if known := self.deliveries.get(id_):
            self.deliveries[id_] = replace(known, attempts=known.attempts + 1)
            return
        about = said["data"]
        self.deliveries[id_] = Delivery(
            id_,
            datetime.now(UTC),
            said["type"],
            about.get("carrier", ""),
            about.get("tracking_number") or about.get("id", ""),
            about.get("version", 0),
            about.get("status", ""),
            about.get("sub_status") or "",
        )

    async def _show(self, _request: Request) -> Response:
        newest = list(islice(reversed(self.deliveries.values()), SHOWN))
        return page("webhooks.html", here="webhooks", refresh=3, receiver=self, deliveries=newest)
