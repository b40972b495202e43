"""How often a shipment is asked about: hours by what is known of it; the names are those of a setting."""

HOURS: dict[str, float] = {
    "pending": 1,
    "pending_old": 6,
    "awaiting_pickup": 6,
    "in_transit": 3,
    "out_for_delivery": 0.5,
    "failed_attempt": 2,
    "available_for_pickup": 12,
    "exception": 6,
    "slow": 24,
    "delivered_first": 24,
    "delivered_last": 168,
}
"""`pending` also for a number not found; `pending_old` after two days; `slow` for lost, cancelled and seized parcels;
`delivered_first` and `delivered_last` are counted from the delivery."""

PENDING_FRESH_HOURS = 48.0
GIVE_UP_DAYS = 60.0
"""Days without news after which a shipment is asked about no more."""
