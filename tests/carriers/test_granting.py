"""Tokens as OAuth grants them."""

import pytest
from httpx import AsyncClient, MockTransport, Request, Response

from carriers.base import CarrierUnavailable, CredentialsRefused, Token, UnreadablePayload
from carriers.granting import granted, token_of


def test_a_token_lives_as_long_as_its_grant_says_else_as_long_as_the_carrier_is_known_to_let_it() -> None:
    assert token_of(b'{"access_token": "t", "expires_in": "14399"}', "Acme") == Token("t", 14399.0)
    assert token_of(b'{"access_token": "t", "expires_in": 60}', "Acme", life=30.0) == Token("t", 60.0)
    assert token_of(b'{"access_token": "t"}', "Acme", life=30.0) == Token("t", 30.0)


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b'{"access_token": ""}', b'{"access_token": "t", "expires_in": "soon"}']
)
def test_a_grant_without_token_or_without_any_life_is_none(body: bytes) -> None:
    with pytest.raises(CarrierUnavailable, match="Acme granted no token"):
        token_of(body, "Acme")


def test_a_page_is_no_grant() -> None:
    with pytest.raises(UnreadablePayload):
        token_of(b"<html/>", "Acme", life=30.0)


async def test_a_400_is_about_the_keys_and_what_is_asked_is_the_carriers_own() -> None:
    def answer(request: Request) -> Response:
        good = (request.method, request.content) == ("POST", b"key=good")
        return Response(200, json={"access_token": "t"}) if good else Response(400, json={"error": "invalid_grant"})

    async with AsyncClient(transport=MockTransport(answer)) as http:
        token = await granted(http, "https://acme.example/token", "Acme", data={"key": "good"})
        with pytest.raises(CredentialsRefused, match="Acme refuses our credentials"):
            await granted(http, "https://acme.example/token", "Acme", data={"key": "bad"})

    assert token == Token("t", 3600.0)
