"""Mail to an Italian shop's staff is Italian: what Nove itself noted in English is said again, others' words stay."""

import ast
from typing import Any

import pytest

from app.channels.notices import notice_for
from app.channels.wording import email_for
from app.locales.saying import said_in
from app.outbound import REFUSAL
from app.polling.health import said
from carriers.base import CredentialsRefused
from tests.channels.test_wording import TOLD
from tests.source import ROOT

OFF: dict[str, Any] = {
    "notice": "endpoint_disabled",
    "locale": "it",
    "timezone": "Europe/Rome",
    "shop_name": "Bottega Verdi",
    "endpoint_id": "01a2",
    "url": "https://bottega.example/hook",
    "since": "2026-03-13T09:32:00Z",
    "failures": 40,
    "reason": "nothing but failures since 2026-03-13 09:32 UTC",
    "last_error": "no answer in time: no complete answer within 15 s",
}


def refusals() -> list[str]:
    """What carriers' adapters say of refused credentials, `X` for each part that is known only then."""
    found = []
    for path in sorted((ROOT / "carriers").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(ast.Name("CredentialsRefused" | "TokenRefused"), [ast.Constant(str(text))]):
                    found.append(text)
                case ast.Call(ast.Name("CredentialsRefused" | "TokenRefused"), [ast.JoinedStr(parts)]):
                    found.append("".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in parts))
    return found


def test_every_refusal_of_credentials_has_italian_words() -> None:
    """But for those that are the carrier's own words alone."""
    texts = refusals()

    assert "the carrier refuses our credentials (X)" in texts
    assert {text for text in texts if said_in("it", text) == text} == {"DPD: X", "GLS Italy: X"}
    assert [said_in("en-GB", text) for text in texts] == texts


@pytest.mark.parametrize(
    ("noted", "italian"),
    [
        (
            said(CredentialsRefused("the carrier refuses our credentials (401)")),
            "il corriere rifiuta le nostre credenziali (401): controlla le credenziali del contratto e inseriscile di "
            "nuovo (PATCH /v1/accounts/…)",
        ),
        ("it answered 410: gone", "ha risposto 410: non esiste più"),
        ("no answer: ConnectError", "nessuna risposta: ConnectError"),
        ("HTTP 500: Internal Server Error", "HTTP 500: Internal Server Error"),
        ("Aramex refuses the account ({0} no)", "Aramex rifiuta il contratto ({0} no)"),
        ("", ""),
    ],
)
def test_a_note_is_said_in_italian(noted: str, italian: str) -> None:
    assert said_in("it-CH", noted) == italian


def test_a_refused_address_is_said_in_italian() -> None:
    assert said_in("it", REFUSAL).startswith("l'indirizzo non si può usare: deve essere https://")


def test_a_notice_is_italian_to_the_last_row() -> None:
    _, text, html = notice_for(OFF)

    rows = [
        "Motivo: solo errori dal 2026-03-13 09:32 UTC",
        "Ultimo errore: nessuna risposta in tempo: nessuna risposta completa entro 15 s",
    ]
    assert [line for line in text.split("\n") if line.startswith(("Motivo", "Ultimo"))] == rows
    assert "no answer" not in html


def test_a_carrier_without_an_adapter_has_an_italian_name() -> None:
    subject, text, _ = email_for({**TOLD, "audience": "staff", "carrier_name": "Own carrier"})

    assert subject == "Partito: Corriere proprio 084512345678901, ordine 1042"
    assert "Corriere: Corriere proprio" in text
