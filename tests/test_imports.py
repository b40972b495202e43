"""Who may import whom: carriers stand alone, terms know only those before them, few files know what is at the edge."""

import sys

import pytest

from carriers import BUILT_IN
from tests.source import Module, modules

CARRIERS = (
    {"vocabulary", "remembering", "check_digits", "people"},
    {"event", "subscribing", "tables"},
    {"base", "sequence", "phrases", "telling"},
    {"aggregator", "reading", "asking", "suggesting"},
    {"calling", "complaints", "soap", "summary", "times", "xml_tree"},
    {"granting", "walls", "zones"},
    {
        "dhl_push",
        "fedex_times",
        "ups_times",
        "usps_times",
        "brt_answers",
        "gls_it_xml",
        "dpd_soap",
        "edi",
        "emsevt",
        "gs1_keys",
    }
    | {
        "ctt_rest",
        "fedex_soap",
        "gls_older",
        "purolator_shipments",
        "seventeen_track_older",
        "ups_older",
        "usps_web_tools",
    },
    {kind.__module__.partition(".")[2] for kind in BUILT_IN},
    {""},
)
"""The terms of `carriers`: each imports only from sets above its own, so no carrier knows another."""

APP = (
    {"beforehand", "disk", "errors", "failpoints", "finding", "pace", "lifecycle", "locales", "metrics", "wrong_fields"}
    | {"account_state", "silence", "sqlite_driver", "tally", "uuids"},
    {"columns", "mail_addresses", "settings", "standing", "triggers"},
    {"sealing", "engines", "away", "outbound", "logging", "demo.journeys"},
    {"secret_keys", "grading"},
    {"glances", "file_lock", "held"},
    {"session"},
    {"database"},
    {"bulk"},
    {"migrating", "unsealing", "channels", "shops", "gathering", "idempotency", "leases", "mappings", "demo.stand_ins"},
    {"installation", "accounts", "keys", "orders"},
    {"carrier_calls", "fallback", "ration", "shipments", "subscriptions"},
    {"arrivals", "standing_in"},
    {"outbox"},
    {"backlog", "carrier_health", "cutting", "personal", "probing", "purging", "tombstones"},
    {"erasing"},
    {"erasures"},
    {"resealing", "schema"},
    {"intake"},
    {"polling", "doctor", "retention"},
    {"command"},
    {"health_commands", "mapping_commands"},
    {"commands", "worker"},
    {"commanding", "connection"},
    {"api"},
    {"pages"},
    {"main", "probes"},
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
        ("api", {"main", "pages", "probes"}),
        ("pages", {"main"}),
        ("main", {"serving", "demo"}),
        ("channels", {"outbox", "worker", "demo", "probing"}),
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
