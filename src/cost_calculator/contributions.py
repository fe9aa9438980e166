"""What one row adds to the sums of its cells and budgets. Pure.

It is a function of the row alone, so a sum can always be recomputed from the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from cost_calculator.pricing import CostStatus
from cost_calculator.rows import CACHED, REFUSED_ITEM, RUN_ITEM
from cost_calculator.settlement import Row
from cost_calculator.usage import TOKEN_CLASSES

ANSWERED = frozenset({"SUCCEEDED", "TRUNCATED"})
FILES = ("images", "documents")

HISTOGRAM_BOUNDS = (10, 100, 1_000, 10_000, 100_000, 1_000_000)
"""Upper bounds of cost per attempt, in micro-dollars; beyond the last, ``cost_le_inf``."""

_COUNTED_AS = {
    CostStatus.UNPRICED: "unpriced",
    CostStatus.UNKNOWN: "unknown",
    CostStatus.INVALID_USAGE: "invalid_usage",
}

Sums = dict[str, Decimal]


def contribution(row: Row) -> Sums:
    """Return what one row adds to its cell; a PENDING row adds nothing yet."""
    status = row.get("cost_status", CostStatus.PENDING)
    if status == CostStatus.PENDING:
        return {}
    sums: dict[str, Any] = {"overhead_usd": row.get("overhead_usd", 0)}
    if row["item"] == "REQUEST":
        sums["requests"] = 1
        sums["failures"] = int(row["status"] not in ANSWERED)
        sums |= {name: row[name] for name in FILES if name in row}
        if "feedback" in row:
            sums[f"feedback_{row['feedback']}"] = 1
        return _without_zeros(sums)
    if row["item"].startswith(RUN_ITEM):
        # A redriven execution is one run, with a row for each of its ends; a group is part of one.
        is_run = "redrive" not in row and "group" not in row
        return _without_zeros(sums | {"workflow_runs": int(is_run)})
    if row["item"] == REFUSED_ITEM:
        return _without_zeros(sums | {"refusals": 1})
    sums["attempts"] = row.get("calls", 1)
    sums["retries"] = row.get("retries", 0)
    sums["tool_calls"] = row.get("tool_calls", 0)
    sums["cache_hits"] = int(row.get("outcome") == CACHED)
    for name in TOKEN_CLASSES:
        sums[f"{name}_tokens"] = row.get(f"{name}_tokens", 0)
    if status == CostStatus.PRICED:
        sums["cost_usd"] = row["cost_usd"]
        sums[_bucket(Decimal(row["cost_usd"]))] = 1
        sums["baseline_usd"] = row.get("baseline_usd", 0)
        sums["baseline_unpriced"] = int("baseline_usd" not in row)
    else:
        sums[_COUNTED_AS[CostStatus(status)]] = 1
        sums["upper_estimate_usd"] = row.get("upper_estimate_usd", 0)
    return _without_zeros(sums)


def commitment(row: Row) -> Sums:
    """Return what one row holds of each of its budgets: the reservation, then the charge.

    A REQUEST row holds what was reserved for the request until it is priced itself; every row
    holds its own charge from then on.
    """
    if row.get("cost_status", CostStatus.PENDING) == CostStatus.PENDING:
        reserved = row.get("reserved_usd", 0)
        return _without_zeros({"committed_usd": reserved, "reserved_usd": reserved})
    return _without_zeros({"committed_usd": row.get("charge_usd", 0)})


def add(parts: Iterable[Mapping[str, Any]]) -> Sums:
    """Add sums name by name; zeros left out."""
    total: Sums = {}
    for part in parts:
        for name, value in part.items():
            total[name] = total.get(name, Decimal(0)) + value
    return _without_zeros(total)


def _bucket(cost: Decimal) -> str:
    micros = cost.scaleb(6)
    bound = next((bound for bound in HISTOGRAM_BOUNDS if micros <= bound), "inf")
    return f"cost_le_{bound}"


def _without_zeros(sums: Mapping[str, Any]) -> Sums:
    return {name: Decimal(value) for name, value in sums.items() if value}
