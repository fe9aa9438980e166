"""The row of a workflow run's own costs: its states and its functions, without its steps. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from cost_calculator.row_keys import tenant_of
from cost_calculator.rows import ACCEPTED, RUN_ITEM, RUNNING, SCHEMA, Row, shard_of
from router.recording.attempt_rows import pending

_NO_TIER = "none"
_BROKEN_OFF = ("ABORTED", "TIMED_OUT")
"""Ends that no function writes. One that failed is in a Fail state, and a redrive stays there."""
_UNDER_WAY = timedelta(seconds=30)
"""A call that was sent before its run broke off has begun by then."""


def running_row(
    key: str,
    workflow: str,
    execution_arn: str,
    *,
    at: str,
    lambda_mb: int,
    group: int | None = None,
) -> Row:
    """Return the row of an execution that has begun; ``group`` as in ``run_row``.

    It is on the work list like an accepted request, so that the sweep closes it if nobody does.
    """
    return {
        **_base(key, workflow, execution_arn.rsplit(":", 1)[-1], group),
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
    redrives: int = 0,
    group: int | None = None,
) -> Row:
    """Return the row of one execution of a run that ended; it waits for its price like any other.

    A run that is started again has a row for each execution: each has states of its own. The same
    is true of each redrive of an execution; ``redrives`` is how many there were before this end.
    ``cause`` names the error of one that failed. ``group`` is the part of the run that the
    execution did, if it did not do all of it: it costs what it costs, and is no run of its own.
    """
    row: dict[str, Any] = {
        **_base(key, workflow, execution, group),
        "status": status,
        "ended_at": at,
        "transitions": transitions,
        "lambda_ms": list(lambda_ms),
        "lambda_mb": lambda_mb,
    }
    if cause:
        row["cause"] = cause
    if redrives:
        row |= {"item": f"{row['item']}#{redrives + 1}", "redrive": redrives}
    return row | pending(key, at)


def after_redrive(before: Row, row: Row) -> Row | None:
    """Return the row of an end that came after another, ``None`` if it is the same end again.

    A run that broke off and has a call long after was redriven. Its function counts all of the way,
    so that what the row ``before`` has is subtracted; the state that it broke off in is entered
    once more. What the calls before it took is not known to the last millisecond.
    """
    if before["status"] not in _BROKEN_OFF or not _is_long_after(before, row):
        return None
    redrives = int(before.get("redrive", 0)) + 1
    first = str(before["item"]).removesuffix(f"#{redrives}" if redrives > 1 else "")
    again = {**row, "item": f"{first}#{redrives + 1}", "redrive": redrives}
    if "transitions" in row and "transitions" in before:
        again["transitions"] = max(row["transitions"] - int(before["transitions"]) + 1, 1)
    # The call that tells of the end is one of them in any case.
    again["lambda_ms"] = row["lambda_ms"][len(before["lambda_ms"]) :] or row["lambda_ms"][-1:]
    return again


def _is_long_after(before: Row, row: Row) -> bool:
    """Return whether the call that tells of an end began when the run had long had another one."""
    took = timedelta(milliseconds=row["lambda_ms"][-1])
    broke_off, ended = (datetime.fromisoformat(each["ended_at"]) for each in (before, row))
    return ended - took - broke_off > _UNDER_WAY


def _base(key: str, workflow: str, execution: str, group: int | None) -> Row:
    return {
        "request_id": key,
        "item": f"{RUN_ITEM}{execution}",
        "schema": SCHEMA,
        "tenant": tenant_of(key),
        "tier": _NO_TIER,
        "workflow": workflow,
        **({} if group is None else {"group": group}),
    }
