"""Who may do what: every operation of the API, the scope it needs, and a body with which it succeeds.

A new route needs a row here; `test_access.py` does the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.api.posting import ago, parcel

PUBLIC = {
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "POST /hooks/{carrier}/{token}",
    "GET /t/{token}.json",
}
"""Operations without a key; what has a token in its address tells nothing to who has it not."""


@dataclass(frozen=True, slots=True)
class Row:
    """An operation: the least scope, a body, which thing's id its address holds, and those its body may hold."""

    scope: str
    body: Mapping[str, Any] | None = None
    thing: str = ""
    refers: Mapping[str, str] = field(default_factory=dict)


OF_THE_COMPANY = {"account", "mapping", "shadow"}
"""Things that all shops of a company share; the others are one shop's."""

OF_EVERYBODY = {"carrier"}
"""Things that are nobody's own: what is told of them is the caller's alone."""

SHIPMENT = {"account_id": "account", "parent_id": "shipment"}
POSTED = {**SHIPMENT, "return_of": "shipment"}
EVENT = {"status": "in_transit", "occurred_at": ago(hours=1)}

MAPPING = {"carrier": "gls_it", "code": "X1", "status": "in_transit", "reason": "Seen on the carrier's page."}

MATRIX: dict[str, Row] = {
    "GET /v1/shop": Row("read"),
    "PATCH /v1/shop": Row("admin", {"name": "Bottega"}),
    "GET /v1/shops": Row("read"),
    "GET /v1/keys": Row("admin"),
    "POST /v1/keys": Row("admin", {"name": "K", "scopes": ["read"]}, refers={"shop_id": "shop"}),
    "DELETE /v1/keys/{key_id}": Row("admin", thing="key"),
    "GET /v1/accounts": Row("read"),
    "POST /v1/accounts": Row("admin", {"carrier": "sandbox"}),
    "GET /v1/accounts/{account_id}": Row("read", thing="account"),
    "PATCH /v1/accounts/{account_id}": Row("admin", {"name": "Mine"}, "account"),
    "DELETE /v1/accounts/{account_id}": Row("admin", thing="account"),
    "POST /v1/accounts/{account_id}/move-hook": Row("admin", thing="account"),
    "GET /v1/rules": Row("read"),
    "PATCH /v1/rules/{rule_id}": Row("admin", {"enabled": True}, "rule"),
    "GET /v1/endpoints": Row("read"),
    "POST /v1/endpoints": Row("admin", {"url": "http://127.0.0.1:9/"}),
    "GET /v1/endpoints/{endpoint_id}": Row("read", thing="endpoint"),
    "PATCH /v1/endpoints/{endpoint_id}": Row("admin", {"description": "Mine"}, "endpoint"),
    "DELETE /v1/endpoints/{endpoint_id}": Row("admin", thing="endpoint"),
    "POST /v1/endpoints/{endpoint_id}/rotate": Row("admin", thing="endpoint"),
    "POST /v1/endpoints/{endpoint_id}/replay": Row("write", {"since": ago(hours=1)}, "endpoint"),
    "GET /v1/messages": Row("read"),
    "GET /v1/messages/{message_id}": Row("read", thing="message"),
    "POST /v1/messages/{message_id}/replay": Row("write", thing="message"),
    "POST /v1/shipments/{shipment_id}/messages/replay": Row("write", thing="shipment"),
    "GET /v1/statuses": Row("read"),
    "GET /v1/carriers": Row("read"),
    "POST /v1/carriers/detect": Row("read", {"tracking_number": "1Z999AA10123456784"}),
    "GET /v1/carriers/unmapped": Row("read"),
    "GET /v1/carriers/{slug}/health": Row("read", thing="carrier"),
    "GET /v1/mappings": Row("read"),
    "POST /v1/mappings": Row("admin", MAPPING),
    "POST /v1/mappings/preview": Row("read", {"carrier": "sandbox", "rows": [{"code": "X1", "status": "in_transit"}]}),
    "GET /v1/mappings/shadow": Row("read"),
    "GET /v1/mappings/{mapping_id}": Row("read", thing="mapping"),
    "POST /v1/mappings/{mapping_id}/switch-on": Row("admin", thing="shadow"),
    "POST /v1/mappings/{mapping_id}/replay": Row("admin", thing="mapping"),
    "DELETE /v1/mappings/{mapping_id}": Row("admin", thing="mapping"),
    "POST /v1/shipments": Row("write", parcel("SANDBOX-HELD-900", "sandbox"), refers=POSTED),
    "GET /v1/shipments": Row("read"),
    "POST /v1/shipments/batch": Row("write", {"shipments": [parcel("MATRIX-2")]}),
    "GET /v1/shipments/{shipment_id}": Row("read", thing="shipment"),
    "PATCH /v1/shipments/{shipment_id}": Row("write", {"service": "express"}, "shipment", SHIPMENT),
    "DELETE /v1/shipments/{shipment_id}": Row("write", thing="shipment"),
    "POST /v1/shipments/{shipment_id}/events": Row("write", EVENT, "shipment"),
    "POST /v1/shipments/{shipment_id}/refresh": Row("write", thing="shipment"),
    "GET /v1/shipments/{shipment_id}/messages": Row("read", thing="shipment"),
    "GET /v1/shipments/{shipment_id}/transitions": Row("read", thing="shipment"),
    "POST /v1/orders": Row("write", {"reference": "M-1"}),
    "GET /v1/orders/{reference}": Row("read", thing="order"),
    "POST /v1/lookup": Row("read", {"tracking_number": "MATRIX-9"}),
    "GET /v1/feed": Row("read"),
    "GET /v1/arrivals": Row("support"),
    "GET /v1/arrivals/{arrival_id}": Row("support", thing="arrival"),
    "POST /v1/erasures": Row("admin", {"email": "nobody@example.com"}),
    "GET /v1/erasures/{erasure_id}": Row("admin", thing="erasure"),
}
