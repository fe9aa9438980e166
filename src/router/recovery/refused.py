"""The row of a run that was refused before it was accepted: what it cost nevertheless. Pure.

Such a run has no REQUEST row. Its states and functions are on AWS's bill all the same, so they are
summed under the tenant that it named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from cost_calculator.row_keys import tenant_of
from cost_calculator.rows import REFUSED_ITEM, SCHEMA, Row
from router.recording.attempt_rows import pending
from router.recovery.close import EndedRun
from router.recovery.history import Event, transitions_in

_NO_TIER = "none"


def refused_row(
    key: str, rows: Mapping[str, Row], run: EndedRun, function_ms: int, memory_mb: int
) -> Row | None:
    """Return the row of a run that ended without ever having been accepted, else ``None``.

    ``rows`` are those under the request's ``key``. They may belong to another run: one that the
    refused run conflicted with, or a later one of the same request. So the run's history decides:
    in a run that was accepted, the analysis succeeded or left a row of this run.
    ``function_ms`` is what the function took that closes the run; ``memory_mb`` is that of the
    analysis, the larger of the two.
    """
    owner = rows.get("REQUEST", {}).get("execution_arn")
    if run.history is None or owner == run.arn or _was_analyzed(run.history):
        return None
    execution = run.arn.rsplit(":", 1)[-1]
    refused = f"{REFUSED_ITEM}#{execution}"  # no request's key: those have no #
    row: Row = {
        "request_id": refused,
        "item": REFUSED_ITEM,
        "schema": SCHEMA,
        "tenant": tenant_of(key),
        "tier": _NO_TIER,
        "execution_arn": run.arn,
        "cause": run.cause,
        "ended_at": run.ended_at,
        "transitions": transitions_in(run.history),
        "lambda_ms": [*_tries(run.history), function_ms],
        "lambda_mb": memory_mb,
    }
    return row | pending(refused, run.ended_at)


def _was_analyzed(history: Sequence[Event]) -> bool:
    return any(event.get("type") == "TaskSucceeded" for event in history)


def _tries(history: Sequence[Event]) -> list[int]:
    """Return the milliseconds of each try of the analysis, as Step Functions saw it."""
    tries: list[int] = []
    since: datetime | None = None
    for event in history:
        kind, at = str(event.get("type")), event.get("timestamp")
        if not isinstance(at, datetime):
            continue
        if kind == "TaskScheduled":
            since = at
        elif kind in ("TaskFailed", "TaskTimedOut") and since is not None:
            tries.append(round((at - since).total_seconds() * 1000))
            since = None
    return tries
