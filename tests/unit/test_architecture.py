"""The packages have an order: a lower one never imports a higher one, lazily or for types either.

SDKs appear at the edges alone, so that every decision and every row can be computed without one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src"

# From the bottom to the top; packages on one line do not import each other.
FLOORS = (
    "cost_calculator.rows cost_calculator.row_keys cost_calculator.clock cost_calculator.tiers"
    " cost_calculator.item_size cost_calculator.retirements cost_calculator.budget_names",
    "cost_calculator.usage cost_calculator.row_units",
    "cost_calculator.overhead",
    "cost_calculator.price_entry",
    "cost_calculator.surcharges",
    "cost_calculator.book",
    "cost_calculator.pricing cost_calculator.max_cost cost_calculator.rates",
    "cost_calculator.settlement cost_calculator.agent_loops",
    "cost_calculator.cells cost_calculator.contributions",
    "cost_calculator.ledger",
    "cost_calculator.planning",
    "cost_calculator.reports cost_calculator.reconciliation",
    "cost_calculator.workflow_cost",
    "cost_calculator.workflow_figures",
    "cost_calculator.aws",
    "cost_calculator.stream cost_calculator.backlog",
    "cost_calculator.dashboard",
    "cost_calculator.handlers cost_calculator.cli",
    "cost_calculator.__main__",
    "router.errors router.encoding router.safe_regex router.linear_regex router.lambda_stream",
    "router.catalog router.analyzer",
    "router.guards router.review router.conversation",
    "router.config router.intake",
    "router.invocation router.executions",
    "router.recording",
    "router.llm_classifier router.providers",
    "router.routing",
    "router.runner",
    "router.recovery router.acceptance router.feedback",
    "router.ingress.protocols",
    "router.workflows",
    "router.learning",
    "router.ingress.api router.ingress.queue router.ingress.batch",
    "router.ingress.websocket",
    "router.operations",
    "router.aws",
    "router.handlers router.cli",
    "router.__main__",
)
FLOOR = {name: floor for floor, names in enumerate(FLOORS) for name in names.split()}

SDKS = {"boto3", "botocore", "openai", "anthropic", "aws_lambda_powertools"}
EDGES = ("aws", "providers", "handlers", "cli", "__main__")
# The event handler of Powertools is the HTTP API's router.
ALSO_EDGES = {"router.ingress.api.routes", "router.ingress.api.cors"}


def modules() -> dict[str, Path]:
    found = {}
    for path in SOURCE.rglob("*.py"):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


@cache
def imports_of(path: Path) -> frozenset[str]:
    """Every module that a file imports, wherever in the file the import is."""
    return frozenset(_imports_of(path))


def _imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                within = f"{node.module}.{alias.name}"
                yield within if within in MODULES else node.module


def room_of(module: str) -> str | None:
    parts = module.split(".")
    names = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((name for name in names if name in FLOOR), None)


def is_edge(module: str) -> bool:
    return module in ALSO_EDGES or any(part in EDGES for part in module.split(".")[1:2])


INNER = sorted(name for name in MODULES if name not in ("router", "cost_calculator"))


@pytest.mark.parametrize("module", INNER)
def test_every_module_has_a_floor(module: str) -> None:
    assert module == "router.ingress" or room_of(module)


@pytest.mark.parametrize("module", INNER)
def test_no_module_imports_from_a_higher_floor_or_from_its_neighbour(module: str) -> None:
    own = room_of(module)
    rooms = {name: room_of(name) for name in imports_of(MODULES[module])}
    upward = [
        name
        for name, room in rooms.items()
        if room and own and room != own and FLOOR[room] >= FLOOR[own]
    ]

    assert upward == []


@pytest.mark.parametrize("module", [name for name in INNER if not is_edge(name)])
def test_the_core_imports_no_sdk(module: str) -> None:
    assert {name.split(".")[0] for name in imports_of(MODULES[module])}.isdisjoint(SDKS)


def test_no_two_files_import_each_other() -> None:
    arrows = {
        module: {name for name in imports_of(path) if name in MODULES and name != module}
        for module, path in MODULES.items()
    }
    # A file that nothing unvisited points to is taken away, until only circles are left.
    while free := [name for name, names in arrows.items() if not names & arrows.keys()]:
        for name in free:
            del arrows[name]

    assert sorted(arrows) == []
