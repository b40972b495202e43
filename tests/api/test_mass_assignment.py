"""What is answered cannot be written by sending it back: every field of every answer, put into every input."""

import re
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import pytest
from httpx import AsyncClient

from app.api.buckets import Buckets
from app.shops import Shop
from tests.api.access_matrix import MATRIX
from tests.api.conftest import Service
from tests.api.documented import document_of

MISSING = "0199c0de-5f2a-7b3c-8d4e-5f6071829304"

FREE = {"credentials", "metadata"}
"""Inputs with names of the sender's own choice: they go where they belong and nowhere else."""

Schema = Mapping[str, Any]


class Document:
    """The OpenAPI document, and what the shapes in it are made of."""

    def __init__(self, document: Schema) -> None:
        self.paths, self._shapes = document["paths"], document["components"]["schemas"]

    def objects(self, schema: Schema, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Schema]]:
        """Every object within a schema with its path; a list's stands at its first place."""
        if "$ref" in schema:
            yield from self.objects(self._shapes[schema["$ref"].rpartition("/")[2]], path)
        for choice in schema.get("anyOf", ()):
            yield from self.objects(choice, path)
        if "items" in schema:
            yield from self.objects(schema["items"], (*path, "0"))
        if schema.get("type") == "object":
            yield path, schema
            for name, child in schema.get("properties", {}).items():
                yield from self.objects(child, (*path, name))

    def inputs(self) -> Iterator[tuple[str, tuple[str, ...], Schema]]:
        """Every object that an operation takes: the operation, the path in its body, the object's schema."""
        for operation in MATRIX:
            method, path = operation.split(" ")
            body = self.paths[path][method.lower()].get("requestBody")
            if body:
                for place, schema in self.objects(body["content"]["application/json"]["schema"]):
                    yield operation, place, schema

    def answered(self) -> set[str]:
        """The name of every field of every answer."""
        names = set()
        for operation in MATRIX:
            method, path = operation.split(" ")
            for code, answer in self.paths[path][method.lower()]["responses"].items():
                if code.startswith("2") and "content" in answer:
                    [content] = answer["content"].values()
                    names |= {
                        name for _, shape in self.objects(content["schema"]) for name in shape.get("properties", ())
                    }
        return names


def nested(path: tuple[str, ...], value: object) -> object:
    """The value as it stands in a body at that path."""
    for name in reversed(path):
        value = [value] if name == "0" else {name: value}
    return value


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_no_answers_field_can_be_written(service: Service, shop: Shop) -> None:
    """422 that names each: in the body of every operation, and in every object within it."""
    await service.start(buckets=Buckets(count().__next__))
    client = await service.caller(shop, bucket=1_000_000)
    document = Document(document_of(service.app))
    answered = document.answered() | {"company_id", "hash", "generation", "hook_hash", "bucket", "refill"}
    wrong = []
    for operation, path, schema in document.inputs():
        if path and path[-1] in FREE:
            continue
        foreign = answered - schema["properties"].keys()
        body = nested(path, dict.fromkeys(sorted(foreign), "1"))
        refused = await refusals(client, operation, body)
        place = "".join(f"{part}." for part in path[2 if operation.endswith("/batch") else 0 :])
        missed = foreign - {name.removeprefix(place) for name in refused if name.startswith(place)}
        wrong += [(operation, path, sorted(missed))] if missed else []

    assert len(answered) > 100
    assert wrong == []


async def refusals(client: AsyncClient, operation: str, body: object) -> list[str]:
    """The fields that were refused as unknown; of a batch, those of its first row."""
    method, path = operation.split(" ")
    answer = await client.request(method, re.sub(r"{\w+}", MISSING, path), json=body)
    problem = answer.json()
    if answer.status_code == 200 and operation.endswith("/batch"):
        problem = problem["items"][0]["error"]
    return [each["field"] for each in problem.get("errors", ()) if each["message"].startswith("Unknown field")]


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_every_input_says_which_fields_it_takes(service: Service) -> None:
    """No object in any input takes more than it lists, but for those whose names are the sender's own."""
    document = Document(document_of(service.app))
    open_ = {path for _, path, schema in document.inputs() if schema.get("additionalProperties") is not False}

    assert {path[-1] for path in open_} == FREE
