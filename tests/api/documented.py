"""The OpenAPI document, made once for all tests: it takes a second, and every whole application has the same one."""

from typing import Any

from fastapi import FastAPI

_made: list[dict[str, Any]] = []


def document_of(app: FastAPI) -> dict[str, Any]:
    """The application's document, or the one that another application has made."""
    if not _made:
        _made.append(app.openapi())
    return _made[0]
