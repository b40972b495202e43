"""The nine statuses and their sub-statuses: the words everything else in Nove speaks.

Ids follow those that Qapla' publishes, so that a shop can move over without remapping.
"""

from enum import StrEnum


class Status(StrEnum):
    """Where a parcel stands. `pending` is never an event's status: it means that no event has said anything."""

    PENDING = "pending"
    AWAITING_PICKUP = "awaiting_pickup"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    FAILED_ATTEMPT = "failed_attempt"
    EXCEPTION = "exception"
    AVAILABLE_FOR_PICKUP = "available_for_pickup"
    RETURNED = "returned"
    DELIVERED = "delivered"

    @property
    def id(self) -> int:
        """The published number of the status (1 to 99)."""
        return STATUS_IDS[self]

    @property
    def final(self) -> bool:
        """Whether the journey ends here as a rule."""
        return self in FINAL


class SubStatus(StrEnum):
    """The finer word beside a status; `SUB_STATUSES` says which belongs to which."""

    INFO_RECEIVED = "info_received"
    PICKUP_SCHEDULED = "pickup_scheduled"
    PICKUP_FAILED = "pickup_failed"

    PICKED_UP = "picked_up"
    DEPARTED = "departed"
    ARRIVED = "arrived"
    AT_DESTINATION_DEPOT = "at_destination_depot"
    CUSTOMS = "customs"
    CUSTOMS_CLEARED = "customs_cleared"
    DELIVERY_SCHEDULED = "delivery_scheduled"
    REROUTED = "rerouted"
    DELAYED = "delayed"

    RECIPIENT_ABSENT = "recipient_absent"
    BUSINESS_CLOSED = "business_closed"
    ADDRESS_ISSUE = "address_issue"
    ACCESS_DENIED = "access_denied"
    PAYMENT_DUE = "payment_due"
    RESCHEDULED = "rescheduled"

    HELD = "held"
    REFUSED = "refused"
    RETURNING = "returning"
    DAMAGED = "damaged"
    LOST = "lost"
    CUSTOMS_HOLD = "customs_hold"
    CANCELLED = "cancelled"
    SEIZED = "seized"
    INCOMPLETE = "incomplete"

    LOCKER = "locker"
    PICKUP_POINT = "pickup_point"
    POST_OFFICE = "post_office"
    DEPOT = "depot"

    TO_RECIPIENT = "to_recipient"
    TO_NEIGHBOUR = "to_neighbour"
    SAFE_PLACE = "safe_place"
    COLLECTED = "collected"


class Direction(StrEnum):
    """Which way a shipment travels, seen from the shop."""

    OUTBOUND = "outbound"
    RETURN = "return"


STATUS_IDS: dict[Status, int] = {
    Status.PENDING: 1,
    Status.AWAITING_PICKUP: 2,
    Status.IN_TRANSIT: 3,
    Status.OUT_FOR_DELIVERY: 4,
    Status.FAILED_ATTEMPT: 5,
    Status.EXCEPTION: 6,
    Status.AVAILABLE_FOR_PICKUP: 10,
    Status.RETURNED: 95,
    Status.DELIVERED: 99,
}

FINAL = frozenset({Status.DELIVERED, Status.RETURNED})

SUB_STATUSES: dict[Status, frozenset[SubStatus]] = {
    Status.PENDING: frozenset(),
    Status.AWAITING_PICKUP: frozenset({SubStatus.INFO_RECEIVED, SubStatus.PICKUP_SCHEDULED, SubStatus.PICKUP_FAILED}),
    Status.IN_TRANSIT: frozenset(
        {
            SubStatus.PICKED_UP,
            SubStatus.DEPARTED,
            SubStatus.ARRIVED,
            SubStatus.AT_DESTINATION_DEPOT,
            SubStatus.CUSTOMS,
            SubStatus.CUSTOMS_CLEARED,
            SubStatus.DELIVERY_SCHEDULED,
            SubStatus.REROUTED,
            SubStatus.DELAYED,
        }
    ),
    Status.OUT_FOR_DELIVERY: frozenset(),
    Status.FAILED_ATTEMPT: frozenset(
        {
            SubStatus.RECIPIENT_ABSENT,
            SubStatus.BUSINESS_CLOSED,
            SubStatus.ADDRESS_ISSUE,
            SubStatus.ACCESS_DENIED,
            SubStatus.PAYMENT_DUE,
            SubStatus.RESCHEDULED,
        }
    ),
    Status.EXCEPTION: frozenset(
        {
            SubStatus.HELD,
            SubStatus.REFUSED,
            SubStatus.RETURNING,
            SubStatus.DAMAGED,
            SubStatus.LOST,
            SubStatus.CUSTOMS_HOLD,
            SubStatus.ADDRESS_ISSUE,
            SubStatus.CANCELLED,
            SubStatus.SEIZED,
            SubStatus.INCOMPLETE,
        }
    ),
    Status.AVAILABLE_FOR_PICKUP: frozenset(
        {SubStatus.LOCKER, SubStatus.PICKUP_POINT, SubStatus.POST_OFFICE, SubStatus.DEPOT}
    ),
    Status.RETURNED: frozenset(),
    Status.DELIVERED: frozenset(
        {SubStatus.TO_RECIPIENT, SubStatus.TO_NEIGHBOUR, SubStatus.SAFE_PLACE, SubStatus.COLLECTED}
    ),
}

WEAK_SUB_STATUSES = frozenset(
    {
        SubStatus.INFO_RECEIVED,
        SubStatus.PICKUP_SCHEDULED,
        SubStatus.DELIVERY_SCHEDULED,
        SubStatus.CUSTOMS,
        SubStatus.CUSTOMS_CLEARED,
    }
)
"""Paperwork: such an event may raise a status, never lower it. A table's row may say otherwise."""


def belongs(status: Status, sub_status: SubStatus | None) -> bool:
    """Whether the sub-status is one of the status's own (none always is)."""
    return sub_status is None or sub_status in SUB_STATUSES[status]
