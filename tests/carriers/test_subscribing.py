"""Subscribing: what UPS and DHL are told, what of their answers is believed."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from httpx import AsyncClient
from pydantic import SecretStr

from app.demo.serving import serving
from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.ups import UpsStandIn
from carriers.asking import TokenKeeper, subscribe
from carriers.base import Account, CarrierError, CarrierUnavailable, CredentialsRefused, RequestRefused
from carriers.dhl_unified import DhlCredentials, DhlUnified
from carriers.subscribing import Handshake, Hook, Subscribed
from carriers.ups import Ups, UpsCredentials

HOOK = Hook("https://nove.example/hooks/ups/token", "s3cret")
GOOD, BAD = "1Z999AA10123456784", "9999AA101234"


@pytest.fixture
async def http() -> AsyncIterator[AsyncClient]:
    """A client."""
    async with AsyncClient() as http:
        yield http


async def alerts(http: AsyncClient, numbers: list[str], *faults: Fault, kind: Any = "standard") -> tuple[Any, str]:
    """What Track Alert makes of the numbers, and the last question."""
    stand_in = UpsStandIn(lambda _number: None)
    secret = SecretStr("ups-stand-in-secret")
    async with serving(stand_in.app()) as url:
        account = Account(UpsCredentials(client_id="stand-in", client_secret=secret, track_alert=kind), base_url=url)
        tokens = TokenKeeper()
        await tokens.token("key", Ups(), http, account)
        stand_in.faults.extend(faults)
        try:
            said: Any = await subscribe(Ups(), http, account, numbers, HOOK, tokens=tokens, key="key")
        except CarrierError as error:
            said = error
        return said, stand_in.requests[-1]


def refusal(code: str) -> Fault:
    """Track Alert's error."""
    return Fault(status=400, body=orjson.dumps({"response": {"errors": [{"code": code, "message": "…"}]}}))


async def test_track_alert_takes_numbers_for_fourteen_days(http: AsyncClient) -> None:
    """By the application's product; what it does not take is said."""
    some = await alerts(http, [GOOD, BAD], kind="enhanced")
    none = await alerts(http, [BAD])

    assert some == (
        Subscribed(timedelta(days=14), refused=frozenset({BAD})),
        "POST /api/track/v2/subscription/enhanced/package",
    )
    assert none[0] == Subscribed(timedelta(days=14), refused=frozenset({BAD}))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (refusal("VSS300"), RequestRefused),
        (Fault(status=400, body=b"{}"), RequestRefused),
        (Fault(status=503), CarrierUnavailable),
        (Fault(status=403), CredentialsRefused),
    ],
    ids=["locale", "no code", "away", "refused"],
)
async def test_track_alert_fails_by_the_contracts_errors(
    http: AsyncClient, fault: Fault, error: type[CarrierError]
) -> None:
    """As any call does."""
    assert isinstance((await alerts(http, [GOOD], fault))[0], error)


@pytest.mark.parametrize(
    ("message", "asked"),
    [
        ({"self": "https://api-eu.dhl.com/tracking/push/v1/subscription/a1-b2"}, Handshake("a1-b2", "s")),
        ({"self": "https://elsewhere.example/subscription/a1-b2"}, Handshake("a1-b2", "s")),
        ({"self": "https://api-eu.dhl.com/subscription/../../track"}, None),
        ({"self": 17}, None),
        ({"secret": ""}, None),
        ({"scope": "subscription.ready"}, None),
    ],
)
def test_of_dhls_handshake_the_id_and_the_secret_alone_are_believed(
    message: dict[str, object], asked: Handshake | None
) -> None:
    """Never the address: the answer goes to DHL's own."""
    whole = {"scope": "subscription.validate", "self": "https://x/subscription/1", "secret": "s", **message}

    assert DhlUnified().handshake(orjson.dumps(whole)) == asked


@pytest.mark.parametrize(
    ("body", "until", "name"),
    [
        (b'{"expires": "2026-06-01T00:00:00Z"}', datetime(2026, 6, 1, tzinfo=UTC), ""),
        (b'{"id": "a1"}', None, "a1"),
        (b'{"self": "https://api-eu.dhl.com/tracking/push/v1/subscription/a1"}', None, "a1"),
        (b"", None, ""),
    ],
)
async def test_dhl_may_say_when_a_subscription_ends_and_what_it_is_called(
    http: AsyncClient, body: bytes, until: datetime | None, name: str
) -> None:
    """Where it does not say when, it is taken to last; it asks the hook before it pushes."""
    stand_in = UpsStandIn(lambda _number: None)
    stand_in.faults.append(Fault(status=202, body=body))
    async with serving(stand_in.app()) as url:
        account = Account(DhlCredentials(api_key=SecretStr("k"), push=True), base_url=url)
        said = await DhlUnified().subscribe(http, account, ["1234567890"], HOOK)

    assert (said, stand_in.requests) == (
        Subscribed(until=until, name=name, asks=True),
        ["POST /tracking/push/v1/subscription"],
    )
