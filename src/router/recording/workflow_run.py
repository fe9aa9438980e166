"""The row of a workflow run's own costs: its states and its functions, without its steps. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cost_calculator.row_keys import tenant_of
from cost_calculator.rows import ACCEPTED, RUN_ITEM, RUNNING, SCHEMA, Row, shard_of
from router.recording.attempt_rows import pending

_NO_TIER = "none"


def running_row(key: str, workflow: str, execution_arn: str, *, at: str, lambda_mb: int) -> Row:
    """Return the row of an execution that has begun.

    It is on the work list like an accepted request, so that the sweep closes it if nobody does.
    """
    return {
        **_base(key, workflow, execution_arn.rsplit(":", 1)[-1]),
        "status": RUNNING,
        "execution_arn": execution_arn,
        "started_at": at,
        "lambda_mb": lambda_mb,
        "queue": f"{ACCEPTED}#{shard_of(key)}",
        "queued_at": at,
    }


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
    cause: str | None = None,
) -> Row:
    """Return the row of one execution of a run that ended; it waits for its price like any other.

    A run that is started again has a row for each execution: each has states of its own. ``cause``
    names the error of one that failed.
    """
    row: dict[str, Any] = {
        **_base(key, workflow, execution),
        "status": status,
        "ended_at": at,
        "transitions": transitions,
        "lambda_ms": list(lambda_ms),
        "lambda_mb": lambda_mb,
    }
    if cause:
        row["cause"] = cause
    return row | pending(key, at)


def _base(key: str, workflow: str, execution: str) -> Row:
    return {
        "request_id": key,
        "item": f"{RUN_ITEM}{execution}",
        "schema": SCHEMA,
        "tenant": tenant_of(key),
        "tier": _NO_TIER,
        "workflow": workflow,
    }
