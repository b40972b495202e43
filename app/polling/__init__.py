"""Polling: due shipments claimed by account, asked about in batches at the carrier's pace, their answers taken in.

A shipment is due when `next_poll_at` has come. What a worker claims it holds by a lease; the call to the carrier is
outside of any transaction, and its answer is written only for shipments that are still held.
"""

from app.polling.poller import Poller
from app.polling.refreshing import refresh

__all__ = ["Poller", "refresh"]
