"""Intake: arrivals become events, events a status, a changed status messages; all in one transaction."""

from app.intake.change import Marks, tracking_page
from app.intake.scheduling import next_poll
from app.intake.settling import settle
from app.intake.taking import Taken, take_in

__all__ = ["Marks", "Taken", "next_poll", "settle", "take_in", "tracking_page"]
