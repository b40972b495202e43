"""Points about what carriers do all the time: the same again, and the newest first, last or anywhere."""

from random import Random

from app.grading.answers import recorded
from app.grading.breaking import format_of, turned
from app.grading.card import Fault, NotApplicable, Subject
from app.grading.recordings import Recording
from app.lifecycle import Fact
from app.standing import facts_of, folded
from carriers import UnreadablePayload
from carriers.event import Parcel

Told = dict[str, tuple[set[str], tuple[str, str]]]
"""By number: the keys of all events that were told of it, and where it stands by them."""


def repeated(subject: Subject) -> str:
    """The same answer twice is the same events, each stored once, with the status that one of them gives."""
    recorded(subject)
    for each in subject.recordings.readable:
        parcels = each.parcels or []
        again = subject.carrier.parse(each.body)
        if told(subject.carrier.slug, [*parcels, *again]) != told(subject.carrier.slug, parcels):
            raise Fault(f"{each.path.name}, read twice, gives other events: their ids, codes or times change")
    return f"{len(subject.recordings.readable)} answers come twice, their events once"


def disorder(subject: Subject) -> str:
    """In whatever order the events are written or taken, they are the same and lead to the same status."""
    recorded(subject)
    written = 0
    for each in subject.recordings.readable:
        _shuffled(subject, each)
        if format_of(each.body) and all(_dated_apart(parcel) for parcel in each.parcels or ()):
            _written_the_other_way(subject, each)
            written += 1
    if not subject.recordings.readable:
        raise NotApplicable("no recording has a parcel")
    return f"{len(subject.recordings.readable)} answers shuffled, {written} written the other way round"


def told(slug: str, parcels: list[Parcel]) -> Told:
    """What parcels tell, by number; those that go by one number together."""
    facts: dict[str, dict[str, Fact]] = {}
    for parcel in parcels:
        known = facts.setdefault(parcel.number, {})
        known.update((fact.key, fact) for fact in facts_of(slug, parcel))
    return {number: (set(known), stands(list(known.values()))) for number, known in facts.items()}


def stands(facts: list[Fact]) -> tuple[str, str]:
    """Status and sub-status."""
    state = folded(facts)
    return str(state.status), str(state.sub_status)


def _shuffled(subject: Subject, each: Recording) -> None:
    by = Random(each.name)
    for parcel in each.parcels or ():
        facts = facts_of(subject.carrier.slug, parcel)
        before = stands(facts)
        by.shuffle(facts)
        if stands(facts) != before:
            raise Fault(f"{each.path.name}, parcel {parcel.number!r}: its status hangs on the order of its events")


def _dated_apart(parcel: Parcel) -> bool:
    """Whether no two events share an instant: where they do, the carrier's own order may tell them apart."""
    return len({event.moment.occurred_at for event in parcel.events}) == len(parcel.events)


def _written_the_other_way(subject: Subject, each: Recording) -> None:
    slug = subject.carrier.slug
    try:
        parcels = subject.carrier.parse(turned(each.body))
    except UnreadablePayload as error:
        raise Fault(f"{each.path.name}, its lists the other way round, is refused: {error}") from error
    if told(slug, parcels) != told(slug, each.parcels or []):
        raise Fault(f"{each.path.name}, its lists the other way round, tells otherwise: sort by time, not by position")
