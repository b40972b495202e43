"""Writes: one transaction each, and with an `Idempotency-Key` the effect happens once however often it is sent."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request, Response

from app import idempotency
from app.api.access import Here
from app.database import Session
from app.idempotency import Kept, Once
from app.installation import Installation
from app.keys import Caller


class Writing:
    """The write that a request asks for."""

    def __init__(self, request: Request, here: Installation, key: str | None) -> None:
        self._request, self._here, self._key = request, here, key

    async def once(self, effect: Callable[[Session], Awaitable[Response]], shop_id: UUID | None = None) -> Response:
        """Run the effect in a transaction, and answer what it answers, after the commit.

        With a key that came before, the answer is the earlier one and the effect is not run. `shop_id` is the shop
        that was resolved, where there is one: keys of different shops never meet. An error keeps nothing.
        """
        write, sealer = await self.named(shop_id), self._here.sealer
        async with self._here.database.transaction() as db:
            if write is None:
                return await effect(db)
            kept = await idempotency.begin(db, sealer, write)
            if kept is None:
                answer = await effect(db)
                await idempotency.keep(db, sealer, write, to_keep(answer))
                return answer
        return replayed(kept)

    async def named(self, shop_id: UUID | None = None) -> Once | None:
        """What this write is known by when it is repeated; none if it has no key."""
        if self._key is None:
            return None
        request = self._request
        caller: Caller = request.state.caller
        body = await request.body() + b"\0" + request.scope["query_string"]
        route = f"{request.method} {request.url.path}"
        return idempotency.once(caller.company_id, shop_id or caller.shop_id, route, self._key, body)


def to_keep(answer: Response) -> Kept:
    """The answer as it is kept."""
    return Kept(answer.status_code, answer.media_type or "", bytes(answer.body))


def replayed(kept: Kept) -> Response:
    """The answer that was kept."""
    return Response(kept.body, kept.status, {"Idempotent-Replayed": "true"}, kept.content_type or None)


async def writing(
    request: Request,
    here: Here,
    idempotency_key: Annotated[
        str | None,
        Header(
            description="Up to 255 characters; the same key and body within 72 hours: the same answer",
            json_schema_extra={"pattern": r"^[ -~]{1,255}$"},
        ),
    ] = None,
) -> Writing:
    """A dependency: the write of this request."""
    return Writing(request, here, idempotency_key)


Write = Annotated[Writing, Depends(writing)]
