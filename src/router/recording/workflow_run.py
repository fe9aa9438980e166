"""The row of a workflow run's own costs: its states and its functions, without its steps. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cost_calculator.row_keys import tenant_of
from cost_calculator.rows import RUN_ITEM, SCHEMA, Row
from router.recording.attempt_rows import pending

_NO_TIER = "none"


def run_row(
    key: str,
    workflow: str,
    execution: str,
    *,
    status: str,
    at: str,
    transitions: int,
    lambda_ms: Sequence[int],
    lambda_mb: int,
) -> Row:
    """Return the row of one execution of a run; it waits for its price like any other.

    A run that is started again has a row for each execution: each has states of its own.
    """
    row: dict[str, Any] = {
        "request_id": key,
        "item": f"{RUN_ITEM}{execution}",
        "schema": SCHEMA,
        "tenant": tenant_of(key),
        "tier": _NO_TIER,
        "workflow": workflow,
        "status": status,
        "ended_at": at,
        "transitions": transitions,
        "lambda_ms": list(lambda_ms),
        "lambda_mb": lambda_mb,
    }
    return row | pending(key, at)
