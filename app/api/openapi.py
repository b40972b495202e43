"""The OpenAPI document: made from the routes, with what FastAPI does not know of them."""

from typing import Any

from fastapi import FastAPI

from app.api.problems import Problem
from carriers import carriers

TAGS = {
    "shipments": "Parcels: post them, read where they are, tell of events.",
    "orders": "Orders with their shipments.",
    "support": "One question, the whole answer.",
    "feed": "Every change of status, in order.",
    "hooks": "Where carriers push to.",
    "shop": "The shop's settings.",
    "keys": "API keys.",
    "accounts": "Contracts with carriers.",
    "rules": "Who is told of what.",
    "endpoints": "Where webhooks go.",
    "messages": "What was told to whom, and sending it again.",
    "tracking": "What the holder of a tracking page's link sees.",
    "reference": "Statuses and carriers.",
    "mappings": "What carriers' codes mean otherwise: rows of the company's own, shown, taken, applied to the past.",
    "operation": "How the service itself is.",
}


HEADERS: dict[str, dict[str, Any]] = {
    "RateLimit-Policy": {
        "description": "The limit: its name, `q` requests at once, `w` seconds for all of them to come back "
        "(draft-ietf-httpapi-ratelimit-headers)",
        "schema": {"type": "string", "pattern": r'^"[a-z]+";q=\d+;w=[1-9]\d*$'},
        "example": '"key";q=600;w=30',
    },
    "RateLimit": {
        "description": "What is left of it: `r` requests; all are back in `t` seconds",
        "schema": {"type": "string", "pattern": r'^"[a-z]+";r=\d+;t=\d+$'},
        "example": '"key";r=599;t=1',
    },
    "Retry-After": {
        "description": "After how many seconds to send it again",
        "schema": {"type": "integer", "minimum": 1},
        "example": 2,
    },
}
RETRIED = ("409", "429", "503")
"""Answers that may say when to come back."""


def describe(app: FastAPI) -> None:
    """Complete the application's document: the shape of errors, tags; made once, when first asked for."""
    app.openapi_tags = [{"name": name, "description": text} for name, text in TAGS.items()]
    made_by_fastapi = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = made_by_fastapi()
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            shape = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(shape.pop("$defs", {}), Problem=shape)
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            _tell_headers(document)
            _tell_absence(document)
            for taken in ("PostedShipment", "NewAccount"):
                schemas[taken]["properties"]["carrier"]["enum"] = sorted(carriers())
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _tell_headers(document: dict[str, Any]) -> None:
    """Say which answers tell where their caller stands, and when to come back."""
    document["components"]["headers"] = HEADERS
    for operations in document["paths"].values():
        for operation in operations.values():
            if "429" not in operation["responses"]:
                continue
            for status, response in operation["responses"].items():
                names = [name for name in HEADERS if name != "Retry-After" or status in RETRIED]
                response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _tell_absence(document: dict[str, Any]) -> None:
    """A parameter may be left out, which is all that FastAPI means by null: none can be sent."""
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                schema = parameter["schema"]
                choices = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
                if len(choices) == 1:
                    del schema["anyOf"]
                    schema.update(choices[0])
