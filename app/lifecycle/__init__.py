"""The fold: all events of a shipment, in one total order, give its status, whatever order they came in.

Values only: no database, no clock. `now` decides nothing but which events still lie in the future; `State.refold_at`
is the first instant at which the same facts would give another state.

Who may move what:

- The last strong event wins, also backwards (out for delivery, failed attempt, in transit is a normal week).
- A weak event (paperwork) takes effect unless it would lower the rank. At equal rank it does: customs papers after
  `in_transit/arrived` make it `in_transit/customs`.
- `delivered` is soft-final: within 30 days a strong `returned`, or `exception` with returning, refused, damaged or
  lost, reopens it; other scans are kept without effect. `returned` is hard-final.
- An override is a person's word. It passes every rule but withdrawal and the future, and holds until a strong event
  dated later; where it says a final status, that status is as final as a carrier's.
- Events over 30 days after a final status, or over 180 days after the shipment's creation, belong to another parcel
  under a recycled number: never applied, listed for a person. So do a carrier's events of the time in which another
  parcel is known to have had the number (`after`).
"""

from app.lifecycle.facts import RANKS, Fact, Source, made_fact, order, order_instant
from app.lifecycle.folding import BEFORE_SHIPMENT, LIMIT, ended_before, fold
from app.lifecycle.state import Change, Reason, State

__all__ = [
    "BEFORE_SHIPMENT",
    "LIMIT",
    "RANKS",
    "Change",
    "Fact",
    "Reason",
    "Source",
    "State",
    "ended_before",
    "fold",
    "made_fact",
    "order",
    "order_instant",
]
