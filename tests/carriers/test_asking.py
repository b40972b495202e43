"""Every carrier that is asked, over real HTTP of its stand-in: what goes wrong between us has one name for all.

What is particular to a carrier stands in `test_<slug>_asking.py`.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from httpx import AsyncClient

from app.demo.journeys import Happened, Step
from app.demo.serving import serving
from app.demo.stand_ins.base import Fault, StandIn
from carriers import Carrier, carriers
from carriers.asking import TokenKeeper, ask
from carriers.base import (
    Account,
    CarrierError,
    CarrierUnavailable,
    Credentials,
    CredentialsRefused,
    RateLimited,
    UnreadablePayload,
)
from carriers.event import Parcel
from tests.carriers.asked import ASKED, Asked

STEPS = [Happened(Step.DELIVERED, datetime(2026, 3, 2, 8, tzinfo=UTC), "Milano")]
WITH_SECRET = [each for each in ASKED if each.secret]
WITH_TOKEN = [each for each in ASKED if carriers()[each.kind.slug].needs_token]


@dataclass
class Desk:
    """A carrier on loopback, and the way to ask it; tokens are kept."""

    asked: Asked
    carrier: Carrier
    stand_in: StandIn
    base_url: str
    http: AsyncClient
    tokens: TokenKeeper

    def account(self, **credentials: str) -> Account:
        """The stand-in's, with these credentials in place of its own."""
        given = {**self.stand_in.credentials, **credentials}
        return Account(self.carrier.credentials.model_validate(given), base_url=self.base_url)

    async def ask(self, **credentials: str) -> list[Parcel]:
        """The parcels of an answer about the number."""
        account = self.account(**credentials)
        [answer] = await ask(self.carrier, self.http, account, [self.asked.number], tokens=self.tokens)
        assert answer.numbers == (self.asked.number,)
        return self.carrier.parse(answer.body)


@pytest.fixture
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    """A desk at the carrier that the test names."""
    asked: Asked = request.param
    stand_in = asked.kind(lambda _number: STEPS)
    async with serving(stand_in.app()) as base_url, AsyncClient(verify=False, trust_env=False, timeout=5) as http:
        yield Desk(asked, carriers()[stand_in.slug], stand_in, base_url, http, TokenKeeper())


def name(asked: Asked) -> str:
    """The carrier's slug."""
    return asked.kind.slug


every = pytest.mark.parametrize("desk", ASKED, ids=name, indirect=True)
with_secret = pytest.mark.parametrize("desk", WITH_SECRET, ids=name, indirect=True)
with_token = pytest.mark.parametrize("desk", WITH_TOKEN, ids=name, indirect=True)


@pytest.mark.parametrize("asked", WITH_SECRET, ids=name)
def test_another_carriers_account_is_refused(asked: Asked) -> None:
    """By an error that says what it lacks, before anything is asked."""
    kind = carriers()[asked.kind.slug].credentials
    with pytest.raises(CredentialsRefused, match=f"these are no {kind.__name__}"):
        kind.of(Account(Credentials()))


def test_every_carrier_that_is_asked_is_here() -> None:
    """But the sandbox, whose interface is ours."""
    assert {each.kind.slug for each in ASKED} == {slug for slug, each in carriers().items() if each.polls} - {"sandbox"}


@every
async def test_a_question_is_answered(desk: Desk) -> None:
    """One parcel, and what happened to it."""
    [parcel] = await desk.ask()

    assert [event.status is not None for event in parcel.events] == [True]


@every
@pytest.mark.parametrize(
    ("fault", "error", "retry_after"),
    [
        (Fault(429, {"Retry-After": "17"}), RateLimited, 17.0),
        (Fault(429), RateLimited, None),
        (Fault(503, {"Retry-After": "9"}), RateLimited, 9.0),
        (Fault(503), CarrierUnavailable, None),
        (Fault(500), CarrierUnavailable, None),
        (Fault(301, {"Location": "https://example.com/"}), CarrierUnavailable, None),
        (Fault(403), CredentialsRefused, None),
        (Fault(hang=0.3), CarrierUnavailable, None),
        (Fault(body=b'{"', half=True), CarrierUnavailable, None),
    ],
    ids=["429 with a wait", "429", "503 with a wait", "503", "500", "301", "403", "silence", "half an answer"],
)
async def test_what_goes_wrong_has_its_name(
    desk: Desk, fault: Fault, error: type[CarrierError], retry_after: float | None
) -> None:
    """HTTP statuses, silence and half an answer to a question, once there is a token."""
    if desk.carrier.needs_token:
        await desk.ask()
    desk.http.timeout = 0.1 if fault.hang else 5
    desk.stand_in.faults.append(fault)

    with pytest.raises(CarrierError) as raised:
        await desk.ask()

    refused_by_a_filter = fault.status == 403 and not desk.carrier.credentials.model_fields
    assert type(raised.value) is (CarrierUnavailable if refused_by_a_filter else error)
    assert getattr(raised.value, "retry_after", None) == retry_after


@every
async def test_somebodys_page_is_no_answer(desk: Desk) -> None:
    """HTTP 200 with another's words: refused where it is asked or where it is parsed, never taken."""
    if desk.carrier.needs_token:
        await desk.ask()
    desk.stand_in.faults.append(Fault(body=b"<html>maintenance</html>"))

    with pytest.raises((UnreadablePayload, CarrierUnavailable)):
        await desk.ask()


@with_secret
async def test_wrong_credentials_are_refused(desk: Desk) -> None:
    """By the carrier, in whatever way it refuses."""
    with pytest.raises(CredentialsRefused) as raised:
        await desk.ask(**{desk.asked.secret: "9999"})

    assert type(raised.value) is CredentialsRefused


@every
async def test_credentials_that_nobody_needs_are_refused(desk: Desk) -> None:
    """A slip of the pen is told."""
    with pytest.raises(ValueError, match="Extra inputs are not permitted"):
        desk.account(colour="blue")


@with_token
async def test_a_token_is_used_until_it_is_refused_and_then_renewed_once(desk: Desk) -> None:
    """One token for many calls; after a 401 another, and the question again."""
    for _ in range(3):
        await desk.ask()
    before = len(desk.stand_in.requests)
    desk.stand_in.faults.append(Fault(401))
    await desk.ask()

    grant, *questions = desk.stand_in.requests[:before]
    assert len(questions) == 3
    assert grant not in questions
    assert desk.stand_in.requests[before:] == [questions[0], grant, questions[0]]


@with_token
async def test_a_grant_without_token_is_no_answer(desk: Desk) -> None:
    """Its carrier is not well: nothing can be asked."""
    desk.stand_in.faults.append(Fault(body=b"{}"))

    with pytest.raises(CarrierUnavailable):
        await desk.carrier.token(desk.http, desk.account())
