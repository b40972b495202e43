"""Points about the class itself: who the carrier is, its numbers, its credentials, how its events come."""

import re
import sys

from pydantic import SecretStr

from app.grading.card import Fault, NotApplicable, Subject

SECRET = re.compile("secret|passw|token")
"""Names of credentials that must not be shown."""

NO_NUMBERS = ("", "AB", "A" * 61, "1Z999/../x", "ÀÈÌÒÙÀÈÌÒÙÀÈÌ")


def identity(subject: Subject) -> str:
    """Slug, name, and docstrings that say what the carrier is and where that is documented."""
    known, kind = subject.carrier, type(subject.carrier)
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,39}", known.slug):
        raise Fault(f"`slug` is {known.slug!r}: make it of lower-case letters, digits and underscores")
    if not known.name or not (kind.__dict__.get("__doc__") or "").strip():
        raise Fault("give the class a `name` and a docstring")
    if not (sys.modules[kind.__module__].__doc__ or "").strip():
        raise Fault("give the module a docstring: what is asked, what is answered, where that is documented")
    if known.confidence not in ("high", "medium", "low"):
        raise Fault(f"`confidence` is {known.confidence!r}: make it high, medium or low")
    return f"{known.slug}, {known.name}, confidence {known.confidence}"


def numbers(subject: Subject) -> str:
    """Every recorded number and the example are accepted, what is no number is not, patterns tell the carrier."""
    known = subject.carrier
    for pattern in (*known.number_patterns, known.number_form):
        try:
            re.compile(pattern)
        except re.error as error:
            raise Fault(f"`number_patterns` or `number_form`: {pattern}: {error}") from error
    parcels = [parcel for each in subject.recordings.readable for parcel in each.parcels or ()]
    recorded = {parcel.number for parcel in parcels if not parcel.not_found}
    if refused := [each for each in sorted({*recorded, known.example} - {""}) if not known.accepts(each)]:
        raise Fault(f"`number_form` does not fit {', '.join(refused)}, which is recorded or the `example`")
    if taken := [each for each in NO_NUMBERS if known.accepts(each)]:
        raise Fault(f"`number_form` fits {taken[0]!r}, which is no number of any carrier")
    address = known.tracking_url(known.example)
    if address and not address.startswith("https://"):
        raise Fault(f"`tracking_url` gives {address}: it must begin with https://")
    return f"told by {', '.join(known.number_patterns)}" if known.number_patterns else "accepted, told by none"


def credentials(subject: Subject) -> str:
    """What an account must and may give; what is secret among it is not shown by whatever prints it."""
    fields = subject.carrier.credentials.model_fields
    hidden = {name for name, field in fields.items() if field.annotation in (SecretStr, SecretStr | None)}
    if shown := sorted({name for name in fields if SECRET.search(name)} - hidden):
        raise Fault(f"`{subject.carrier.credentials.__name__}`: make {', '.join(shown)} a SecretStr")
    if not hidden and any(field.is_required() for field in fields.values()):
        raise Fault(f"`{subject.carrier.credentials.__name__}`: which of its fields is the secret? Make it a SecretStr")
    if not fields:
        raise NotApplicable("an account needs none")
    asked = ", ".join(name if field.is_required() else f"[{name}]" for name, field in fields.items())
    return f"{asked}; {', '.join(sorted(hidden)) or 'none'} hidden"


def ways_in(subject: Subject) -> str:
    """How events come: asked for, pushed, or posted by the shop."""
    known = subject.carrier
    if known.batch_size < 1 or known.rate.calls < 1 or known.rate.seconds <= 0:
        raise Fault(f"`batch_size` {known.batch_size} and `rate` {tuple(known.rate)} must be above zero")
    if known.needs_token and not known.polls:
        raise Fault("`token` is of use only to `fetch`: write that, or leave it out")
    if known.signs and not known.pushes:
        raise Fault("`signs` without `pushes`: say that it pushes")
    ways = []
    if known.polls:
        token = ", with a token" if known.needs_token else ""
        ways.append(f"polled, {known.batch_size} at a time, {known.rate.calls} in {known.rate.seconds:g} s{token}")
    if known.resolves:
        ways.append("finds numbers by the sender's reference")
    if known.pushes:
        ways.append("pushes, signed" if known.signs else "pushes")
    return "; ".join(ways) or "the shop posts its events, or `nove parse` reads them"
