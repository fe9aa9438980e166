"""Opens a failed request again for another run: its rows go on, and its sums count it once. Pure.

A request that failed was counted when its row was priced. Opened again it is pending, and a pending
row adds nothing: what it had added is taken back in the same transaction. What its earlier runs
cost around the models is carried on the row and counted with the run that ends it at last.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from cost_calculator.rows import Row
from router.recording.attempt_rows import last_attempt

FAILURES = frozenset({"FAILED", "REFUSED", "FILTERED", "BLOCKED"})
"""The terminal statuses that another run may still turn into an answer."""


def next_run(request: Row) -> int | None:
    """Return the number of the run that a failed request may be given next, ``None`` for others.

    Who asks for a run names it: so a call that comes twice cannot start two. What was erased stays
    so: a run would store its texts again.
    """
    if "forgotten_at" in request:
        return None
    return int(request.get("runs", 1)) + 1 if request["status"] in FAILURES else None


def is_counted(request: Row) -> bool:
    """Return whether the failed run is in the sums already; before, it cannot be taken back."""
    return bool(request.get("cost_status") == "PRICED")


def given_back(request: Row) -> dict[str, Decimal]:
    """Return what a failed run's own charge holds of each of its budgets, by the budget's name."""
    names = request.get("budgets", "").split(",")
    return {name: Decimal(request.get("charge_usd", 0)) for name in names if name}


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
