"""The tests that `nove carrier new` writes beside the adapter."""

from collections.abc import Mapping

TEST = '''"""{name}'s answers, as events."""

import asyncio
from datetime import UTC, datetime
{imports}
import pytest
from httpx import AsyncClient, MockTransport, Request, Response
from pydantic import SecretStr

{known}
{recorded}
NEWEST: dict[str, tuple[Status, SubStatus | None] | None] = {{
    "delivered": (Status.DELIVERED, SubStatus.TO_RECIPIENT),
    "out_for_delivery": (Status.OUT_FOR_DELIVERY, None),
    "failed_attempt": (Status.FAILED_ATTEMPT, SubStatus.RECIPIENT_ABSENT),
    "held": (Status.EXCEPTION, SubStatus.HELD),
    "returned": (Status.RETURNED, None),
    "dst_nights": (Status.OUT_FOR_DELIVERY, None),
    "unlisted_code": None,
}}


@pytest.mark.parametrize(("answer", "meaning"), NEWEST.items())
def test_newest_event(answer: str, meaning: tuple[Status, SubStatus | None] | None) -> None:
    """The newest event of each answer means what the recipient would say."""
    [parcel] = {kind}().parse({read})

    assert max(parcel.events, key=lambda event: event.moment.occurred_at).meaning == meaning


def test_a_whole_event() -> None:
    """Code, words, place, and the time as printed and as it is."""
    [parcel] = {kind}().parse({delivered})

    assert parcel.events[0] == TrackingEvent(
        Moment(datetime(2026, 3, 3, 9, 12, tzinfo=UTC), "2026-03-03T10:12:00", OffsetSource.{source}),
        "DONE",
        text="Delivered",
        status=Status.DELIVERED,
        sub_status=SubStatus.TO_RECIPIENT,
        row="DONE",
        place=Place(city="Firenze"),
    )


def test_a_number_that_is_not_known() -> None:
    """No events: the carrier is asked again."""
    assert {kind}().parse({not_found}) == [Parcel("{letters}00000009", not_found=True)]


def test_the_nights_when_the_clocks_change() -> None:
    """The hour that the spring night leaves out is read on; of autumn's two hours the first is meant."""
    [parcel] = {kind}().parse({nights})

    assert [event.moment.occurred_at for event in parcel.events] == [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    ]


def test_what_is_not_one_parcel() -> None:
    """Several parcels are each read, an error holds none, and where a value is of the wrong kind it is passed over."""
    many = {kind}().parse({many})

    assert [parcel.number for parcel in many] == ["{letters}00000001", "{letters}00000002"]
    assert {kind}().parse({error}) == []
    assert {kind}().parse({hostile}) == [Parcel("7", not_found=True)]


@pytest.mark.parametrize("status", [200, 404])
def test_the_carrier_is_asked(status: int) -> None:
    """With the account's key, about the number; a 404 for one that is not known is an answer, too."""
    asked = []

    def answer(request: Request) -> Response:
        asked.append((str(request.url), request.headers["authorization"]))
        return Response(status, content=b"what it says")

    async def fetched() -> list[Answer]:
        account = Account({kind}Credentials(api_key=SecretStr("a-key")), base_url="https://stand-in.example")
        async with AsyncClient(transport=MockTransport(answer)) as http:
            return await {kind}().fetch(http, account, ["{letters}00000001"])

    assert asyncio.run(fetched()) == [Answer(b"what it says", ("{letters}00000001",))]
    assert asked == [("https://stand-in.example/track/{letters}00000001", "Bearer a-key")]


@pytest.mark.parametrize("body", [b"", b"[]", b"{{}}", b"<html></html>"])
def test_what_is_not_its_answer(body: bytes) -> None:
    """It is refused, by the one error agreed."""
    with pytest.raises(UnreadablePayload):
        {kind}().parse(body)
'''

_KNOWN = (
    "from carriers.base import Account, Answer, UnreadablePayload",
    "from carriers.event import Moment, OffsetSource, Parcel, Place, TrackingEvent",
    "from carriers.vocabulary import Status, SubStatus",
)


def tests_of(words: Mapping[str, str], module: str, recorded: str, reading: str) -> str:
    """Their text: the adapter is in `module`, `recorded` comes before the tests, `reading` reads a recording."""

    def read(name: str) -> str:
        plain = name.startswith("{")
        file = f'f"{name}.json"' if plain else f'"{name}.json"'
        return reading.format(slug=f'"{words["slug"]}"', name="answer" if plain else f'"{name}"', file=file)

    known = sorted((*_KNOWN, f"from {module} import {words['kind']}, {words['kind']}Credentials"))
    return TEST.format(
        **words,
        known="\n".join(known),
        imports="from pathlib import Path\n" if "Path" in recorded else "",
        recorded=recorded,
        source="CARRIER",
        read=read("{answer}"),
        delivered=read("delivered"),
        not_found=read("not_found"),
        nights=read("dst_nights"),
        many=read("many_parcels"),
        error=read("error"),
        hostile=read("hostile"),
    )
