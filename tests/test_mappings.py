"""Rows that mend a carrier's table: whose wins, what they change from when on, and how the past is mended by them."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from app.arrivals import unmapped
from app.arrivals.keeping import ArrivalSource
from app.database import Database
from app.intake import bearing
from app.intake.mending import mend_due
from app.intake.previewing import Proposal, of_shops, preview
from app.mappings import EVERYBODY, KnownRows, Mapping, Meaning, Overrides, known, replays, rows
from app.mappings.known import REFRESH_SECONDS
from carriers.event import Moment, OffsetSource, TrackingEvent
from carriers.vocabulary import Status, SubStatus
from tests.building import World, build
from tests.mending import BEAMED, give, hear, meant, replay

S, U = Status, SubStatus
HELD = "SANDBOX-HELD-1"


@pytest.fixture
async def world(database: Database) -> World:
    """A live shop on a fresh database."""
    return await build(database)


def said(world: World, code: str, context: str = "") -> TrackingEvent:
    """An event with this code."""
    return TrackingEvent(Moment(world.now, "", OffsetSource.GIVEN), code=code, context=context)


async def test_the_narrower_row_wins(world: World) -> None:
    """The company's over the installation's, one for the context over one for any; the table stands behind all."""
    names = {
        "everybody": await give(world, BEAMED, EVERYBODY),
        "everybody, in a context": await give(world, replace(BEAMED, context="x"), EVERYBODY),
        "mine, in a context": await give(world, replace(BEAMED, code="beamed 2", context="x")),
        "everybody 2": await give(world, replace(BEAMED, code="beamed 2"), EVERYBODY),
        "mine": await give(world, replace(BEAMED, code="beamed 3")),
        "everybody 3": await give(world, replace(BEAMED, code="beamed 3", context="x"), EVERYBODY),
    }
    by_name = {row.name: name for name, row in names.items()}
    held = KnownRows()
    async with world.database.reading() as db:
        await held.refresh(db)

    def row(company_id: UUID, code: str, context: str) -> str | None:
        found = held.of(company_id, "sandbox")
        assert found is not None
        given = found.find(said(world, code, context))
        return by_name[given.name] if given else None

    mine, other = world.shop.company_id, UUID(int=7)
    assert [row(mine, "beamed", "x"), row(mine, "beamed", "y")] == ["everybody, in a context", "everybody"]
    assert [row(mine, "beamed 2", "x"), row(mine, "beamed 2", "y")] == ["mine, in a context", "everybody 2"]
    assert [row(mine, "beamed 3", "x"), row(other, "beamed 3", "x")] == ["mine", "everybody 3"]
    assert row(other, "beamed 3", "y") is None
    assert held.of(mine, "brt") is None


async def test_what_has_no_code_goes_by_its_text(world: World) -> None:
    """By the first hundred characters, as the inbox has it."""
    text = "Beamed to the recipient " * 10
    row = Overrides([("mine", Meaning("sandbox", text[:100], status=S.DELIVERED))])
    event = said(world, "")._replace(text=text)

    assert (row.meant(event).status, row.meant(event._replace(text="Beamed")).status) == (S.DELIVERED, None)


async def test_new_events_have_the_meaning_old_ones_keep_theirs(world: World) -> None:
    """Also when the carrier repeats the old ones: the past is for a replay."""
    shipment = await world.ship(HELD, "sandbox")
    early, late = world.now - timedelta(hours=3), world.now - timedelta(hours=1)
    await hear(world, HELD, ("collected", early - timedelta(hours=1)), ("beamed", early))
    collected = await give(world, Meaning("sandbox", "collected", status=S.EXCEPTION, sub_status=U.DAMAGED))
    beamed = await give(world, BEAMED)
    history = ("collected", early - timedelta(hours=1)), ("beamed", early), ("beamed", late)
    for source in (ArrivalSource.HOOK, ArrivalSource.POLL):
        await hear(world, HELD, *history, source=source)

    before, come = await meant(world, shipment), await replay(world, beamed)

    assert before == [
        ("collected", S.IN_TRANSIT, "collected"),
        ("beamed", None, None),
        ("beamed", S.OUT_FOR_DELIVERY, beamed.name),
    ]
    assert (come.state, come.changed) == ("done", 1)
    assert await meant(world, shipment) == [
        ("collected", S.EXCEPTION, collected.name),
        ("beamed", S.OUT_FOR_DELIVERY, beamed.name),
        ("beamed", S.OUT_FOR_DELIVERY, beamed.name),
    ]


async def test_a_withdrawn_row_is_taken_back_from_the_past(world: World) -> None:
    """By the same replay: the table's meaning is back, or none."""
    shipment = await world.ship(HELD, "sandbox")
    await hear(world, HELD, ("collected", world.now - timedelta(hours=2)), ("beamed", world.now))
    row = await give(world, BEAMED)
    await replay(world, row)
    mended = await world.look(shipment)
    async with world.database.transaction() as db:
        ended = await rows.withdraw(db, row, author="Test", reason="")
    shown = await _previewed(world, Proposal("sandbox", without=[row]))
    come = await replay(world, ended)
    after = await world.look(shipment)

    assert (mended.status, shown, come.changed) == (S.OUT_FOR_DELIVERY, [("out_for_delivery", "in_transit")], 1)
    assert (after.status, after.version) == (S.IN_TRANSIT, mended.version + 1)
    assert (await meant(world, shipment))[-1] == ("beamed", None, None)


