"""HTTP as it goes wrong, over a real server: each kind becomes the contract's error."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from httpx import AsyncClient, Response
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.demo.serving import serving
from app.demo.stand_ins.base import Fault, StandIn
from carriers.base import (
    CarrierError,
    CarrierUnavailable,
    CredentialsRefused,
    RateLimited,
    RequestRefused,
    TokenRefused,
    UnreadablePayload,
)
from carriers.calling import LONGEST_WAIT, call, retry_after
from carriers.reading import MAX_BODY


class Anyone(StandIn):
    """A carrier that says yes, unless a fault is scripted."""

    slug = "anyone"
    credentials = {}  # noqa: RUF012 - declared as a class variable by the contract

    def routes(self) -> list[Route]:
        return [Route("/track", lambda _: PlainTextResponse("yes"), methods=["GET", "POST"])]


@pytest.fixture
async def carrier() -> AsyncIterator[tuple[Anyone, str, AsyncClient]]:
    stand_in = Anyone(lambda _: None)
    async with serving(stand_in.app()) as address, AsyncClient(verify=False, trust_env=False, timeout=0.3) as http:
        yield stand_in, f"{address}/track", http


Carrier = tuple[Anyone, str, AsyncClient]


async def raised(carrier: Carrier, fault: Fault, *, with_token: bool = False) -> CarrierError:
    stand_in, url, http = carrier
    stand_in.faults.append(fault)
    with pytest.raises(CarrierError) as caught:
        await call(http, "GET", url, with_token=with_token)
    return caught.value


async def test_an_answer(carrier: Carrier) -> None:
    """What is accepted is handed over, and the request is the one that was asked for."""
    stand_in, url, http = carrier

    answer = await call(http, "POST", url, params={"number": "1"}, json={})

    assert (answer.status_code, answer.content, stand_in.requests) == (200, b"yes", ["POST /track?number=1"])


@pytest.mark.parametrize(
    ("status", "error", "retry"),
    [
        (204, RequestRefused, False),
        (302, CarrierUnavailable, True),
        (400, RequestRefused, False),
        (401, CredentialsRefused, False),
        (403, CredentialsRefused, False),
        (404, RequestRefused, False),
        (418, RequestRefused, False),
        (429, RateLimited, True),
        (500, CarrierUnavailable, True),
        (502, CarrierUnavailable, True),
        (503, CarrierUnavailable, True),
        (504, CarrierUnavailable, True),
    ],
)
async def test_statuses(carrier: Carrier, status: int, error: type[CarrierError], retry: bool) -> None:
    """Each status has its error, which says whether asking again can help; a redirect is never followed."""
    caught = await raised(carrier, Fault(status=status, headers={"location": "/track"}))

    assert (type(caught), caught.retry, str(status) in str(caught)) == (error, retry, True)
    assert len(carrier[0].requests) == 1


async def test_a_refused_token(carrier: Carrier) -> None:
    """A 401 to a call with a token asks for a new one; a 403 does not."""
    assert type(await raised(carrier, Fault(status=401), with_token=True)) is TokenRefused
    assert type(await raised(carrier, Fault(status=403), with_token=True)) is CredentialsRefused


async def test_an_accepted_status(carrier: Carrier) -> None:
    """A 404 whose body the carrier's parser understands is an answer."""
    stand_in, url, http = carrier
    stand_in.faults.append(Fault(status=404, body=b'{"unknown": true}'))

    answer = await call(http, "GET", url, accept=(200, 404))

    assert answer.content == b'{"unknown": true}'


async def test_no_answer_in_time(carrier: Carrier) -> None:
    """Silence is a carrier that is not available."""
    caught = await raised(carrier, Fault(hang=2))

    assert (type(caught), str(caught)) == (CarrierUnavailable, "no answer: ReadTimeout")


async def test_half_an_answer(carrier: Carrier) -> None:
    """An answer cut in the middle is none."""
    caught = await raised(carrier, Fault(body=b'{"half": ', half=True))

    assert (type(caught), str(caught)) == (CarrierUnavailable, "no answer: RemoteProtocolError")


async def test_nobody_listens() -> None:
    """A refused connection is a carrier that is not available."""
    async with serving(Anyone(lambda _: None).app()) as address:
        pass
    async with AsyncClient(verify=False, trust_env=False, timeout=2) as http:
        with pytest.raises(CarrierUnavailable, match="ConnectError"):
            await call(http, "GET", f"{address}/track")


async def test_too_much_of_an_answer(carrier: Carrier) -> None:
    """More than a body's bound is not read further."""
    caught = await raised(carrier, Fault(body=b" " * (MAX_BODY + 1)))

    assert type(caught) is UnreadablePayload


async def test_a_request_that_cannot_be_written(carrier: Carrier) -> None:
    """A credential or number that no header or address can hold is our question's fault; nothing is sent."""
    stand_in, url, http = carrier
    for request in ({"headers": {"key": "è€"}}, {"url": "http://[bad"}, {"url": "nowhere://a"}):
        with pytest.raises(CarrierError) as caught:
            await call(http, "GET", **({"url": url} | request))
        assert str(caught.value)

    assert stand_in.requests == []


NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def http_date(seconds: float) -> str:
    return format_datetime(NOON + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        (http_date(90), 90.0),
        (http_date(-90), 0.0),
        ("9" * 400, LONGEST_WAIT),
        (http_date(1e8), LONGEST_WAIT),
        *((odd, None) for odd in ("", "soon", "-5", "1.5", "²", "Mon, 32 Foo 2026 99:99:99 GMT", "12 seconds")),
    ],
)
def test_retry_after(header: str, seconds: float | None) -> None:
    """Seconds or a date, measured on the carrier's own clock; anything else says nothing."""
    answer = Response(429, headers=[(b"retry-after", header.encode("latin-1")), (b"date", http_date(0).encode())])

    assert retry_after(answer) == seconds


def test_retry_after_without_a_clock() -> None:
    """A date from a carrier that does not print its own time is measured on our clock."""
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)

    assert 3_500 < (retry_after(Response(503, headers={"retry-after": later})) or 0) <= 3_600
    assert retry_after(Response(503)) is None


@pytest.mark.parametrize("status", [429, 503])
async def test_patience(carrier: Carrier, status: int) -> None:
    """Both statuses that ask for patience say for how long."""
    caught = await raised(carrier, Fault(status=status, headers={"retry-after": "30"}))

    assert isinstance(caught, RateLimited)
    assert caught.retry_after == 30.0


async def test_patience_of_unknown_length(carrier: Carrier) -> None:
    """A 429 without `Retry-After` leaves the wait to us."""
    caught = await raised(carrier, Fault(status=429))

    assert isinstance(caught, RateLimited)
    assert caught.retry_after is None
