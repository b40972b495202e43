"""What one settling is about: the shipment before and after, its events, and who listens."""

from dataclasses import dataclass
from datetime import date

from app.installation import Installation
from app.lifecycle import Reason, State
from app.outbox.putting import Listeners
from app.shipments.recording import Recorded
from app.shipments.shipment import Shipment


@dataclass(frozen=True, slots=True)
class Marks:
    """What time alone has just brought: the promised day passed, or the last news (of that day) too long ago."""

    late: date | None = None
    stale: date | None = None


NO_MARKS = Marks()


@dataclass(frozen=True, slots=True)
class Change:
    """A shipment settled: what it was, what it is, and by what; `replay` if by reading its history again."""

    installation: Installation
    to: Listeners
    before: Shipment
    after: Shipment
    state: State
    recorded: Recorded
    marks: Marks
    page: str
    """The address of its tracking page."""
    replay: bool = False

    @property
    def moved(self) -> bool:
        """Whether status or sub-status changed, so that there is a transition."""
        return self.after.version != self.before.version

    @property
    def first(self) -> bool:
        """Whether this gives the shipment its first status."""
        return self.moved and self.before.version == 0

    @property
    def correction(self) -> bool:
        """Whether the event that decided before is withdrawn, replaced by a newer version, or another parcel's.

        What a replay changes always is one.
        """
        if self.replay:
            return True
        decided = self.before.decided_by
        if decided is None:
            return False
        another = self.state.set_aside.get(decided) is Reason.EARLIER_PARCEL
        return another or decided in (*self.recorded.withdrawn, *self.recorded.corrected)


def tracking_page(installation: Installation, shipment: Shipment) -> str:
    """The address of the shipment's tracking page."""
    token = installation.sealer.known_token("page", shipment.id, shipment.page_generation, shipment.page_hash)
    return f"{installation.settings.pages}/t/{token}"