async def _previewed(world: World, proposal: Proposal) -> list[tuple[str, str]]:
    async with world.database.reading() as db:
        found = await preview(db, of_shops(world.shop.company_id, [world.shop.id]), proposal, None, limit=50)
    return [(change.before[0], change.after[0]) for change in found.changes]


async def test_a_row_for_everybody_mends_everybody(world: World) -> None:
    """Its replay goes through all companies; a company's own row stands."""
    other = await build(world.database)
    parcels = []
    for each in (world, other):
        parcels.append((each, await each.ship(HELD, "sandbox")))
        await hear(each, HELD, ("beamed", world.now))
    await give(other, replace(BEAMED, status=S.EXCEPTION))
    come = await replay(world, await give(world, BEAMED, EVERYBODY))

    assert (come.total, come.looked_at, come.changed) == (2, 2, 2)
    assert [(await each.look(parcel)).status for each, parcel in parcels] == [S.OUT_FOR_DELIVERY, S.EXCEPTION]


async def test_a_leg_is_mended_with_its_journey(world: World) -> None:
    """A code of the last mile's carrier is seen on the shipment, shown and mended there."""
    shipment = await world.ship("OWN-1", legs=[{"carrier": "sandbox", "tracking_number": HELD}])
    await hear(world, HELD, ("beamed", world.now))
    await world.ship("OWN-2")
    async with world.database.reading() as db:
        [code] = await unmapped.of_company(db, world.shop.company_id, [world.shop.id], 10)
    shown = await _previewed(world, Proposal("sandbox", [BEAMED]))
    come = await replay(world, await give(world, BEAMED))

    assert (code.carrier, code.shipment_ids) == ("sandbox", (shipment.id,))
    assert shown == [("pending", "out_for_delivery")]
    assert (come.total, come.changed, (await world.look(shipment)).status) == (1, 1, S.OUT_FOR_DELIVERY)


async def test_a_replay_goes_on_where_it_stood(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lot by lot; one that is broken off has changed nothing, and the next worker does it again."""
    monkeypatch.setattr(bearing, "LOOK", 2)
    parcels = [await world.ship(f"SANDBOX-HELD-{n}", "sandbox") for n in range(5)]
    for parcel in parcels[1:]:
        await hear(world, parcel.number, ("beamed", world.now))
    row = await give(world, BEAMED)
    first = await replay(world, row, lots=1)
    with monkeypatch.context() as broken:
        broken.setattr("app.intake.replaying.settle_all", None)
        with pytest.raises(TypeError):
            await mend_due(world.installation)
    half = [(await world.look(each)).status for each in parcels]
    done = await replay(world, row)

    assert (first.state, first.total, first.looked_at, first.changed) == ("due", 5, 2, 1)
    assert half == [S.PENDING, S.OUT_FOR_DELIVERY, S.PENDING, S.PENDING, S.PENDING]
    assert (done.id, done.state, done.looked_at, done.changed) == (first.id, "done", 5, 4)
    assert (await world.look(parcels[4])).status == S.OUT_FOR_DELIVERY
    assert await mend_due(world.installation) == 0


async def test_pushes_ask_for_rows_once_in_five_seconds(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for each push; a row that another process has taken is known after that, one of this process at once."""
    await world.ship(HELD, "sandbox")
    asked, version = [], known._VERSION

    async def counting(*given: object) -> list[int]:
        asked.append(given)
        return await version(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(known, "_VERSION", counting)
    for n in range(5):
        await hear(world, HELD, ("collected", world.now - timedelta(hours=n)))
    quiet, here = len(asked), world.installation.mappings
    async with world.database.transaction() as db:
        await rows.accept(db, world.shop.company_id, BEAMED, author="Another", reason="Elsewhere.")
        await here.refresh(db)
        unknown = here.of(world.shop.company_id, "sandbox")
    here._until -= REFRESH_SECONDS  # so much later
    async with world.database.reading() as db:
        await here.refresh(db)

    assert (quiet, unknown, here.of(world.shop.company_id, "sandbox") is None) == (1, None, False)


async def test_a_row_takes_the_place_of_the_one_before(world: World) -> None:
    """Which stays listed with its end; so does a shadow's when another shadow comes."""
    first = await give(world, BEAMED)
    shadow = await give(world, BEAMED, shadow=True)
    second = await give(world, replace(BEAMED, status=S.EXCEPTION))
    async with world.database.transaction() as db:
        switched = await rows.switch_on(db, shadow)
        every: list[Mapping] = await rows.listed(db, (world.shop.company_id,))

    assert switched.state == "active"
    assert [(each.id, each.state, each.withdrawn_reason) for each in every] == [
        (second.id, "withdrawn", f"Replaced by {shadow.name}."),
        (shadow.id, "active", ""),
        (first.id, "withdrawn", f"Replaced by {second.name}."),
    ]


async def test_a_replay_that_is_asked_for_twice_is_one(world: World) -> None:
    """As long as it is not done; after that it is another."""
    row = await give(world, BEAMED)
    async with world.database.transaction() as db:
        asked = [(await replays.ask(db, row, "Test")).id for _ in range(2)]
    done = await replay(world, row)
    again = await replay(world, row)

    assert asked == [done.id, done.id]
    assert again.id != done.id
