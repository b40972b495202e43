"""Where carriers push to."""

from fastapi import APIRouter, Request, Response

from app.api import problems
from app.api.access import gate_of
from app.api.routing import told
from app.api.shapes import Output
from app.errors import NotAuthenticated
from app.intake.pushed import Outcome, Pushes

router = APIRouter(
    tags=["hooks"], responses={each: problems.RESPONSES[each] for each in (401, 404, 413, 415, 422, 429, 503)}
)


class PushAnswer(Output):
    """What became of the push; it is stored by now, so it need not be sent again."""

    status: Outcome
    parcels: int | None = None
    new_events: int | None = None


@router.post("/hooks/{carrier}/{token}", response_model=PushAnswer, response_model_exclude_none=True)
async def pushed(carrier: str, token: str, request: Request) -> Response:
    """A carrier's push, in its own format, to the address of an account."""
    return await push(request, carrier, token)


@router.head("/hooks/{carrier}/{token}", include_in_schema=False)
async def there(carrier: str, token: str, request: Request) -> Response:
    """Whether there is such an address: some look before they push."""
    await gate_of(request).admit_push(request, carrier, token)
    return Response()


async def push(request: Request, carrier: str, token: str) -> Response:
    """Admit it, take it in, say what became of it."""
    door = gate_of(request)
    account = await door.admit_push(request, carrier, token)
    pushes: Pushes = request.app.state.pushes
    headers, body = dict(request.headers), await request.body()
    try:
        result = await pushes.push(account, headers, body)
    except NotAuthenticated:
        # Its secret may have been changed, by another process too, since the account was last looked at.
        door.forget_account(account.id)
        result = await pushes.push(await door.account(carrier, token), headers, body)
    if result.status is Outcome.ACCEPTED:
        return told({"status": result.status, "parcels": result.parcels, "new_events": result.new_events})
    return told({"status": result.status})
