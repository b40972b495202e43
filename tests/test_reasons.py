"""Why a message was not sent: a slug for programs, a sentence for people."""

import re

from app.channels.base import Outcome
from app.outbox.outcomes import verdict
from app.outbox.reasons import IN_WORDS, NotDelivered
from app.triggers import NotSent


def test_every_reason_is_a_slug_with_its_sentence() -> None:
    """None without words, none twice."""
    assert set(IN_WORDS) == {*NotSent, *NotDelivered}
    assert len(IN_WORDS) == len(NotSent) + len(NotDelivered)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", slug) for slug in IN_WORDS)
    assert all(re.fullmatch(r"[A-Z].*\.", words) for words in IN_WORDS.values())


def test_what_a_receiver_answers_is_never_the_reason() -> None:
    """Its words stay with the attempt."""
    said = [
        verdict(Outcome(state, 550, "user unknown"), retried=False) for state in ("unknown", "retry", "gone", "failed")
    ]

    assert said == [
        ("unknown", "connection_lost"),
        ("failed", "attempts_failed"),
        ("failed", "endpoint_gone"),
        ("failed", "refused"),
    ]
