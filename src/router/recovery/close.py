"""Closes requests whose run ended without writing its own terminal row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from cost_calculator.rows import OPEN, Row, shard_of
from router.llm_classifier.attempt_row import ASKED, is_open, unreported
from router.recovery.history import Event, attempts_in
from router.review.decisions import REVIEW, dropped, waits
from router.rows import last_attempt, recovered_attempt_rows


class Store(Protocol):
    """What closing needs of the ``usage`` table."""

    def rows_of(self, request_id: str) -> dict[str, Row]: ...

    def close(self, request: Row, closing: Mapping[str, Any], attempts: list[Row]) -> bool: ...


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A run that is over: its ARN, how and when it ended (ISO), and its history if it has one."""

    arn: str
    cause: str
    ended_at: str
    history: Iterable[Event] | None


def close_request(
    store: Store, request_id: str, run: EndedRun, notify: Callable[[Mapping[str, Any]], None]
) -> bool:
    """Write the terminal row of a request that ``run`` left open; return whether it did.

    Only then ``notify`` is given the notice of the failure.

    Does nothing for a request that is closed, that was never accepted, or that another run owns
    (a run that was refused as a Conflict must not touch the row it conflicted with). A run that was
    redriven after its request was closed leaves the calls it made since.
    """
    rows = store.rows_of(request_id)
    request = rows.get("REQUEST")
    if request is None or request["execution_arn"] != run.arn:
        return False
    attempts = _attempts(request, run)
    recorded = last_attempt(rows)
    if request["status"] not in OPEN:
        if _was_redriven(run):
            _add_redriven(store, request, attempts, recorded)
        return False
    closing = {
        "status": "FAILED",
        "cause": run.cause,
        "ended_at": run.ended_at,
        "tier": request["route"],
        "attempts": recorded + len(attempts),
        "transitions": 3 + sum(1 + attempt["retries"] for attempt in attempts),
        "cost_status": "PENDING",
        "queue": f"PENDING#{shard_of(request_id)}",
        "queued_at": run.ended_at,
    }
    recovered = recovered_attempt_rows(request, attempts, first=recorded + 1)
    if (asked := rows.get(ASKED)) and is_open(asked):
        recovered.append(asked | unreported(request_id, run.cause, run.ended_at))
    if (review := rows.get(REVIEW)) and waits(review):
        recovered.append(dropped(review, run.cause, run.ended_at))
    if not store.close(request, closing, recovered):
        return False
    last = attempts[-1]["model"] if attempts else request["planned_model"]
    notify(
        {
            "request_id": request_id,
            "tenant": request["tenant"],
            "tier": request["route"],
            "cause": run.cause,
            "model": last,
            "attempts": len(attempts),
        }
    )
    return True


def _add_redriven(
    store: Store, request: Row, attempts: list[dict[str, Any]], recorded: int
) -> None:
    """Write the calls that a redriven run made after its request had been closed.

    The request stays closed, and its answer is in the history alone; but the calls were paid for.
    """
    known = recorded - int(request.get("earlier_attempts", 0))
    if late := attempts[known:]:
        rows = recovered_attempt_rows(request, late, first=recorded + 1)
        store.close(request, {"attempts": recorded + len(late)}, rows)


def _was_redriven(run: EndedRun) -> bool:
    return any(event["type"] == "ExecutionRedriven" for event in run.history or ())


def _attempts(request: Row, run: EndedRun) -> list[dict[str, Any]]:
    planned = {
        "provider": request["planned_provider"],
        "model": request["planned_model"],
        "max_tokens": request["max_tokens"],
        "mode": request.get("planned_mode", "standard"),
    }
    if run.history is not None:
        return attempts_in(run.history, planned, run.ended_at)
    # Without a history (Express) nobody knows whether the model was called: it may be on the bill.
    return [
        {
            **planned,
            "outcome": "UNKNOWN",
            "cause": run.cause,
            "started_at": request["accepted_at"],
            "ended_at": run.ended_at,
            "retries": 0,
            "served": False,
        }
    ]
