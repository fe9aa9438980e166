"""Closes requests whose run ended without writing its own terminal row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from cost_calculator.row_keys import request_id_of
from cost_calculator.rows import OPEN, Row
from router.executions.names import is_direct
from router.invocation.attempt import UNKNOWN, Attempt
from router.llm_classifier.attempt_row import ASKED, is_open, unreported
from router.recording.attempt_rows import attempt_rows, last_attempt, pending
from router.recording.facts import RequestFacts
from router.recording.record import Closing, End, record
from router.recovery.history import Event, attempts_in, transitions_in
from router.review.decisions import REVIEW, dropped, waits
from router.routing.run_plan import Target
from router.runner.direct import IN_FLIGHT
from router.runner.run import BEFORE


class Store(Protocol):
    """What closing needs of the ``usage`` table."""

    def rows_of(self, request_id: str) -> dict[str, Row]: ...

    def record(self, closing: Closing) -> bool: ...

    def add_attempts(self, request: Row, attempts: Sequence[Row], total: int) -> bool: ...


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A run that is over: its ARN, how and when it ended (ISO), and its history if it has one.

    ``status`` is that of its execution.
    """

    arn: str
    cause: str
    ended_at: str
    history: Sequence[Event] | None
    status: str = "FAILED"


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
    facts = RequestFacts.from_row(request, earlier_attempts=recorded)
    if request["status"] not in OPEN:
        if _was_redriven(run):
            _add_redriven(store, request, facts, attempts)
        return False
    end = End(run.ended_at, _transitions(run, attempts), cause=run.cause)
    closing = record(facts, attempts, end)
    # A run that died is FAILED, whatever its last call was about to become; and it may have died
    # while a reviewer's time put its place in the queue off.
    ended = {**closing.request, "status": "FAILED", **pending(request_id, run.ended_at)}
    closing = replace(closing, request=ended)
    others: list[Row] = []
    if (asked := rows.get(ASKED)) and is_open(asked):
        others.append(asked | unreported(request_id, run.cause, run.ended_at))
    if (review := rows.get(REVIEW)) and waits(review):
        others.append(dropped(review, run.cause, run.ended_at))
    if not store.record(replace(closing, attempts=[*closing.attempts, *others])):
        return False
    notify(
        {
            "request_id": request_id_of(request_id),
            "tenant": request["tenant"],
            "tier": request["route"],
            "cause": run.cause,
            "model": attempts[-1].model if attempts else request["planned_model"],
            "attempts": len(attempts),
        }
    )
    return True


def _add_redriven(store: Store, request: Row, facts: RequestFacts, attempts: list[Attempt]) -> None:
    """Write the calls that a redriven run made after its request had been closed.

    The request stays closed, and its answer is in the history alone; but the calls were paid for.
    """
    known = facts.earlier_attempts - int(request.get("earlier_attempts", 0))
    if late := attempts[known:]:
        rows = attempt_rows(facts, late, late[-1].ended_at)
        store.add_attempts(request, rows, facts.earlier_attempts + len(late))


def _transitions(run: EndedRun, attempts: list[Attempt]) -> int:
    if is_direct(run.arn):
        return 0
    if run.history is not None:
        return transitions_in(run.history)
    return BEFORE + sum(1 + attempt.retries for attempt in attempts)


def _was_redriven(run: EndedRun) -> bool:
    return any(event["type"] == "ExecutionRedriven" for event in run.history or ())


def _attempts(request: Row, run: EndedRun) -> list[Attempt]:
    planned = _planned(request)
    if run.history is not None:
        return attempts_in(run.history, planned, run.ended_at)
    # Without a history (Express, direct) the model may have been called: it may be on the bill.
    called = _in_flight(request) or planned
    unknown = Attempt(
        provider=called.provider,
        model=called.model,
        outcome=UNKNOWN,
        started_at=str(request["accepted_at"]),
        ended_at=run.ended_at,
        max_tokens=called.max_tokens,
        mode=called.mode,
        cause=run.cause,
    )
    return [unknown]


def _planned(request: Row) -> Target:
    return Target(
        str(request.get("planned_provider", "")),
        str(request.get("planned_model", "")),
        int(request.get("max_tokens", 0)),
        service_tier=str(request.get("planned_mode", "standard")),
    )


def _in_flight(request: Row) -> Target | None:
    """Return the model that a direct run asked after its first one had failed."""
    called = request.get(IN_FLIGHT)
    return Target.from_json(called) if called else None
