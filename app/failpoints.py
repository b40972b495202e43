"""Failpoints: places with a name where a test lets the process die, as if it had been killed just there.

`NOVE_FAILPOINT=message_sent:3` arms one: the process ends the third time it comes there. Unarmed, nothing happens.
"""

import os
from collections import Counter

DIED = 86
"""The exit code of a process that died at a failpoint."""

BEFORE_COMMIT, AFTER_COMMIT = "before_commit", "after_commit"
GROUP_WRITTEN, GROUP_COMMITTED = "group_written", "group_committed"
MESSAGES_CLAIMED, MESSAGE_SENT = "messages_claimed", "message_sent"
MESSAGE_MARKING, MESSAGE_MARKED = "message_marking", "message_marked"
POLLS_CLAIMED, POLL_ANSWERED, POLL_WRITTEN = "polls_claimed", "poll_answered", "poll_written"
TIMED_SETTLED, FORGOTTEN = "timed_settled", "forgotten"

MEANINGS = {
    BEFORE_COMMIT: "at the end of a writing transaction, before its commit",
    AFTER_COMMIT: "after the commit of a writing transaction, before anybody is told of it",
    GROUP_WRITTEN: "a group of arrivals is written, not yet committed",
    GROUP_COMMITTED: "a group of arrivals is committed, none of them acknowledged",
    MESSAGES_CLAIMED: "messages are claimed, none of them sent",
    MESSAGE_SENT: "a message is sent, and not yet marked so",
    MESSAGE_MARKING: "a message is marked, before the commit of that",
    MESSAGE_MARKED: "a message is sent and marked",
    POLLS_CLAIMED: "shipments are claimed to be asked about, and nobody has been asked",
    POLL_ANSWERED: "a carrier has answered, and nothing of it is written",
    POLL_WRITTEN: "a carrier's answer is committed, its call not yet done with",
    TIMED_SETTLED: "what time alone brings is settled, before the commit",
    FORGOTTEN: "what is old is deleted, before the commit",
}
"""Every failpoint, and where the process is when it dies there."""

_armed: Counter[str] = Counter()


def arm(where: str) -> None:
    """Die at `name:times`, when the process comes there for that time; nowhere if empty."""
    _armed.clear()
    if where:
        name, times = parsed(where)
        _armed[name] = times


def parsed(where: str) -> tuple[str, int]:
    """Name and times of `name:times`; ValueError says what is wrong."""
    name, _, times = where.partition(":")
    if name not in MEANINGS:
        raise ValueError(f"{name!r} is no failpoint; there are {', '.join(MEANINGS)}")
    if not (times or "1").isdecimal() or int(times or "1") < 1:
        raise ValueError("must name a failpoint and how often it is passed, as message_sent:3")
    return name, int(times or "1")


def reach(name: str) -> None:
    """The process is there now."""
    if _armed and name in _armed:
        _armed[name] -= 1
        if not _armed[name]:
            os._exit(DIED)
