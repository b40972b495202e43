"""Asking GLS Italy over real HTTP, of a stand-in that speaks its XML."""

from collections.abc import AsyncIterator

import pytest

from app.demo.stand_ins.base import Fault
from app.demo.stand_ins.gls_it import GlsItalyStandIn
from carriers.base import (
    CarrierError,
    CredentialsRefused,
    RequestRefused,
)
from carriers.event import Parcel
from carriers.gls_it import GlsItaly
from tests.carriers.line import Line, line

NUMBER = "M1620873111"


@pytest.fixture
async def gls() -> AsyncIterator[Line]:
    async with line(GlsItaly(), GlsItalyStandIn) as made:
        yield made


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
async def test_what_is_asked(gls: Line, number: str, credentials: dict[str, str], query: str) -> None:
    """A printed number is split, another sede names the contract's, anything else is the id of a parcel."""
    await gls.ask(number, **credentials)

    assert gls.stand_in.requests == [f"GET /XML/get_xml_track.php?{query}"]


async def test_nine_digits_without_a_sede_are_not_asked(gls: Line) -> None:
    """They are unique within a sede only."""
    with pytest.raises(RequestRefused):
        await gls.ask("620873111", sede="")

    assert gls.stand_in.requests == []


async def test_an_unknown_number_is_an_answer(gls: Line) -> None:
    """Not found is no error."""
    gls.journey = ""

    assert await gls.parcels(NUMBER) == [Parcel("", not_found=True, note="Spedizione non trovata")]


async def test_a_wrong_contract_gets_the_carriers_error_text(gls: Line) -> None:
    """The script refuses by HTTP 200 with a text about the contract: that is the account's fault, not the number's."""
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
async def test_what_goes_wrong_has_its_name(gls: Line, fault: Fault, error: type[CarrierError]) -> None:
    """The statuses that only this script may mean something by."""
    assert type(await gls.refusal(NUMBER, fault)) is error
