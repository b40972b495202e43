"""Where a parcel stands by its own events alone, without a shipment."""

from collections.abc import Collection

from app.lifecycle import Fact, State, fold
from carriers.event import Parcel, keyed


def facts_of(carrier: str, parcel: Parcel) -> list[Fact]:
    """A parcel's events as the fold takes them."""
    return [
        Fact(
            key=key,
            occurred_at=each.moment.occurred_at,
            until=each.moment.until,
            status=each.status,
            sub_status=each.sub_status,
            weak=each.weak,
            doubtful=each.doubtful,
            sequence=each.sequence,
            withdrawn=each.id in parcel.withdrawn,
        )
        for key, each in keyed(carrier, parcel.number, parcel.events)
    ]


def folded(facts: Collection[Fact]) -> State:
    """The fold as at the last event's time."""
    return fold(facts, now=max(fact.until or fact.occurred_at for fact in facts)) if facts else State()
