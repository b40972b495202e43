"""Points about what is read: every recording soundly, an unlisted code, an unknown number, an error, no carrier's."""

from app.grading.card import Fault, NotApplicable, Subject
from app.grading.recordings import Recording
from app.grading.soundness import faults_of

MEANINGS = (
    *("delivered", "out_for_delivery", "held", "returned", "not_found"),
    *("error", "many_parcels", "hostile", "unlisted_code"),
)
"""What there is a recording of, unless the carrier has no such answer (`unsaid`)."""

MAY_BE_REFUSED = "hostile"
"""What is called so may be refused: wrong types in a valid envelope are read as far as they go, or not at all."""


def recorded(subject: Subject) -> list[Recording]:
    """The carrier's recordings; Fault or NotApplicable if there are none."""
    if subject.recordings:
        return subject.recordings.answers
    if subject.recordings.installed:
        raise NotApplicable("recordings come with the adapter's source, not with its package: run this where that is")
    raise Fault(f"no recordings in {subject.recordings.folder}: compose them, or run this where they are")


def recordings(subject: Subject) -> str:
    """There is one of each meaning, and each is read: soundly, and twice to the same."""
    answers = recorded(subject)
    for each in answers:
        if each.error is not None:
            raise Fault(f"{each.path.name} raises {type(each.error).__name__}: {each.error}")
        if each.parcels is None:
            if MAY_BE_REFUSED not in each.name:
                raise Fault(f"{each.path.name} is refused: read it in `parse`")
            continue
        if each.parcels != subject.carrier.parse(each.body):
            raise Fault(f"{each.path.name} is read differently the second time: `parse` must be pure")
        for parcel in each.parcels:
            if faults := faults_of(parcel):
                raise Fault(f"{each.path.name}, parcel {parcel.number!r}: {faults[0]}")
    names = {each.name for each in answers}
    if missing := [meaning for meaning in MEANINGS if meaning not in names and not subject.unsaid(meaning)]:
        raise Fault(f"compose {', '.join(missing)} in {subject.recordings.folder}, or say in `unsaid` why it has none")
    events = sum(1 for each in answers for _ in each.events)
    return f"{len(answers)} answers, {events} events"


def unlisted_code(subject: Subject) -> str:
    """A code that no row lists gives an event without status, never a guess."""
    found = [event for each in _of(subject, "unlisted_code") for event in each.events if event.unmapped]
    if not found:
        raise Fault("unlisted_code has no event whose code stands in no row")
    if guessed := [event for event in found if event.status is not None or event.sub_status is not None]:
        raise Fault(f"code {guessed[0].code!r} stands in no row, and yet means {guessed[0].status}")
    return f"kept without status: {', '.join(sorted({event.code or event.text for event in found}))}"


def not_found(subject: Subject) -> str:
    """A number that the carrier does not know gives a parcel that says so, without events."""
    answers = _of(subject, "not_found")
    for each in answers:
        if not each.parcels or not all(parcel.not_found and not parcel.events for parcel in each.parcels):
            raise Fault(f"{each.path.name} must give parcels with `not_found` and without events")
    return f"{len(answers)} recorded"


def error(subject: Subject) -> str:
    """An error of the carrier's gives no event; what HTTP says of it is for `fetch`."""
    answers = _of(subject, "error")
    for each in answers:
        if any(True for _ in each.events):
            raise Fault(f"{each.path.name} is an error, and yet gives events")
    return f"{len(answers)} recorded"


def _of(subject: Subject, meaning: str) -> list[Recording]:
    recorded(subject)
    if found := [each for each in subject.recordings.named(meaning) if each.parcels is not None]:
        return found
    if reason := subject.unsaid(meaning):
        raise NotApplicable(reason)
    raise Fault(f"compose {subject.recordings.folder / meaning}, or say in `unsaid` why the carrier has none")
