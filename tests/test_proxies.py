"""Behind a proxy a visitor is who the proxy says, if it is one of ours."""

import pytest
from httpx import AsyncClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.demo.serving import address, listen
from app.serving import answering
from app.settings import Settings


async def who(request: Request) -> PlainTextResponse:
    """Tell the caller its address."""
    assert request.client is not None
    return PlainTextResponse(request.client.host)


@pytest.mark.parametrize(
    ("trusted", "forwarded", "seen"),
    [
        ("", "203.0.113.7", "127.0.0.1"),
        ("10.0.0.0/8", "203.0.113.7", "127.0.0.1"),
        ("127.0.0.0/8", "203.0.113.7", "203.0.113.7"),
        ("127.0.0.0/8,10.0.0.0/8", "198.51.100.1, 203.0.113.7, 10.1.2.3", "203.0.113.7"),
    ],
)
async def test_a_visitor_behind_a_proxy(trusted: str, forwarded: str, seen: str) -> None:
    """Only the header of a trusted network is believed, and of it the last address that is not one of its own."""
    settings = Settings(_env_file=None, trusted_proxies=trusted)
    listener = listen(0)
    app = Starlette(routes=[Route("/", who)])
    async with answering(app, listener, settings), AsyncClient(verify=False, base_url=address(listener)) as client:
        answer = await client.get("/", headers={"X-Forwarded-For": forwarded})

    assert answer.text == seen
