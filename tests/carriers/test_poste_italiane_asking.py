"""Asking Poste Italiane over real HTTP, of a stand-in that speaks its token and tracking calls."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from pydantic import SecretStr

from app.demo.journeys import JOURNEYS, Leg, Step
from app.demo.serving import serving
from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.poste_italiane import WORDS
from app.demo.stand_ins.poste_italiane import PosteItaliane as StandIn
from carriers.asking import TokenKeeper, ask
from carriers.base import (
    Account,
    CredentialsRefused,
    RequestRefused,
    TokenRefused,
)
from carriers.event import Parcel
from carriers.poste_italiane import PosteCredentials, PosteItaliane
from carriers.vocabulary import Status
from tests.carriers.line import journey_named
from tests.recorded import recorded

KEYS = PosteCredentials(client_id="stand-in-client", secret_id=SecretStr("stand-in-secret"))


@pytest.fixture
def stand_in() -> StandIn:
    return StandIn(journey_named)


@pytest.fixture
async def account(stand_in: StandIn) -> AsyncIterator[Account]:
    async with serving(stand_in.app()) as base:
        yield Account(KEYS, base_url=base)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(verify=False, trust_env=False, timeout=5) as client:
        yield client


@pytest.mark.parametrize("name", JOURNEYS)
async def test_every_journey_of_the_stand_in_is_understood(
    name: str, account: Account, http: httpx.AsyncClient
) -> None:
    [answer] = await ask(PosteItaliane(), http, account, [name], tokens=TokenKeeper())
    [parcel] = PosteItaliane().parse(answer.body)

    expected = [leg for leg in JOURNEYS[name] if leg.step in WORDS]
    assert (parcel.number, len(parcel.events)) == (name, len(expected))
    assert [event for event in parcel.events if event.status is None] == []
    ends: dict[Step, Status] = {Step.RETURNED: Status.RETURNED, Step.DELIVERED: Status.DELIVERED}
    last: Leg = expected[-1]
    assert parcel.events[0].status == ends.get(last.step, parcel.events[0].status)


async def test_a_token_says_how_long_it_lives(stand_in: StandIn, account: Account, http: httpx.AsyncClient) -> None:
    assert await PosteItaliane().token(http, account) == ("poste-token-1", 3599.0)


async def test_the_token_is_sent_bare_where_the_contract_wants_it(
    stand_in: StandIn, account: Account, http: httpx.AsyncClient
) -> None:
    bare = replace(account, credentials=KEYS.model_copy(update={"authorization": "bare"}))

    [answer] = await ask(PosteItaliane(), http, bare, ["LOST"], tokens=TokenKeeper())

    assert PosteItaliane().parse(answer.body)[0].number == "LOST"


async def test_a_wrong_token_is_refused_apart_from_wrong_keys(account: Account, http: httpx.AsyncClient) -> None:
    wrong = replace(account, credentials=PosteCredentials(client_id="stand-in-client", secret_id=SecretStr("no")))

    with pytest.raises(CredentialsRefused) as refused:
        await PosteItaliane().token(http, wrong)
    with pytest.raises(TokenRefused):
        await PosteItaliane().fetch(http, replace(account, token="none"), ["HELD"])
    assert refused.type is CredentialsRefused


async def test_keys_that_are_refused_with_400_are_refused_keys(
    stand_in: StandIn, account: Account, http: httpx.AsyncClient
) -> None:
    stand_in.faults.append(Fault(400, body=b'{"error": "unauthorized_client"}'))

    with pytest.raises(CredentialsRefused):
        await PosteItaliane().token(http, account)


async def test_an_unknown_number_is_not_found(account: Account, http: httpx.AsyncClient) -> None:
    [answer] = await ask(PosteItaliane(), http, account, ["1UW0000000000"], tokens=TokenKeeper())

    assert answer.numbers == ("1UW0000000000",)
    assert PosteItaliane().parse(answer.body) == [Parcel("", not_found=True)]


async def test_a_failure_inside_200_is_refused_in_the_words_of_poste(
    stand_in: StandIn, account: Account, http: httpx.AsyncClient
) -> None:
    stand_in.faults.append(Fault(200, body=recorded("poste_italiane", "error")))

    with pytest.raises(RequestRefused, match="CONTRATTO NON ATTIVO; RIPROVARE"):
        await PosteItaliane().fetch(http, replace(account, token="any"), ["HELD"])
