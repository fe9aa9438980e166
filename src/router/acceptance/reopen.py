"""Reopens a failed request for another run: it keeps its rows, and the sums count it once. Pure.

A request that failed was counted when its row was priced. Reopened it is pending, and a pending row
adds nothing: the same transaction subtracts what it had added. The row carries the overhead of its
earlier runs, which is counted with its last run.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from cost_calculator.budget_names import budgets_of
from cost_calculator.rows import Row
from router.recording.attempt_rows import last_attempt

FAILURES = frozenset({"FAILED", "REFUSED", "FILTERED", "BLOCKED"})
"""The terminal statuses that another run may still turn into an answer."""


def next_run(request: Row) -> int | None:
    """Return the number of the run that a failed request may be given next, ``None`` for others.

    The caller names the run, so a repeated call cannot start two. A request whose texts were erased
    gets no run, which would store its texts again.
    """
    if "forgotten_at" in request:
        return None
    return int(request.get("runs", 1)) + 1 if request["status"] in FAILURES else None


def is_counted(request: Row) -> bool:
    """Return whether the sums hold the failed run; before that, it cannot be subtracted."""
    return bool(request.get("cost_status") == "PRICED")


def given_back(request: Row) -> dict[str, Decimal]:
    """Return what a failed run's own charge holds of each of its budgets, by the budget's name."""
    return {name: Decimal(request.get("charge_usd", 0)) for name in budgets_of(request)}


def reopened(rows: Mapping[str, Row], fresh: Row) -> Row:
    """Return the REQUEST row of the next run: ``fresh``, as a new request would have it, and what
    the runs before it leave to it. ``rows`` are the request's rows by their ``item`` key.
    """
    before = rows["REQUEST"]
    return {
        **fresh,
        "accepted_at": before["accepted_at"],
        "day_shard": before["day_shard"],
        "reopened_at": fresh["accepted_at"],
        "runs": next_run(before),
        "earlier_attempts": last_attempt(rows),
        "earlier_overhead_usd": before.get("overhead_usd", 0),
    }
