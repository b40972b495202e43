"""The recordings that `nove carrier new` composes: one for each meaning, and a signed push."""

import hmac
import json
from hashlib import sha256
from pathlib import Path

SECRET = "a-made-up-secret"  # noqa: S105  (of nobody)

EVENTS = {
    "INFO": ("Announced", "2026-03-02T09:00:00", "Milano"),
    "PICKED": ("Picked up", "2026-03-02T17:30:00", "Milano"),
    "ROUTE": ("Out for delivery", "2026-03-03T08:05:00", "Firenze"),
    "ABSENT": ("Nobody at home", "2026-03-03T10:12:00", "Firenze"),
    "STORED": ("Held at the depot", "2026-03-03T18:20:00", "Firenze"),
    "BACK": ("Back with the sender", "2026-03-09T11:00:00", "Milano"),
    "DONE": ("Delivered", "2026-03-03T10:12:00", "Firenze"),
    "X99": ("Something new", "2026-03-03T10:12:00", "Firenze"),
}
ANSWERS = {
    "delivered": ("DONE", "ROUTE", "PICKED", "INFO"),
    "out_for_delivery": ("ROUTE", "PICKED"),
    "failed_attempt": ("ABSENT", "ROUTE", "PICKED"),
    "held": ("STORED", "ABSENT", "ROUTE", "PICKED"),
    "returned": ("BACK", "STORED", "PICKED"),
    "unlisted_code": ("X99", "PICKED"),
}


def recordings(letters: str, slug: str) -> dict[Path, str]:
    """Each file of the folder and what is in it; numbers begin with these letters, and each names whose it is."""
    first = f"{letters}00000001"
    bodies: dict[str, dict[str, object]] = {name: _answer(_parcel(first, *codes)) for name, codes in ANSWERS.items()}
    nights = [_event("ROUTE") | {"time": "2026-10-25T02:30:00"}, _event("PICKED") | {"time": "2026-03-29T02:30:00"}]
    wrong = [{"code": [], "text": 5, "time": {}, "city": None}, {"code": "DONE", "time": "9999-99-99"}, None]
    bodies |= {
        "dst_nights": _answer({"number": first, "events": nights}),
        "many_parcels": _answer(_parcel(first, "ROUTE", "PICKED"), _parcel(f"{letters}00000002", "PICKED")),
        "not_found": _answer(_parcel(f"{letters}00000009")),
        "error": {"error": "the service is closed on Sundays"},
        "hostile": _answer({"number": 7, "events": wrong}, "x", None),
    }
    texts = {
        Path(f"{name}.json"): json.dumps({"service": slug} | body, indent=2) + "\n" for name, body in bodies.items()
    }
    pushed = "out_for_delivery.json"
    signature = hmac.new(SECRET.encode(), texts[Path(pushed)].encode(), sha256).hexdigest()
    push = {"body": pushed, "secret": SECRET, "headers": {"x-signature": signature}}
    return texts | {Path("pushes", "signed.json"): json.dumps(push, indent=2) + "\n"}


def _answer(*parcels: object) -> dict[str, object]:
    return {"parcels": list(parcels)}


def _parcel(number: str, *codes: str) -> dict[str, object]:
    return {"number": number, "events": [_event(code) for code in codes]}


def _event(code: str) -> dict[str, str]:
    text, at, city = EVENTS[code]
    return {"code": code, "text": text, "time": at, "city": city}
