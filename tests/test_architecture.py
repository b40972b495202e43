"""The rules that bind every file: who imports whom, who commits, who reads the clock, what a key begins with."""

import ast
import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from inspect import iscoroutinefunction
from types import FunctionType

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from app.main import ROUTERS
from app.schema import metadata
from carriers import BUILT_IN
from tests.source import ROOT, Module, kept_files, modules

CARRIERS = (
    {"vocabulary"},
    {"event", "tables"},
    {"base", "sequence", "phrases"},
    {"reading", "asking"},
    {"calling", "zones"},
    {kind.__module__.partition(".")[2] for kind in BUILT_IN},
    {""},
)
"""The terms of `carriers`: each imports only from sets above its own, so no carrier knows another."""

APP = (
    {"errors", "pace", "lifecycle", "locales"},
    {"settings", "triggers"},
    {"sealing", "columns", "outbound", "logging", "demo.journeys"},
    {"database"},
    {"migrating", "channels", "shops", "idempotency", "leases", "demo.stand_ins"},
    {"installation", "accounts", "keys", "orders"},
    {"shipments"},
    {"arrivals"},
    {"outbox"},
    {"erasing", "schema"},
    {"intake"},
    {"polling", "doctor"},
    {"commands", "worker"},
    {"commanding"},
    {"api"},
    {"pages"},
    {"main"},
    {"serving"},
    {"demo"},
    {"cli"},
)
"""The terms of `app`, likewise. The stand-ins come early: the sandbox is one that the service itself serves."""

RANKS = {
    package: {term: rank for rank, layer in enumerate(layers) for term in layer}
    for package, layers in {"carriers": CARRIERS, "app": APP}.items()
}

OURS = {"sandbox", "own"}
"""The carriers behind which the service itself stands."""

PURE = {"bisect", "collections", "dataclasses", "datetime", "enum", "functools", "hashlib", "heapq", "itertools"}
PURE |= {"operator", "re", "types", "typing"}

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

VAGUE = {
    "service",
    "services",
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "misc",
    "manager",
    "crud",
    "core",
    "lib",
}


def term_of(name: str, package: str) -> str | None:
    """The term that a full name belongs to; "" for what the package's own file has, none for another package's."""
    inside = f"{name}.".removeprefix(f"{package}.")
    if inside == f"{name}.":
        return None
    return max((term for term in RANKS[package] if inside.startswith(f"{term}.")), key=len, default="")


def imported_terms(module: Module, package: str) -> set[str]:
    """The terms of a package that a module imports, its own aside."""
    terms = {term for name in module.imports if (term := term_of(name, package)) is not None}
    return terms - {term_of(module.name, package)}


@pytest.mark.parametrize("package", RANKS)
def test_imports_go_one_way(package: str) -> None:
    """A term imports only terms of the layers before its own."""
    rank = RANKS[package]
    ours = [(module, term_of(module.name, package) or "") for module in modules(package) if module.name != "app"]

    assert [module.name for module, term in ours if term not in rank] == [], "of no layer"
    assert [
        f"{module.name} imports {package}.{imported}"
        for module, term in ours
        for imported in sorted(imported_terms(module, package))
        if rank[imported] >= rank[term]
    ] == []


def test_carriers_stand_alone() -> None:
    """The carriers are a library: nothing of the service is in them."""
    assert [module.name for module in modules("carriers") if imported_terms(module, "app")] == []


def test_the_service_knows_no_carrier_by_its_file() -> None:
    """Carriers are found by slug, so one of another package is as good as a built-in one."""
    adapters = {term_of(kind.__module__, "carriers") for kind in BUILT_IN if kind.slug not in OURS}

    assert [
        f"{module.name} imports carriers.{adapter}"
        for module in modules("app")
        for adapter in sorted(imported_terms(module, "carriers") & adapters)
    ] == []


def test_status_and_triggers_are_pure() -> None:
    """The fold and the rules import values only: no clock, no network, no database."""
    allowed = PURE & sys.stdlib_module_names | {"carriers.vocabulary", "app.lifecycle", "app.triggers"}

    assert [
        f"{module.name} imports {name}"
        for module in modules("app/lifecycle", "app/triggers")
        for name in sorted(module.imports)
        if not any(name == good or name.startswith(f"{good}.") for good in allowed)
    ] == []


@pytest.mark.parametrize(
    ("term", "importers"),
    [
        ("cli", set()),
        ("api", {"main", "pages"}),
        ("pages", {"main"}),
        ("main", {"serving", "demo"}),
        ("channels", {"outbox", "worker", "demo", "doctor"}),
        ("migrating", {"installation", "api", "cli", "demo", "doctor"}),
    ],
)
def test_only_these_import_it(term: str, importers: set[str]) -> None:
    """What stands at an edge is reached through few files: nothing but main has the routes, only the outbox sends."""
    assert {
        term_of(module.name, "app") for module in modules("app") if term in imported_terms(module, "app")
    } <= importers


def test_routes_write_no_statements() -> None:
    """HTTP checks, calls one function and answers: no table and no statement is in it."""
    assert [
        f"{module.name} imports {name}"
        for module in modules("app/api", "app/pages")
        for name in sorted(module.imports)
        if ".tables." in f"{name}."
        or (name.startswith("sqlalchemy.") and not name.startswith(("sqlalchemy.exc.", "sqlalchemy.text")))
    ] == []


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


def test_names_say_what_a_file_is() -> None:
    """A file is a term of the trade."""
    assert [module.name for module in modules("app", "carriers") if module.name.rpartition(".")[2] in VAGUE] == []


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
