"""Our side's shop: a company with FedEx contracts, a key without limit, an endpoint, and shipments by the thousand.

One shipment of each kind is made by the service itself; the others are copies of its rows, made by the database.
"""

import base64
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson

from app.commanding import commanding
from app.commands import AddAccount, CreateKey, CreateShop
from app.settings import Settings
from bench.load import Address
from bench.processes import SECRET_KEY

ACCOUNTS = 100
"""Contracts, since what a carrier may push to one of them is limited."""
NOWHERE = "http://127.0.0.1:9/"
"""Where nobody listens."""
SECRET = "bench-fedex-token"
CONTRACT = {"carrier": "fedex", "secret": SECRET, "credentials": {"api_key": "bench", "secret_key": "bench"}}
MOST = 1_000_000
RECIPIENT = {"name": "Anna Prova", "email": "anna@example.com", "postcode": "50100", "city": "Firenze", "country": "IT"}
CITY = "PADOVA"
SCANS = (
    ("DP", "Left FedEx origin facility", "", ""),
    ("AR", "Arrived at FedEx location", "", ""),
    ("AF", "At local FedEx facility", "", ""),
    ("OD", "On FedEx vehicle for delivery", "", ""),
    ("DE", "Delivery exception", "08", "Customer not available or business closed"),
)
"""A journey that never ends, each scan of another status or sub-status than the one before."""


@dataclass(frozen=True, slots=True)
class Shop:
    """The shop. `hooks` are the paths of its contracts, `accounts` their ids; `endpoint` hears of every change."""

    key: str
    hooks: tuple[str, ...]
    accounts: tuple[str, ...]
    endpoint: str

    @property
    def bearer(self) -> str:
        """The header of authorization."""
        return f"Bearer {self.key}"


async def open_shop(url: str, at: Address, receiver: str) -> Shop:
    """Make the shop by commands, which a service on a SQLite file takes itself; its endpoint through the service."""
    async with commanding(Settings(_env_file=None, database_url=url, secret_key=SECRET_KEY)) as run:
        shop = (await run(CreateShop(shop_name="Bench", live=True, staff_mail="staff@example.com")))["shop_id"]
        key = (await run(CreateKey(shop=shop, bucket=MOST, refill=MOST)))["api_key"]
        made = [await run(AddAccount(shop=shop, base_url=NOWHERE, **CONTRACT)) for _ in range(ACCOUNTS)]
    async with httpx.AsyncClient(base_url=at.url, headers={"authorization": f"Bearer {key}"}) as http:
        endpoint = {"url": receiver, "types": ["shipment.status_changed"]}
        made_endpoint = (await http.post("/v1/endpoints", json=endpoint)).raise_for_status().json()
    hooks = tuple(httpx.URL(each["hook_url"]).path for each in made)
    return Shop(key, hooks, tuple(str(each["account_id"]) for each in made), made_endpoint["id"])


async def ship(shop: Shop, at: Address, number: str, scans: int = 0) -> str:
    """Post a shipment and push so many scans of it in one body; its id."""
    async with httpx.AsyncClient(base_url=at.url) as http:
        posted = {"carrier": "fedex", "tracking_number": number, "recipient": RECIPIENT, "account_id": shop.accounts[0]}
        made = await http.post("/v1/shipments", json=posted, headers={"authorization": shop.bearer})
        if scans:
            body = pushed([(number, [scan(lap) for lap in range(scans)])])
            told = await http.post(shop.hooks[0], content=body, headers=signed(body))
            assert told.raise_for_status().json().get("new_events") == scans, told.text
    shipment: str = made.raise_for_status().json()["id"]
    return shipment


def scan(lap: int) -> dict[str, Any]:
    """A scan of a journey: each lap an hour after the one before, and of another meaning."""
    code, text, reason, words = SCANS[lap % len(SCANS)]
    moment = BEGAN + timedelta(hours=lap)
    return {
        "date": moment.isoformat(),
        "eventType": code,
        "eventDescription": text,
        "exceptionCode": reason,
        "exceptionDescription": words,
        "derivedStatusCode": code,
        "locationId": "PDOA",
        "scanLocation": {"city": CITY, "stateOrProvinceCode": "", "postalCode": "35100", "countryCode": "IT"},
        "locationType": "FEDEX_FACILITY",
    }


BEGAN = datetime.now(UTC).replace(microsecond=0) - timedelta(days=20)


def pushed(parcels: list[tuple[str, list[dict[str, Any]]]]) -> bytes:
    """FedEx's push of these numbers with their scans."""
    results = [
        {
            "trackingNumber": number,
            "trackResults": {
                "trackingNumberInfo": {"trackingNumber": number},
                "scanEvents": scans[0] if len(scans) == 1 else scans,
            },
        }
        for number, scans in parcels
    ]
    return orjson.dumps({"output": {"completeTrackResults": results}})


def signed(body: bytes) -> dict[str, str]:
    """The header by which FedEx signs."""
    return {"fdx-signature": base64.b64encode(hmac.digest(SECRET.encode(), body, "sha256")).decode()}
