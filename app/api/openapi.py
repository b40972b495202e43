"""The OpenAPI document: made from the routes, with what FastAPI does not know of them."""

from typing import Any

from fastapi import FastAPI

from app.api.problems import Problem

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
    "tracking": "What the holder of a tracking page's link sees.",
    "reference": "Statuses and carriers.",
    "operation": "How the service itself is.",
}


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
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
