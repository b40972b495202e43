"""A journey in several legs as its recipient sees it: who told each event, and who handed the parcel over to whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from app.lifecycle import Source
from app.locales import phrase
from app.shipments.beside import HANDED_OVER, Beside
from app.shipments.history import StoredEvent
from app.shipments.names import Name, Role
from app.shipments.shipment import Shipment
from carriers import carriers
from carriers.own import Own
from carriers.vocabulary import Status


class Told(NamedTuple):
    """The leg whose carrier told an event, and what that is by the carrier's own reading."""

    leg: Name
    status: Status | None


@dataclass(frozen=True)
class Legs:
    """The legs worth showing, in the order in which they are travelled; `told`, by the keys of their events."""

    travelled: Sequence[Name] = ()
    told: Mapping[str, Told] = field(default_factory=dict)

    def carrier_of(self, key: str) -> str:
        """The name of the carrier that told an event; empty if there is but one, or it has no name."""
        told = self.told.get(key)
        return carrier_name(told.leg.carrier) if told and len({each.carrier for each in self.travelled}) > 1 else ""

    def passed_on(self, key: str) -> bool:
        """Whether a leg that is not the last said so of its own end, which is not the journey's."""
        told = self.told.get(key)
        return told is not None and told.status in HANDED_OVER and bool(self._after(told.leg))

    def hand_over(self, key: str, locale: str) -> str:
        """An event in words, if one carrier handed the parcel over to the next by it; else empty."""
        told = self.told.get(key)
        if told is None or told.status is not Status.DELIVERED or not (after := self._after(told.leg)):
            return ""
        following = {carrier_name(each.carrier) for each in after if each.position == after[0].position}
        names = {"carrier": carrier_name(told.leg.carrier) or phrase("page_carrier", locale)}
        to = following.pop() if len(following) == 1 else ""
        return phrase("page_handed_over" if to else "page_handed_on", locale, to=to, **names)

    def _after(self, leg: Name) -> list[Name]:
        return [each for each in self.travelled if each.position > leg.position]


NONE = Legs()


def legs_of(shipment: Shipment, own: Mapping[str, StoredEvent], found: Beside) -> Legs:
    """The legs of a shipment, if it has any; `own` are the events kept under its row.

    Several may be the next one, as their numbers look alike, until one of them has said something.
    """
    legs = [each for each in found.names if each.role is Role.LEG]
    said = {each.id: own if each.is_of(shipment) else found.events.get(each.id, {}) for each in legs}
    known = {each.position for each in legs if each.is_of(shipment) or said[each.id]}
    shown = [each for each in legs if each.is_of(shipment) or said[each.id] or each.position not in known]
    told = {
        key: Told(each, event.status)
        for each in legs
        for key, event in said[each.id].items()
        if event.source is Source.CARRIER
    }
    return Legs(shown, told) if legs else NONE


def carrier_name(slug: str) -> str:
    """What a recipient knows a carrier by; empty for one without an adapter."""
    carrier = carriers().get(slug)
    return carrier.name if carrier is not None and slug != Own.slug else ""
