"""The rules that bind every file: who commits, who reads the clock, what a key begins with, what a file is called."""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from inspect import iscoroutinefunction
from types import FunctionType

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from sqlalchemy import Index, UniqueConstraint

from app.main import ROUTERS
from app.schema import metadata
from tests.source import ROOT, kept_files, modules

CLOCK = {"datetime.now", "datetime.utcnow", "date.today", "time.time", "time.time_ns"}
READS_CLOCK = {
    "app.database": "gives every other file its time",
    "app.api.sandbox": "the sandbox is a carrier of its own, with a clock of its own",
    "app.channels.email": "the Date of a mail",
    "app.channels.webhook": "the time that a signature names",
    "carriers.calling": "a Retry-After that names a date, in an answer without one",
}

ENDS_TRANSACTIONS = {"commit", "rollback", "begin"}

REGISTRIES = re.compile(
    "|".join(
        rf"\b{re.escape(host)}"
        for host in (
            *(f"{name}.org" for name in ("pypi", "pythonhosted", "deb.debian", "registry.npmjs", "conda.anaconda")),
            *(f"{name}.io" for name in ("docker", "quay", "ghcr", "crates")),
            *(f"{name}.com" for name in ("npmjs", "jfrog", "mirrors.aliyun", "archive.ubuntu")),
        )
    )
    + r"|(?<!emit)-index[-]url\b|--find[-]links\b"
)
MACHINES = re.compile(r"(?<![\w.$}:/-])/(?:work|root|home|opt|Users)/\w")

VAGUE = re.compile(r"services?|utils?|helpers?|common|misc|managers?|crud|core|lib")


def test_no_route_runs_in_a_thread() -> None:
    """FastAPI runs what is not async in a thread of its own, which costs more than any of ours does."""

    def calls(dependant: Dependant) -> Iterator[object]:
        yield dependant.call
        for each in dependant.dependencies:
            yield from calls(each)

    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    called = {call for route in routes for call in calls(route.dependant)}

    assert routes
    assert [
        call for call in called if not iscoroutinefunction(call) and not iscoroutinefunction(type(call).__call__)
    ] == []


def test_only_the_database_begins_and_commits() -> None:
    """One request or one step of a job is one transaction, which `app/database.py` alone begins and ends."""
    found = []
    for module in modules("app", "migrations"):
        known = {name.rpartition(".")[2] for name in module.imports if name.startswith("app.")}
        for written, line in module.attributes:
            owner, _, name = written.rpartition(".")
            if name in ENDS_TRANSACTIONS and owner not in known and module.name != "app.database":
                found.append(f"{module.at(line)} {written}")

    assert found == []


def test_settings_alone_read_the_environment() -> None:
    """What can be set is in `app/settings.py`, and so in the README."""
    assert [
        f"{module.at(line)} {written}"
        for module in modules("app", "carriers", "migrations")
        for written, line in module.attributes
        if written in {"os.environ", "os.getenv"} and not module.name.startswith("app.demo")
    ] == []


def test_few_files_read_the_clock() -> None:
    """Times come from the database or the carrier; parse, fold and rules are given them."""
    found = {
        module.name
        for module in modules("app", "carriers")
        for written, _ in module.attributes
        if written in CLOCK and not module.name.startswith("app.demo")
    }

    assert found == set(READS_CLOCK)


def test_only_the_guarded_client_goes_out() -> None:
    """Every outgoing call has its limits, because one file makes the clients."""
    made = {
        module.name
        for module in modules("app", "carriers")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in {"AsyncClient", "ClientSession"}
    }

    assert {name for name in made if not name.startswith(("app.outbound", "app.demo"))} == set()


@pytest.mark.parametrize("table", metadata.tables.values(), ids=lambda table: str(table.name))
def test_every_key_begins_with_the_company(table: object) -> None:
    """Tenants never mix, and the company can be the shard key: its id leads every primary key."""
    columns = [column.name for column in metadata.tables[str(table)].primary_key.columns]

    assert columns[0] == "company_id"


BEFORE_THE_COMPANY_IS_KNOWN = {"ix_api_keys_hash", "ix_carrier_accounts_hook", "ix_shipments_page"}
"""Digests of what a stranger brings: an API key, a hook's address, a tracking page's."""


def test_every_unique_key_begins_with_the_company() -> None:
    """What is unique is so within its company, so that a shard can see to it; three digests come before any company."""
    unique = {
        str(each.name): next(column.name for column in each.columns)
        for table in metadata.tables.values()
        for each in (*table.indexes, *table.constraints)
        if isinstance(each, UniqueConstraint) or (isinstance(each, Index) and each.unique)
    }

    assert {name for name, first in unique.items() if first != "company_id"} == BEFORE_THE_COMPANY_IS_KNOWN


def test_names_say_what_a_file_is() -> None:
    """A file is a term of the trade."""
    assert [
        module.name for module in modules("app", "carriers") if VAGUE.fullmatch(module.name.rpartition(".")[2])
    ] == []


def test_files_stay_short() -> None:
    """Three hundred lines are the end: then a file is split by meaning. A migration is as long as its step."""
    lengths = {
        module.name: len(module.path.read_text().splitlines())
        for module in modules("app", "carriers", "bench", "tests")
    }

    assert {name: length for name, length in lengths.items() if length > 300} == {}


def test_everything_public_is_documented() -> None:
    """Each module, class and function says what it is; an override may leave that to what it overrides."""
    missing = []
    for module in modules("app", "carriers"):
        loaded = importlib.import_module(module.name)
        if not loaded.__doc__ and not module.name.startswith("app.demo."):
            missing.append(module.name)
        for name, thing in vars(loaded).items():
            ours = getattr(thing, "__module__", None) == module.name
            if name.startswith("_") or "[" in name or not ours or not isinstance(thing, type | FunctionType):
                continue
            if not thing.__doc__:
                missing.append(f"{module.name}.{name}")
            for method, value in vars(thing).items() if isinstance(thing, type) else ():
                told = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
                if (
                    isinstance(told, FunctionType)
                    and told.__module__ == module.name
                    and not method.startswith("_")
                    and not inspect.getdoc(getattr(thing, method))
                ):
                    missing.append(f"{module.name}.{name}.{method}")

    assert missing == []


def test_no_file_names_a_registry_or_a_machine() -> None:
    """What is kept here works anywhere: packages come from wherever the machine gets its packages."""
    found = []
    for path in kept_files():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        for pattern in (REGISTRIES, MACHINES):
            found += [f"{path.relative_to(ROOT)}: {match.group()}" for match in pattern.finditer(text)]

    assert found == []


def test_every_dependency_is_pinned_with_its_hashes() -> None:
    """A lock file says exactly what is installed."""
    for name in ("build", "service", "development"):
        lines = ROOT.joinpath(".requirements", f"{name}.txt").read_text().replace("\\\n", " ").splitlines()

        assert [line for line in lines if not re.match(r"\S+==\S+.* --hash=sha256:", line)] == []
