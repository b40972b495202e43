"""P3 and P4: the raw log replayed gives the same state, and so do hook-first and poll-first; on real databases."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.arrivals.keeping import ArrivalSource, Arrived, read_body
from app.arrivals.tables import arrivals
from app.database import Database
from app.intake import take_in
from app.intake.foreseeing import foresee
from app.intake.posting import post
from app.shipments import answer, history
from app.shipments.posting import PostedShipment
from app.shipments.shipment import Shipment
from app.shipments.tables import shipments as table
from carriers import parse
from carriers.event import Parcel
from carriers.own import Own
from carriers.vocabulary import SUB_STATUSES, Status
from tests.building import World, build

CASES = 32
"""Histories in one example: an example costs a transaction each way, not one for every history."""

_numbers = count()

MEANINGS = [
    (status, sub_status)
    for status, own in SUB_STATUSES.items()
    if status is not Status.PENDING
    for sub_status in (None, *sorted(own))
]
# Hours around the shipment's own time, some in the future; wordings differ by path, as real hooks and answers do. An
# event with an id may be told in several versions, and be taken back before or after it comes.
EVENT = st.tuples(
    st.integers(-200, 30),
    st.sampled_from(MEANINGS),
    st.sampled_from(("a", "b", "void")),
    st.sampled_from(("", "1", "2")),
)
HISTORIES = st.lists(st.lists(EVENT, min_size=1, max_size=8), min_size=CASES, max_size=CASES)
FEW, MANY = (
    settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    for examples in (8, 80)
)
"""Two properties on two databases: a thousand histories in the ordinary run, ten thousand in the long one."""


@pytest.fixture
async def world(database: Database, monkeypatch: pytest.MonkeyPatch) -> World:
    """A live shop on a fresh database; its own carrier takes an event back by a word among the events."""
    plain = Own.parse

    def parse_with_voids(self: Own, body: bytes) -> list[Parcel]:
        return [_voided(parcel) for parcel in plain(self, body)]

    monkeypatch.setattr(Own, "parse", parse_with_voids)
    return await build(database)


def _voided(parcel: Parcel) -> Parcel:
    void = [each for each in parcel.events if each.id and each.text.endswith("void")]
    return parcel._replace(
        events=tuple(each for each in parcel.events if each not in void), withdrawn=tuple(each.id for each in void)
    )


def _body(world: World, number: str, said: Sequence[Any], wording: str) -> bytes:
    return orjson.dumps(
        {
            "tracking_number": number,
            "events": [
                {
                    "occurred_at": (world.shop.created_at + timedelta(hours=hours)).isoformat(timespec="seconds"),
                    "status": status,
                    **({"sub_status": sub_status} if sub_status else {}),
                    "text": f"{wording} {text}",
                    **({"key": key} if key else {}),
                }
                for hours, (status, sub_status), text, key in said
            ],
        }
    )


def _arrived(shipment: Shipment, body: bytes, source: ArrivalSource) -> Arrived:
    [parcel] = parse("own", body)
    return Arrived(
        shipment.company_id, "own", source, body, shipment.created_at, parcel=parcel, shipment_id=shipment.id
    )


async def _take(world: World, arrived: Sequence[Arrived]) -> None:
    async with world.database.transaction() as db:
        await take_in(world.installation, db, arrived)


async def _standing(world: World, shipments: Sequence[Shipment]) -> list[Any]:
    """Everything about the shipments that must not depend on how it came."""
    found = []
    async with world.database.reading() as db:
        rows = await db.all(select(table).where(table.c.id.in_([each.id for each in shipments])))
        standing = {row.id: Shipment.of(row) for row in rows}
        told = await history.of_many(db, shipments)
        for each in shipments:
            now, events = standing[each.id], told[each.id]
            state = answer.explained(now, events, world.shop.created_at)
            history_ = sorted(
                (each.local_time, each.status or "", each.text, each.content, each.gone) for each in events.values()
            )
            since = None if now.status is Status.PENDING else now.status_since  # until then: when the shop posted it
            found.append((now.status, now.sub_status, since, now.refold_at, history_, len(state.timeline)))
    return found


async def _shipped(world: World, numbers: Sequence[str] = ()) -> list[Shipment]:
    made = [
        PostedShipment(carrier="own", tracking_number=number)
        for number in numbers or [f"CASE-{next(_numbers)}" for _ in range(CASES)]
    ]
    async with world.database.transaction() as db:
        await foresee(world.installation, db, world.shop, made)
        return [(await post(world.installation, db, world.shop, each)).shipment for each in made]


async def _paths_agree(world: World, histories: list[list[Any]]) -> None:
    other = World(world.installation, (await build(world.database)).shop)
    here = await _shipped(world)
    there = await _shipped(other, [each.number for each in here])
    for mine, paths in ((here, ("hook", "poll")), (there, ("poll", "hook"))):
        for path in paths:
            await _take(world, [_by(world, each, said, path) for each, said in zip(mine, histories, strict=True)])

    assert await _standing(world, here) == await _standing(other, there)


async def _replay_agrees(world: World, histories: list[list[Any]]) -> None:
    first = await _shipped(world)
    for step in range(max(map(len, histories))):
        heard = [
            _by(world, each, [said[step]], "hook")
            for each, said in zip(first, histories, strict=True)
            if step < len(said)
        ]
        await _take(world, heard)

    empty = World(world.installation, (await build(world.database)).shop)
    again = await _shipped(empty, [each.number for each in first])
    places = {each.id: copy for each, copy in zip(first, again, strict=True)}
    async with world.database.reading() as db:
        rows = await db.all(select(arrivals).where(arrivals.c.shipment_id.in_(list(places))).order_by(arrivals.c.id))
        log = [(row.shipment_id, await read_body(db, row.company_id, row.body_hash)) for row in rows]
    await _take(empty, [_arrived(places[id_], body or b"", ArrivalSource.HOOK) for id_, body in reversed(log)])

    assert await _standing(empty, again) == await _standing(world, first)


def _by(world: World, shipment: Shipment, said: Sequence[Any], path: str) -> Arrived:
    return _arrived(shipment, _body(world, shipment.number, said, path), ArrivalSource(path))


@FEW
@given(histories=HISTORIES)
async def test_hook_first_and_poll_first_end_alike(world: World, histories: list[list[Any]]) -> None:
    """P4: the same events by two paths in other words, one path first or the other."""
    await _paths_agree(world, histories)


@FEW
@given(histories=HISTORIES)
async def test_the_raw_log_replayed_gives_the_same_state(world: World, histories: list[list[Any]]) -> None:
    """P3: event by event as it came, then every kept body, the last first, into a company that has nothing yet."""
    await _replay_agrees(world, histories)


@pytest.mark.long
@MANY
@given(histories=HISTORIES)
async def test_paths_agree_at_length(world: World, histories: list[list[Any]]) -> None:
    """P4, more cases."""
    await _paths_agree(world, histories)


@pytest.mark.long
@MANY
@given(histories=HISTORIES)
async def test_replay_agrees_at_length(world: World, histories: list[list[Any]]) -> None:
    """P3, more cases."""
    await _replay_agrees(world, histories)
