"""Karrio's SDK reading carriers' answers, in the environment that has it: `python karrio_sdk.py` and nothing of ours.

Standard input: a line with the answers by carrier, then lines `[carrier, seconds]`, each answered by a line with the
answers read a second. Its parser gets the text as its proxy hands it over; its extra call for FedEx's proof of delivery
is left out.
"""

import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

SETTINGS = {
    "ups": {"client_id": "bench", "client_secret": "bench", "account_number": "A1B2C3"},
    "fedex": {"api_key": "bench", "secret_key": "bench", "track_api_key": "bench", "track_secret_key": "bench"},
    "dhl_universal": {"consumer_key": "bench", "consumer_secret": "bench"},
}


def reader(carrier: str) -> Callable[[str], Any]:
    """What reads one answer of the carrier: its own words for the events, the parcel's status."""
    lib, sdk = import_module("karrio.lib"), import_module("karrio.sdk")
    gateway = sdk.gateway[carrier].create(SETTINGS[carrier])
    forms: dict[str, Callable[[str], Any]] = {
        "ups": lambda text: lib.Deserializable(
            [("1", text)], lambda found: [(n, lib.to_dict(each)) for n, each in found]
        ),
        "fedex": lambda text: lib.Deserializable(text, lib.to_dict),
        "dhl_universal": lambda text: lib.Deserializable([text], lambda found: [lib.to_dict(each) for each in found]),
    }
    if carrier == "fedex":
        import_module("karrio.providers.fedex.tracking").provider_utils.get_proof_of_delivery = lambda *_: None
    return lambda text: gateway.mapper.parse_tracking_response(forms[carrier](text))


def main() -> None:
    """Read as fast as it goes, as often as asked."""
    answers: dict[str, list[str]] = json.loads(sys.stdin.readline())
    readers = {carrier: reader(carrier) for carrier in answers}
    for carrier, read in readers.items():
        for text in answers[carrier]:
            details, _ = read(text)
            assert len(details) == 1, carrier
            assert len(details[0].events) >= 10, carrier
    for asked in sys.stdin:
        carrier, seconds = json.loads(asked)
        read, done = readers[carrier], 0
        began = now = time.perf_counter()
        while now - began < seconds:
            for text in answers[carrier]:
                read(text)
            done, now = done + len(answers[carrier]), time.perf_counter()
        print(done / (now - began), flush=True)


main()
