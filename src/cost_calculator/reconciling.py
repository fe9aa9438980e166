"""Recomputes every cell from the rows and names what differs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cost_calculator.ledger import Cell, Sums, add, contribution
from cost_calculator.pricing import CostStatus
from cost_calculator.settling import Row

_KEY = ("day", "cell")


@dataclass(frozen=True, slots=True)
class Difference:
    """One sum that is not that of its rows."""

    cell: Cell
    name: str
    rows_say: Decimal
    cell_says: Decimal


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The differences, and how much was compared; ``pending`` rows are in no sum yet."""

    rows: int
    pending: int
    cells: int
    differences: tuple[Difference, ...]
    total: Sums


def reconcile(rows: Iterable[Row], cells: Iterable[Mapping[str, Any]]) -> Reconciliation:
    """Compare the cells with what the rows add up to, sum by sum, to the last digit."""
    expected: dict[Cell, Sums] = {}
    counted = pending = 0
    for row in rows:
        if "cost_status" not in row:
            continue
        counted += 1
        pending += row["cost_status"] == CostStatus.PENDING
        if sums := contribution(row):
            cell = Cell.of(row)
            expected[cell] = add([expected.get(cell, {}), sums])
    actual = {
        Cell(cell["day"], cell["cell"]): {n: v for n, v in cell.items() if n not in _KEY}
        for cell in cells
    }
    return Reconciliation(
        rows=counted,
        pending=pending,
        cells=len(actual),
        differences=tuple(
            Difference(cell, name, rows_say, cell_says)
            for cell in sorted({*expected, *actual})
            for name in sorted({*expected.get(cell, {}), *actual.get(cell, {})})
            if (rows_say := expected.get(cell, {}).get(name, Decimal(0)))
            != (cell_says := Decimal(actual.get(cell, {}).get(name, 0)))
        ),
        total=add(expected.values()),
    )
