"""Asking GLS Italy over real HTTP, of a stand-in that speaks its XML."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from httpx import AsyncClient

from app.demo.journeys import JOURNEYS, Happened, Step, so_far
from app.demo.serving import serving
from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.gls_it import GlsItalyStandIn
from carriers.asking import TokenKeeper, ask
from carriers.base import (
    Account,
    Answer,
    CarrierError,
    CredentialsRefused,
    RequestRefused,
)
from carriers.event import Parcel
from carriers.gls_it import GlsItaly, GlsItalyCredentials
from carriers.vocabulary import Status


@dataclass
class Line:
    """A GLS Italy on loopback, and the way to ask it."""

    base: str
    stand_in: GlsItalyStandIn
    http: AsyncClient

    async def ask(self, number: str, **credentials: str) -> list[Answer]:
        known = GlsItalyCredentials.model_validate({**GlsItalyStandIn.credentials, **credentials})
        account = Account(known, base_url=self.base)
        return await ask(GlsItaly(), self.http, account, [number], tokens=TokenKeeper())


@asynccontextmanager
async def line(happened: Sequence[Happened] | None) -> AsyncIterator[Line]:
    stand_in = GlsItalyStandIn(lambda number: happened)
    async with serving(stand_in.app()) as base, AsyncClient(verify=False, trust_env=False, timeout=5) as http:
        yield Line(base, stand_in, http)


NUMBER = "M1620873111"
STEPS = [Happened(Step.DEPARTED, datetime(2026, 3, 2, 8, tzinfo=UTC), "Milano")]


@pytest.mark.parametrize("journey", JOURNEYS)
async def test_every_journey_of_the_stand_in_is_understood(journey: str) -> None:
    """Whatever the stand-in tells has a status, and ends as the journey ends."""
    start = datetime(2026, 3, 2, 8, tzinfo=UTC)
    happened = so_far(JOURNEYS[journey], start, 1, start + timedelta(days=30))
    async with line(happened) as gls:
        [answer] = await gls.ask(NUMBER)

    [told] = GlsItaly().parse(answer.body)
    assert (told.number, answer.numbers) == (NUMBER, (NUMBER,))
    assert len(told.events) == len(happened)
    assert all(event.status for event in told.events)
    ends = {Step.DELIVERED: Status.DELIVERED, Step.PICKED_UP: Status.DELIVERED, Step.RETURNED: Status.RETURNED}
    newest = max(told.events, key=lambda event: event.moment.occurred_at)
    assert newest.status is ends.get(happened[-1].step, newest.status)


@pytest.mark.parametrize(
    ("number", "credentials", "query"),
    [
        ("M1620873111", {}, "locpartenza=M1&NumSped=620873111&CodCli=4665"),
        ("m1 620873111", {"sede": ""}, "locpartenza=M1&NumSped=620873111&CodCli=4665"),
        ("BZ620873111", {}, "locpartenza=BZ&NumSped=620873111&sedecon=M1&CodCli=4665"),
        ("620873111", {}, "locpartenza=M1&NumSped=620873111&CodCli=4665"),
        ("M1620873111001", {}, "Numidc=M1620873111001&CodCli=4665"),
    ],
)
async def test_what_is_asked(number: str, credentials: dict[str, str], query: str) -> None:
    """A printed number is split, another sede names the contract's, anything else is the id of a parcel."""
    async with line(STEPS) as gls:
        await gls.ask(number, **credentials)

    assert gls.stand_in.requests == [f"GET /XML/get_xml_track.php?{query}"]


async def test_nine_digits_without_a_sede_are_not_asked() -> None:
    """They are unique within a sede only."""
    async with line(STEPS) as gls:
        with pytest.raises(RequestRefused):
            await gls.ask("620873111", sede="")

    assert gls.stand_in.requests == []


async def test_an_unknown_number_is_an_answer() -> None:
    """Not found is no error."""
    async with line(None) as gls:
        [answer] = await gls.ask(NUMBER)

    assert GlsItaly().parse(answer.body) == [Parcel("", not_found=True, note="Spedizione non trovata")]


async def test_a_wrong_contract_gets_the_carriers_error_text() -> None:
    """The script refuses by HTTP 200 with a text about the contract: that is the account's fault, not the number's."""
    async with line(STEPS) as gls:
        with pytest.raises(CredentialsRefused, match="Contratto non trovato"):
            await gls.ask(NUMBER, contract="1")


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("Codice cliente errato", False),
        ("Utente non autorizzato", False),
        ("Spedizione non trovata per il contratto indicato", True),
        ("Nessuna spedizione per questo cliente", True),
    ],
)
def test_an_error_text_about_the_account_is_not_about_the_number(text: str, *, unknown: bool) -> None:
    """A refused contract tells nothing of the parcel; a number that the contract does not hold is not found."""
    body = f"<ELENCO><TESTOERRORE>{text}</TESTOERRORE></ELENCO>".encode()

    assert GlsItaly().parse(body) == ([Parcel("", not_found=True, note=text)] if unknown else [])


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(401), CredentialsRefused),
        (Fault(404), RequestRefused),
    ],
    ids=str,
)
async def test_what_goes_wrong_has_its_name(fault: Fault, error: type[CarrierError]) -> None:
    """The statuses that only this script may mean something by."""
    async with line(STEPS) as gls:
        gls.stand_in.faults.append(fault)
        with pytest.raises(CarrierError) as raised:
            await gls.ask(NUMBER)

    assert type(raised.value) is error
