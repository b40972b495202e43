"""What a poll's answers bring for each shipment that was asked about: something new, the same again, or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

import structlog

from app.arrivals.keeping import ArrivalSource, ArrivalState, Arrived, Latest, body_hash, part_hash
from app.intake.concerning import names_of_parcel
from app.polling import notes
from app.polling.claiming import Batch
from app.shipments.shipment import Shipment
from carriers import UnreadablePayload, carriers
from carriers.base import Answer
from carriers.event import Parcel

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A body from which nothing can be taken for a shipment: kept, in this state."""

    shipment: Shipment
    arrived: Arrived
    state: ArrivalState


@dataclass(slots=True)
class Brought:
    """`new` parts to take in; by shipment the arrival whose answer came `again`, and a note for whoever looks."""

    new: list[Arrived] = field(default_factory=list)
    again: dict[UUID, Latest] = field(default_factory=dict)
    spoilt: list[Spoilt] = field(default_factory=list)
    notes: dict[UUID, str] = field(default_factory=dict)


def read_answers(
    batch: Batch, answers: Sequence[Answer], latest: Mapping[UUID, Latest], received_at: datetime
) -> Brought:
    """Read each body once, and none that was the latest answer about all its shipments; `latest` are their arrivals."""
    reader = _Reader(batch, latest, received_at)
    for answer in answers:
        reader.read(answer)
    return reader.brought


class _Reader:
    def __init__(self, batch: Batch, latest: Mapping[UUID, Latest], received_at: datetime) -> None:
        self.batch, self.latest, self.received_at = batch, latest, received_at
        self.brought = Brought(notes={shipment.id: notes.NOT_MENTIONED for shipment in batch.shipments})

    def read(self, answer: Answer) -> None:
        asked = [shipment for shipment in self.batch.shipments if shipment.tracking_number in answer.numbers]
        digest, fresh = body_hash(answer.body), []
        for shipment in asked:
            before = self.latest.get(shipment.id)
            if before is None or before.body_hash != digest:
                fresh.append(shipment)
            else:
                self.brought.again[shipment.id] = before
                self.brought.notes[shipment.id] = "" if before.part_hash else notes.UNREADABLE
        if fresh:
            self._parse(answer.body, fresh, alone=len(asked) == 1)

    def _parse(self, body: bytes, fresh: Sequence[Shipment], *, alone: bool) -> None:
        carrier = carriers()[self.batch.account.carrier]
        try:
            parcels = carrier.parse(body)
        except UnreadablePayload as error:
            self._spoil(body, fresh, ArrivalState.QUARANTINED, str(error), notes.UNREADABLE)
            return
        except Exception as error:
            log.exception("an adapter broke on an answer", carrier=carrier.slug)
            reason = f"the adapter broke: {type(error).__name__}"
            self._spoil(body, fresh, ArrivalState.FAILED, reason, notes.TRIED_AGAIN)
            return
        named = [(parcel, names_of_parcel(parcel, carrier.slug)) for parcel in parcels]
        # A part without number is that of the only one that was asked for.
        only = carrier.renames and len(parcels) == 1
        for shipment in fresh:
            mine = [
                self._arrived(body, shipment, parcel)
                for parcel, numbers in named
                if shipment.tracking_number in numbers or (alone and (only or not parcel.number.strip()))
            ]
            if mine:
                self.brought.notes[shipment.id] = ""
                self._sort(shipment, mine)

    def _sort(self, shipment: Shipment, mine: Sequence[Arrived]) -> None:
        before = self.latest.get(shipment.id)
        said = [part_hash(arrived.parcel) for arrived in mine if arrived.parcel is not None]
        if before is not None and said == [before.part_hash]:
            self.brought.again[shipment.id] = before
        else:
            self.brought.new.extend(mine)

    def _spoil(self, body: bytes, fresh: Sequence[Shipment], state: ArrivalState, reason: str, note: str) -> None:
        for shipment in fresh:
            arrived = replace(self._arrived(body, shipment, None), reason=reason)
            self.brought.spoilt.append(Spoilt(shipment, arrived, state))
            self.brought.notes[shipment.id] = note

    def _arrived(self, body: bytes, shipment: Shipment, parcel: Parcel | None) -> Arrived:
        account = self.batch.account
        return Arrived(
            account.company_id,
            account.carrier,
            ArrivalSource.POLL,
            body,
            self.received_at,
            account_id=account.id,
            parcel=parcel,
            shipment_id=shipment.id,
        )
