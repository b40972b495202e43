"""Which message a shipment's state calls for, by the shop's rules: values in, decisions out, no database, no clock.

To be asked after every fold, in its transaction, even where the status did not change: a fresh event may confirm a
status whose first event was too old to tell. What a rule has told already decides, not what was stored before:

- A rule is considered when the state is one that it names, and it has not told this state since the shipment
  entered it. Telling it again takes another determining event and six hours.
- Recipients hear of outbound shipments of live shops, of nothing doubtful, nothing old, at most six messages a day
  and twenty in all, and of a first import at most its present status. Staff hear at once.
- Every considered rule gives a decision: when to send, or why not. For one cause the ledger keeps one row: a message
  stays what it is, and so does `first_import`; any other reason gives way to the next decision.
"""

from app.triggers.deciding import Decision, NotSent, Situation, Told, decide, has_left, still_holds
from app.triggers.rules import DEFAULT_RULES, Audience, Occasion, Rule

__all__ = [
    "DEFAULT_RULES",
    "Audience",
    "Decision",
    "NotSent",
    "Occasion",
    "Rule",
    "Situation",
    "Told",
    "decide",
    "has_left",
    "still_holds",
]
