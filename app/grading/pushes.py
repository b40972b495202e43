"""Points about pushes: only a genuine one is believed, also while the secret is changed, and each only once."""

from collections.abc import Sequence

from app.grading.card import Fault, NotApplicable, Subject
from app.grading.recordings import RecordedPush
from carriers.base import BadSignature, Carrier

OTHER = "another-secret-0123456789"


def verified(subject: Subject) -> str:
    """Right, missing, wrong, of another account, and under the former or the next secret."""
    known, pushes = subject.carrier, _recorded(subject)
    for secrets in ([], [""], [OTHER]):
        if known.signs and _believes(known, {}, b"{}", secrets):
            raise Fault("`verify` believes a push without signature")
    for push in pushes:
        _verified(known, push)
    whatever = any(_believes(known, push.headers, push.body + b" ", [push.secret]) for push in pushes)
    what = "the secret is sent along, the body is not signed" if whatever else "the body is signed"
    return f"{len(pushes)} recorded: missing and wrong refused, right and rotated believed; {what}"


def replayed(subject: Subject) -> str:
    """The same push again is known to be the same: by its own id, or by its bytes."""
    named, stamped = 0, 0
    pushes = _recorded(subject)
    for push in pushes:
        first, again = (subject.carrier.verify(push.headers, push.body, [push.secret]) for _ in range(2))
        if first != again:
            raise Fault(f"{push.name}: `verify` gives {again} for what it gave {first}")
        named += bool(first.message_id)
        stamped += first.timestamp is not None
    if subject.carrier.parse(pushes[0].body) != subject.carrier.parse(pushes[0].body):
        raise Fault(f"{pushes[0].name} is read differently the second time")
    how = "by its id" if named == len(pushes) else "by its bytes"
    return f"known again {how}{', and refused after five minutes' if stamped == len(pushes) else ''}"


def _recorded(subject: Subject) -> list[RecordedPush]:
    known = subject.carrier
    if not known.pushes:
        raise NotApplicable("it does not push")
    if type(known).verify is Carrier.verify:
        raise NotApplicable("it signs nothing: a push is believed for the secret address that it comes to")
    if not subject.recordings and subject.recordings.installed:
        raise NotApplicable("recordings come with the adapter's source, not with its package: run this where that is")
    if not subject.recordings.pushes:
        raise Fault(
            f"it verifies pushes: record one in {subject.recordings.folder / 'pushes'}, as "
            '{"body": "delivered.json", "secret": "made-up", "headers": {"x-signature": "…"}}'
        )
    return subject.recordings.pushes


def _verified(known: Carrier, push: RecordedPush) -> None:
    def believes(headers: dict[str, str], *secrets: str) -> bool:
        return _believes(known, headers, push.body, secrets)

    if not believes(push.headers, push.secret):
        raise Fault(f"{push.name} is refused with its own secret")
    if not (believes(push.headers, OTHER, push.secret) and believes(push.headers, push.secret, OTHER)):
        raise Fault(f"{push.name}: while the secret is changed, `verify` must try each of the account's secrets")
    if believes(push.headers, OTHER) or believes(push.headers, "") or (known.signs and believes(push.headers)):
        raise Fault(f"{push.name} is believed with another account's secret, or with none")
    if known.signs and believes({}, push.secret):
        raise Fault(f"{push.name} is believed without its headers")
    telling = _telling(known, push)
    for wrong in ("", "x", "è", push.headers[telling][:-2] + "zz"):
        if (wrong or known.signs) and believes(push.headers | {telling: wrong}, push.secret):
            raise Fault(f"{push.name} is believed with {wrong!r} in {telling}")


def _telling(known: Carrier, push: RecordedPush) -> str:
    """The header that holds the signature or secret: without what it says, the push is refused."""
    for name in push.headers:
        if not _believes(known, push.headers | {name: "wrong"}, push.body, [push.secret]):
            return name
    raise Fault(f"{push.name} is believed whatever its headers say")


def _believes(known: Carrier, headers: dict[str, str], body: bytes, secrets: Sequence[str]) -> bool:
    try:
        known.verify(headers, body, secrets)
    except BadSignature:
        return False
    return True
