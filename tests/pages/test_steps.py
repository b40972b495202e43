"""The bar of steps: which way it is, and how far the parcel has come."""

import pytest

from app.pages.view import view
from app.shipments.history import StoredEvent
from carriers.vocabulary import Direction, Status, SubStatus
from tests.pages.showing import (
    ABSENT,
    ARRIVED,
    COLLECTED,
    DELIVERED,
    HELD,
    ON_ITS_WAY,
    OUT,
    READY,
    REGISTERED,
    RETURNED,
    RETURNING,
    said,
    tracked,
)

TAKEN = said("2026-03-13T14:30", Status.DELIVERED, SubStatus.COLLECTED)
CANCELLED = said("2026-03-13T09:00", Status.EXCEPTION, SubStatus.CANCELLED)
DAMAGED = said("2026-03-13T09:00", Status.EXCEPTION, SubStatus.DAMAGED)
BACK_AT_DEPOT = said("2026-03-13T13:00", Status.IN_TRANSIT, SubStatus.AT_DESTINATION_DEPOT)

JOURNEYS: dict[str, tuple[tuple[StoredEvent, ...], list[str]]] = {
    "pending": ((), ["upcoming Prepared", "upcoming In transit", "upcoming Out for delivery", "upcoming Delivered"]),
    "registered": (
        (REGISTERED,),
        ["current Prepared", "upcoming In transit", "upcoming Out for delivery", "upcoming Delivered"],
    ),
    "on its way": (
        ON_ITS_WAY,
        ["done Prepared", "current In transit", "upcoming Out for delivery", "upcoming Delivered"],
    ),
    "out": (
        (*ON_ITS_WAY, OUT),
        ["done Prepared", "done In transit", "current Out for delivery", "upcoming Delivered"],
    ),
    "failed": (
        (*ON_ITS_WAY, OUT, ABSENT),
        ["done Prepared", "done In transit", "problem Nobody there", "upcoming Delivered"],
    ),
    "tomorrow again": (
        (*ON_ITS_WAY, OUT, ABSENT, BACK_AT_DEPOT),
        ["done Prepared", "current In transit", "upcoming Out for delivery", "upcoming Delivered"],
    ),
    "held": ((*ON_ITS_WAY, OUT, HELD), ["done Prepared", "done In transit", "problem Held", "upcoming Delivered"]),
    "damaged": (
        (DAMAGED,),
        ["done Prepared", "problem Damaged", "upcoming Out for delivery", "upcoming Delivered"],
    ),
    "cancelled": (
        (REGISTERED, CANCELLED),
        ["problem Cancelled", "upcoming In transit", "upcoming Out for delivery", "upcoming Delivered"],
    ),
    "delivered": (
        (*ON_ITS_WAY, OUT, DELIVERED),
        ["done Prepared", "done In transit", "done Out for delivery", "done Delivered"],
    ),
    "ready": (
        (*ON_ITS_WAY, OUT, READY),
        ["done Prepared", "done In transit", "current Ready to collect", "upcoming Collected"],
    ),
    "collected": (
        (*ON_ITS_WAY, READY, TAKEN),
        ["done Prepared", "done In transit", "done Ready to collect", "done Collected"],
    ),
    "returning": (
        (COLLECTED, ARRIVED, RETURNING),
        ["done Prepared", "done In transit", "problem On its way back", "upcoming Returned"],
    ),
    "returned": (
        (COLLECTED, ARRIVED, RETURNING, RETURNED),
        ["done Prepared", "done In transit", "done On its way back", "done Returned"],
    ),
}


@pytest.mark.parametrize("name", JOURNEYS)
def test_the_steps_of_a_journey(name: str) -> None:
    events, expected = JOURNEYS[name]

    assert [f"{step.stage} {step.label}" for step in view(tracked(*events, locale="en")).steps] == expected


def test_a_chosen_pickup_point_is_known_from_the_start() -> None:
    shown = view(tracked(COLLECTED, OUT, locale="en", pickup_point={"name": "Edicola Rossi"}))

    assert [f"{step.stage} {step.name}" for step in shown.steps] == [
        "done prepared",
        "current in_transit",
        "upcoming ready",
        "upcoming delivered",
    ]


def test_a_customers_return_goes_to_the_shop() -> None:
    under_way = view(tracked(REGISTERED, COLLECTED, OUT, direction=Direction.RETURN))
    arrived = view(tracked(REGISTERED, COLLECTED, OUT, DELIVERED, direction=Direction.RETURN))

    assert [f"{step.stage} {step.label}" for step in under_way.steps] == [
        "done Reso registrato",
        "current Reso in viaggio",
        "upcoming Reso arrivato",
    ]
    assert [step.stage for step in arrived.steps] == ["done"] * 3
