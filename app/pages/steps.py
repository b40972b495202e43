"""How far a parcel is on its way, in three or four steps that depend on the way: home, to a pickup point, or back."""

from collections.abc import Sequence

from app.lifecycle import State
from app.locales import label, phrase
from app.pages.shape import ShownStep, Stage, StepName
from carriers.vocabulary import Direction, Status, SubStatus

HOME: tuple[StepName, ...] = ("prepared", "in_transit", "out_for_delivery", "delivered")
TO_COLLECT: tuple[StepName, ...] = ("prepared", "in_transit", "ready", "delivered")
BACK: tuple[StepName, ...] = ("prepared", "in_transit", "returning", "returned")
CUSTOMERS_RETURN: tuple[StepName, ...] = ("prepared", "in_transit", "returned")

_REACHES: dict[Status, StepName] = {
    Status.AWAITING_PICKUP: "prepared",
    Status.IN_TRANSIT: "in_transit",
    Status.OUT_FOR_DELIVERY: "out_for_delivery",
    Status.FAILED_ATTEMPT: "out_for_delivery",
    Status.AVAILABLE_FOR_PICKUP: "ready",
    Status.DELIVERED: "delivered",
    Status.RETURNED: "returned",
}
_TROUBLED = (Status.FAILED_ATTEMPT, Status.EXCEPTION)


def steps(state: State, direction: Direction, locale: str, *, to_collect: bool) -> tuple[ShownStep, ...]:
    """The steps of this way. `to_collect`: it is known beforehand that the recipient collects the parcel."""
    way = _way(state, direction, to_collect=to_collect)
    reached = way.index(step) if (step := _reached(state, way)) else -1
    shown = []
    for nth, name in enumerate(way):
        stage = _stage(nth, reached, state)
        # Where a problem holds the parcel, the step goes by its name: "In giacenza", not "In consegna".
        held = stage == "problem"
        words = (
            label(state.status, state.sub_status, locale, direction)
            if held
            else _label(name, way, state, direction, locale)
        )
        shown.append(ShownStep(name=name, label=words, stage=stage))
    return tuple(shown)


def _way(state: State, direction: Direction, *, to_collect: bool) -> Sequence[StepName]:
    if direction is Direction.RETURN:
        return CUSTOMERS_RETURN
    if state.status is Status.RETURNED or state.sub_status is SubStatus.RETURNING:
        return BACK
    waited = any(change.status is Status.AVAILABLE_FOR_PICKUP for change in state.timeline)
    collected = state.sub_status is SubStatus.COLLECTED
    return TO_COLLECT if waited or collected or (to_collect and state.status is not Status.DELIVERED) else HOME


def _reached(state: State, way: Sequence[StepName]) -> StepName | None:
    """The step on which the parcel is; none before the first. A problem holds it where it was."""
    if state.sub_status is SubStatus.RETURNING and "returning" in way:
        return "returning"
    last = next((_REACHES[change.status] for change in state.timeline[::-1] if change.status in _REACHES), None)
    if last is None:
        return None if state.status is not Status.EXCEPTION or state.sub_status is SubStatus.CANCELLED else "in_transit"
    return last if last in way else "in_transit"


def _stage(nth: int, reached: int, state: State) -> Stage:
    if nth < reached or (nth == reached and state.status.final):
        return "done"
    if nth > reached:
        return "upcoming"
    return "problem" if state.status in _TROUBLED else "current"


def _label(name: StepName, way: Sequence[StepName], state: State, direction: Direction, locale: str) -> str:
    match name:
        case "prepared":
            back = direction is Direction.RETURN
            return phrase("page_step_registered" if back else "page_step_prepared", locale)
        case "ready":
            return label(Status.AVAILABLE_FOR_PICKUP, None, locale)
        case "returning":
            return label(Status.EXCEPTION, SubStatus.RETURNING, locale)
        case "delivered":
            at_the_door = state.status is Status.DELIVERED and state.sub_status is not SubStatus.COLLECTED
            collected = SubStatus.COLLECTED if way is TO_COLLECT and not at_the_door else None
            return label(Status.DELIVERED, collected, locale)
        case _:
            return label(Status(name), None, locale, direction)
