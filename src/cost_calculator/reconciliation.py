"""Recomputes every cell and every budget from the rows and names what differs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cost_calculator.budget_names import budgets_of, name_of
from cost_calculator.cells import SESSIONS, Cell
from cost_calculator.contributions import Sums, add, commitment, contribution
from cost_calculator.pricing import CostStatus
from cost_calculator.settlement import Row

_KEY = ("day", "cell")
_HELD = ("committed_usd", "reserved_usd")


@dataclass(frozen=True, slots=True)
class Difference:
    """One sum of a cell, or of a budget (by its name), that is not that of its rows."""

    cell: Cell | str
    name: str
    rows_say: Decimal
    cell_says: Decimal


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The differences, and how much was compared; ``pending`` rows are in no sum yet."""

    rows: int
    pending: int
    cells: int
    budgets: int
    differences: tuple[Difference, ...]
    total: Sums


def reconcile(
    rows: Iterable[Row],
    cells: Iterable[Mapping[str, Any]],
    budgets: Iterable[Mapping[str, Any]] = (),
) -> Reconciliation:
    """Compare cells and budgets with what the rows add up to, sum by sum, to the last digit.

    ``budgets`` are whole ones, added up over their shards.
    """
    expected: dict[Cell, Sums] = {}
    committed: dict[str, Sums] = {}
    counted = pending = 0
    for row in rows:
        for name in budgets_of(row):
            committed[name] = add([committed.get(name, {}), commitment(row)])
        if "cost_status" not in row:
            continue
        counted += 1
        pending += row["cost_status"] == CostStatus.PENDING
        if sums := contribution(row):
            for cell in Cell.all_of(row):
                expected[cell] = add([expected.get(cell, {}), sums])
    actual = cells_without_slots(cells)
    held = {
        whose: {name: budget.get(name, 0) for name in _HELD}
        for budget in budgets
        if (whose := name_of(budget["key"]))
    }
    return Reconciliation(
        rows=counted,
        pending=pending,
        cells=len(actual),
        budgets=len(held),
        differences=(*_differences(expected, actual), *_differences(committed, held)),
        # A session's cells count again what is in others.
        total=add(sums for cell, sums in expected.items() if SESSIONS not in cell.day),
    )


def cells_without_slots(stored: Iterable[Mapping[str, Any]]) -> dict[Cell, Sums]:
    """Add up what ``spend`` holds of each cell in several slots."""
    cells: dict[Cell, Sums] = {}
    for item in stored:
        cell = Cell(item["day"].rpartition("#")[0], item["cell"])
        sums = {name: value for name, value in item.items() if name not in _KEY}
        cells[cell] = add([cells.get(cell, {}), sums])
    return cells


def _differences(
    expected: Mapping[Any, Sums], actual: Mapping[Any, Mapping[str, Any]]
) -> Iterator[Difference]:
    for place in sorted({*expected, *actual}):
        rows_say, place_says = expected.get(place, {}), actual.get(place, {})
        for name in sorted({*rows_say, *place_says}):
            pair = rows_say.get(name, Decimal(0)), Decimal(place_says.get(name, 0))
            if pair[0] != pair[1]:
                yield Difference(place, name, *pair)
