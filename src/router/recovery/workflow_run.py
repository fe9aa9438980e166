"""Closes the row of a workflow's run that ended without writing it. Pure.

A workflow's own function writes the row when the run comes to its end. A run that was aborted, ran
out of time, or failed where no function is asked, is closed from its execution history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from cost_calculator.row_keys import DEFAULT_TENANT, key_of
from cost_calculator.rows import Row
from router.encoding import json_object, mapping_of
from router.intake.identity import is_request_id, is_tenant
from router.recording.workflow_run import run_row
from router.recovery.close import EndedRun
from router.recovery.history import Event

_ENDED = ("TaskSucceeded", "TaskFailed", "TaskTimedOut")
_ENDS = {
    "ExecutionAborted": ("ABORTED", "Aborted"),
    "ExecutionTimedOut": ("TIMED_OUT", "WorkflowTimedOut"),
}


class RunStore(Protocol):
    """The rows of runs."""

    def end(self, row: Row) -> bool:
        """Write the end of a run, once; return whether this call did."""


def key_of_run(payload: Any, execution_name: str) -> str:
    """Return the key of a run's rows, whether or not its input was accepted; trust no field."""
    given = mapping_of(payload)
    run_id, tenant = given.get("id", execution_name), given.get("tenant", DEFAULT_TENANT)
    if not (isinstance(run_id, str) and is_request_id(run_id)):
        run_id = execution_name
    if not (isinstance(tenant, str) and is_tenant(tenant)):
        tenant = DEFAULT_TENANT
    return key_of(tenant, run_id)


def close_run(store: RunStore, key: str, run: EndedRun, *, workflow: str, memory_mb: int) -> bool:
    """Write the end of a run from its history, unless it is written; return whether this did.

    A run that was redriven has an end before each redrive too. ``memory_mb`` is that of the
    workflow's function.
    """
    execution = run.arn.rsplit(":", 1)[-1]
    closed = False
    for redrives, part in enumerate(_parts(run)):
        history = part.history or ()
        row = run_row(
            key,
            workflow,
            execution,
            status=part.status,
            cause=part.cause,
            at=part.ended_at,
            transitions=states_entered(history),
            lambda_ms=list(function_times(history, part.ended_at)),
            lambda_mb=memory_mb,
            redrives=redrives,
            group=_group_of(run.history or ()),
        )
        if run.history is None:
            # What it did is not known: no count is better than a count of 0.
            del row["transitions"]
        closed = store.end(row)
    return closed


def _group_of(history: Iterable[Event]) -> int | None:
    """Return the part of a run that an execution does, from its input; ``None`` if it does all."""
    for event in history:
        if event.get("type") == "ExecutionStarted":
            details = mapping_of(event.get("executionStartedEventDetails"))
            group = json_object(details.get("input")).get("group")
            return group if isinstance(group, int) and not isinstance(group, bool) else None
    return None


def _parts(run: EndedRun) -> list[EndedRun]:
    """Return a run up to each redrive, and after the last one, each as if it were a run."""
    parts: list[list[Event]] = [[]]
    for event in run.history or ():
        if event["type"] == "ExecutionRedriven":
            parts.append([])
        else:
            parts[-1].append(event)
    earlier = [_broken_off(run, events) for events in parts[:-1]]
    history = None if run.history is None else parts[-1]
    return [*earlier, replace(run, history=history)]


def _broken_off(run: EndedRun, events: Sequence[Event]) -> EndedRun:
    end = events[-1] if events else {}
    status, cause = _ENDS.get(str(end.get("type")), ("FAILED", ""))
    details = mapping_of(end.get("executionFailedEventDetails"))
    at = end.get("timestamp")
    ended_at = at.isoformat() if isinstance(at, datetime) else run.ended_at
    return EndedRun(run.arn, cause or details.get("error") or "Failed", ended_at, events, status)


def states_entered(history: Iterable[Event]) -> int:
    """Return the transitions of a run: the states that it entered, and their retries.

    The branches of a Map are mixed in a history, so that retries are counted over all of it. A
    redriven run goes on in the state that it broke off in, which has no event: a call without one.
    """
    kinds = [str(event.get("type")) for event in history]
    entered = sum(kind.endswith("StateEntered") for kind in kinds)
    retries = kinds.count("TaskScheduled") - kinds.count("TaskStateEntered")
    return entered + max(retries, 0)


def function_times(history: Iterable[Event], ended_at: str) -> Iterator[int]:
    """Yield the milliseconds of each call of a function, as Step Functions saw it.

    Calls of a Map's branches may overlap: which of them an event ends makes no difference to their
    sum. One that had not come back is counted to the end of the run.
    """
    begun: list[datetime] = []
    for event in history:
        kind, at = str(event.get("type")), event.get("timestamp")
        if not isinstance(at, datetime) or not _is_of_a_function(event, kind):
            continue
        if kind == "TaskScheduled":
            begun.append(at)
        elif kind in _ENDED and begun:
            yield _milliseconds(begun.pop(0), at)
    end = datetime.fromisoformat(ended_at)
    yield from (_milliseconds(since, end) for since in begun)


def _is_of_a_function(event: Event, kind: str) -> bool:
    details: Mapping[str, Any] = mapping_of(event.get(f"{kind[:1].lower()}{kind[1:]}EventDetails"))
    return details.get("resourceType") == "lambda" or "lambda" in str(details.get("resource"))


def _milliseconds(since: datetime, until: datetime) -> int:
    return max(round((until - since).total_seconds() * 1000), 0)
