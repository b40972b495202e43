"""What the sandbox carrier tells about a journey, in its answers and its pushes."""

import hmac
from datetime import datetime, timedelta
from hashlib import sha256
from random import Random
from typing import TypedDict
from zoneinfo import ZoneInfo

import orjson

from app.demo.journeys import JOURNEYS, Step, named_in, so_far
from app.demo.stand_ins.base import Push

ROME = ZoneInfo("Europe/Rome")

LATEST = 12
"""Hours of a journey by which the sandbox at most is late to tell an event of a DISORDER one."""

WORDS: dict[Step, str] = {
    Step.REGISTERED: "Spedizione registrata",
    Step.COLLECTED: "Ritirata dal mittente",
    Step.DEPARTED: "Partita",
    Step.ARRIVED: "Arrivata in transito",
    Step.AT_DEPOT: "Nella filiale di consegna",
    Step.OUT_FOR_DELIVERY: "In consegna",
    Step.ABSENT: "Destinatario assente",
    Step.DELAYED: "In ritardo",
    Step.HELD: "In giacenza",
    Step.REFUSED: "Rifiutata dal destinatario",
    Step.DAMAGED: "Danneggiata",
    Step.LOST: "Smarrita",
    Step.CUSTOMS: "In dogana",
    Step.CUSTOMS_HOLD: "Ferma in dogana",
    Step.CUSTOMS_CLEARED: "Sdoganata",
    Step.READY: "Pronta per il ritiro",
    Step.PICKED_UP: "Ritirata dal destinatario",
    Step.RETURNING: "In rientro al mittente",
    Step.RETURNED: "Rientrata al mittente",
    Step.DELIVERED: "Consegnata",
}


class Event(TypedDict):
    """A step as the sandbox words it; `id` is the same whenever it is told."""

    id: str
    time: str
    code: str
    text: str
    town: str


class Told(TypedDict):
    """A parcel's part of an answer; `expected_on` is a date, none for a journey that does not end in delivery."""

    number: str
    found: bool
    expected_on: str | None
    events: list[Event]


def tell(number: str, start: datetime, speed: float, now: datetime) -> Told:
    """What the sandbox knows of a number by now; OverflowError when the journey leaves the calendar."""
    name = named_in(number)
    if name is None:
        return {"number": number, "found": False, "expected_on": None, "events": []}
    legs = JOURNEYS[name]
    dice = Random(number) if name == "DISORDER" else None  # to make one takes longer than all the rest
    events: list[Event] = []
    for nth, happened in enumerate(so_far(legs, start, speed, now)):
        late = timedelta(hours=dice.uniform(0, LATEST)) / speed if dice else timedelta()
        if happened.at + late <= now:
            time = happened.at.astimezone(ROME).isoformat()
            words, town = WORDS[happened.step], happened.town
            events.append({"id": f"{number}.{nth}", "time": time, "code": happened.step, "text": words, "town": town})
    if dice:
        dice.shuffle(events)
    ends = legs[-1].step in (Step.DELIVERED, Step.PICKED_UP)
    day = (start + timedelta(hours=legs[-1].hours) / speed).astimezone(ROME).date()
    return {"number": number, "found": True, "expected_on": day.isoformat() if ends else None, "events": events}


def answer(parcels: list[Told]) -> bytes:
    """The body of an answer or push."""
    return orjson.dumps({"carrier": "sandbox", "parcels": parcels})


def sandbox_push(number: str, start: datetime, speed: float, now: datetime, secret: str) -> Push | None:
    """The push of the newest step told of a number, signed at `now`; none when there is nothing to tell."""
    told = tell(number, start, speed, now)
    if not told["events"]:
        return None
    newest = max(told["events"], key=lambda event: datetime.fromisoformat(event["time"]))
    body = answer([{**told, "events": [newest]}])
    stamp = str(int(now.timestamp()))
    signature = hmac.new(secret.encode(), f"{newest['id']}.{stamp}.".encode() + body, sha256).hexdigest()
    headers = {
        "content-type": "application/json",
        "sandbox-id": newest["id"],
        "sandbox-timestamp": stamp,
        "sandbox-signature": signature,
    }
    return Push(headers, body)
