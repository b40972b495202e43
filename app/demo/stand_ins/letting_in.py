"""Whom a stand-in lets in: who has its user and password, or a token that it has granted."""

from base64 import b64encode
from urllib.parse import parse_qsl

from starlette.requests import Request

from app.demo.stand_ins.base import History, StandIn


def by_password(request: Request, user: str, password: str) -> bool:
    """Whether a question bears them, as Basic authentication has it."""
    known = b64encode(f"{user}:{password}".encode()).decode()
    return request.headers.get("authorization") == f"Basic {known}"


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a posted form."""
    return dict(parse_qsl((await request.body()).decode()))


class Granting(StandIn):
    """One that grants tokens. `tokens` are the living ones: clear them and they have expired."""

    def __init__(self, history: History) -> None:
        super().__init__(history)
        self.tokens: set[str] = set()

    def new_token(self) -> str:
        """A token that lives from now on."""
        token = f"{self.slug}-token-{len(self.requests)}"
        self.tokens.add(token)
        return token

    def lets_in(self, request: Request) -> bool:
        """Whether a question bears a token that lives."""
        return request.headers.get("authorization", "").removeprefix("Bearer ") in self.tokens
