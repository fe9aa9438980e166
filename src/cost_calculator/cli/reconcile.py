"""Recomputes every sum from the rows; exits 1 if one differs."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace

from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.cells import Cell
from cost_calculator.cli.options import add_json_argument
from cost_calculator.cli.tables import add_table_arguments, open_store
from cost_calculator.pricing import plain
from cost_calculator.reconciliation import Reconciliation, reconcile


def configure(parser: argparse.ArgumentParser) -> None:
    add_json_argument(parser)
    add_table_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    found = reconcile_tables(open_store(arguments, budgets=True))
    print(_as_json(found) if arguments.json else _as_text(found))
    return 1 if found.differences else 0


def reconcile_tables(store: LedgerStore) -> Reconciliation:
    """Compare twice if the first comparison differs: rows may be priced while the tables are
    read."""
    found = _compare(store)
    if found.differences:
        again = _compare(store)
        lasting = set(found.differences) & set(again.differences)
        found = replace(again, differences=tuple(d for d in again.differences if d in lasting))
    return found


def _compare(store: LedgerStore) -> Reconciliation:
    return reconcile(store.all_rows(), store.all_cells(), store.all_budgets())


def _place(cell: Cell | str) -> str:
    return f"budget {cell}" if isinstance(cell, str) else f"{cell.day} {cell.cell}"


def _where(cell: Cell | str) -> dict[str, str]:
    return {"budget": cell} if isinstance(cell, str) else {"day": cell.day, "cell": cell.cell}


def _as_text(found: Reconciliation) -> str:
    lines = [
        f"{_place(d.cell)}: {d.name} is {plain(d.cell_says)}, "
        f"its rows add up to {plain(d.rows_say)}"
        for d in found.differences
    ]
    off = sum((abs(d.cell_says - d.rows_say) for d in found.differences if d.name == "cost_usd"), 0)
    lines.append(
        f"{found.rows} rows ({found.pending} not priced yet), {found.cells} cells, "
        f"{found.budgets} budgets, {len(found.differences)} differences, "
        f"${off:.2f} of cost unexplained"
    )
    return "\n".join(lines)


def _as_json(found: Reconciliation) -> str:
    return json.dumps(
        {
            "rows": found.rows,
            "pending": found.pending,
            "cells": found.cells,
            "budgets": found.budgets,
            "total": {name: plain(value) for name, value in found.total.items()},
            "differences": [
                {
                    **_where(d.cell),
                    "sum": d.name,
                    "rows_say": plain(d.rows_say),
                    "cell_says": plain(d.cell_says),
                }
                for d in found.differences
            ],
        }
    )
