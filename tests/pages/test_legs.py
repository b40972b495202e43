"""A journey with several carriers: the page says who handed the parcel over to whom, and who said what."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from app.pages.legs import legs_of
from app.pages.view import view
from app.shipments.beside import Beside, travelled
from app.shipments.names import Name, Role
from app.shipments.shipment import Shipment
from carriers.vocabulary import Status
from tests.building import World, event
from tests.pages.showing import ARRIVED, COMPANY, DELIVERED, NOW, tracked
from tests.pages.test_tracking import path_of, visitor, world

__all__ = ["visitor", "world"]

FIRST, LAST = "YT2600000000000001", "084010123456"


async def told(world: World, shipment: Shipment, leg: str, status: Status, hours: int) -> Shipment:
    """The carrier of a leg says what happened so many hours ago, in words of its own."""
    named = shipment._replace(carrier=leg, tracking_number=FIRST if leg == "yunexpress" else LAST)
    return await world.say(named, event(status, at=world.now - timedelta(hours=hours), code=str(status).upper()))


async def shown(visitor: AsyncClient, world: World, shipment: Shipment, language: str) -> dict[str, Any]:
    """The page's content."""
    view: dict[str, Any] = (await visitor.get(f"{path_of(world, shipment)}.json?lang={language}")).json()
    return view


def said(view: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Its events: headings, carriers' words, carriers."""
    return [(each["label"], each["text"], each["carrier"]) for each in view["events"]]


@pytest.mark.parametrize(
    ("language", "handed_over", "before", "after", "in_transit", "out"),
    [
        (
            *("it", "YunExpress ha affidato il pacco a BRT", "Corriere precedente", "Corriere successivo"),
            *("In transito", "In consegna"),
        ),
        (
            *("en", "YunExpress handed the parcel over to BRT", "Previous carrier", "Next carrier"),
            *("In transit", "Out for delivery"),
        ),
    ],
)
async def test_the_hand_over_is_said_in_plain_words(
    world: World,
    visitor: AsyncClient,
    language: str,
    handed_over: str,
    before: str,
    after: str,
    in_transit: str,
    out: str,
) -> None:
    """The first carrier's "delivered" is none; each line says whose it is, and both carriers stand there."""
    shipment = await world.ship(FIRST, "yunexpress", legs=[{"carrier": "brt", "tracking_number": LAST}])
    await told(world, shipment, "yunexpress", Status.IN_TRANSIT, 30)
    await told(world, shipment, "yunexpress", Status.OUT_FOR_DELIVERY, 22)
    await told(world, shipment, "yunexpress", Status.DELIVERED, 20)
    waiting = await shown(visitor, world, shipment, language)
    now = await told(world, shipment, "brt", Status.OUT_FOR_DELIVERY, 3)
    page = await shown(visitor, world, now, language)
    html = (await visitor.get(f"{path_of(world, now)}?lang={language}")).text

    first = [
        (handed_over, "", ""),
        (in_transit, "", "YunExpress"),
        (in_transit, "IN_TRANSIT", "YunExpress"),
    ]
    assert said(waiting) == first
    assert said(page) == [(out, "OUT_FOR_DELIVERY", "BRT"), *first]
    assert [(each["label"], each["carrier"]["name"], each["tracking_number"]) for each in waiting["legs"]] == [
        (after, "BRT", LAST)
    ]
    assert [(each["label"], each["carrier"]["name"], each["tracking_number"]) for each in page["legs"]] == [
        (before, "YunExpress", FIRST)
    ]
    assert f'<dt>{before}</dt><dd>YunExpress <span class="number">{FIRST}</span>' in html
    assert handed_over in html


@pytest.mark.parametrize(
    ("spoken", "words", "beside"),
    [
        ((), "YunExpress ha affidato il pacco al corriere successivo", []),
        (("gls_it",), "YunExpress ha affidato il pacco a GLS Italy", ["GLS Italy"]),
    ],
)
def test_of_several_that_may_be_next_none_is_named_before_it_speaks(
    spoken: tuple[str, ...], words: str, beside: list[str]
) -> None:
    """Their numbers look alike; whichever has the parcel is the one."""
    parcel = tracked(carrier="yunexpress", tracking_number=FIRST).shipment
    legs = [
        Name(COMPANY, UUID(int=10 + nth), parcel.id, Role.LEG, min(nth, 1), carrier, number, NOW)
        for nth, (carrier, number) in enumerate([("yunexpress", FIRST), ("brt", LAST), ("gls_it", LAST)])
    ]
    own = {DELIVERED.key: DELIVERED}
    found = Beside(legs, {leg.id: {ARRIVED.key: ARRIVED} for leg in legs if leg.carrier in spoken})
    its = legs_of(parcel, own, found)
    page = view(replace(tracked(), shipment=parcel, events=travelled(parcel, own, found), legs=its))

    assert its.hand_over(DELIVERED.key, "it") == words
    assert words in [each.heading for each in page.events]
    assert [each.carrier.name for each in page.legs] == beside
