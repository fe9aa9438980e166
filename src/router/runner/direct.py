"""Carries a run in one process, without a state machine: a plan in, its end written down. Pure.

The decisions and the rows are those of the workflow (``router.runner.run``); what it leaves to Step
Functions is here: the pauses before what cannot have been billed is sent again, and before a write
is. Attempts that fail are written as they happen, so that a run which dies owes no more than its
call in flight.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from cost_calculator.clock import iso
from cost_calculator.rows import Row
from router.errors import NotBilled, RequestClosed, StoreUnavailable
from router.invocation.attempt import Attempt
from router.invocation.call import Answer, ModelCall
from router.invocation.invoke import CallFailed
from router.providers.call_json import call_from_json
from router.recording.attempt_rows import attempt_rows
from router.recording.record import Closing
from router.routing.next_step import Call
from router.routing.run_plan import Progress, RunPlan, Target
from router.runner.run import (
    BEFORE_A_CALL,
    Answered,
    facts_of,
    finish_answered,
    finish_failed,
    next_of,
    notice_of,
)

IN_FLIGHT = "in_flight"
"""The attribute of a REQUEST row that names the model a run asks after a failed attempt."""

# As in asl/router.asl.json: RecordAnswer's.
_BEFORE_A_WRITE = (1.0, 2.0, 4.0, 8.0)
# A call that cannot end in time would be paid for nothing.
LEAST_SECONDS = 20.0

Part = TypeVar("Part")
Spoken = Generator[Part, None, tuple[Answer, Attempt]]
"""One model call: what it says as it says it, then its answer and attempt; or ``CallFailed``."""


class Store(Protocol):
    """What a run writes; see ``UsageStore``."""

    def record(self, closing: Closing) -> bool: ...

    def note_attempt(
        self, key: str, execution_arn: str, attempt: Row, changes: Mapping[str, Any]
    ) -> bool: ...


@dataclass(frozen=True, slots=True)
class Ports(Generic[Part]):
    """What a run needs. ``pause`` waits for a while of at most so many seconds."""

    call: Callable[[ModelCall], Spoken[Part]]
    store: Store
    notify: Callable[[Mapping[str, Any]], None]
    pause: Callable[[float], None]
    seconds_left: Callable[[], float]
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a run, as it is written; ``outcome`` is its caller's, ``None`` if it failed."""

    closing: Closing
    outcome: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class _Called:
    attempt: Attempt
    answer: Answer | None
    has_begun: bool


def carry(
    planned: Mapping[str, Any], execution: str, ports: Ports[Part]
) -> Generator[Part, None, Ending]:
    """Yield what the answering model says, and return how the run ended.

    ``planned`` is what ``accept`` returned for the run named ``execution``. Until the first part
    another model may be asked; after it nobody is, since the caller has read the beginning. Raise
    ``StoreUnavailable`` if the end cannot be written, and ``RequestClosed`` if somebody else did.
    """
    plan, progress = RunPlan.from_json(planned["plan"]), Progress()
    while True:
        called = yield from _called(call_from_json(planned["call"], progress.target), ports)
        progress = progress.with_attempts((*progress.attempts, called.attempt))
        if called.answer is not None:
            given, at = Answered.by(called.answer), called.attempt.ended_at
            closing, outcome = finish_answered(plan, progress, given, execution, at)
            return Ending(_closed(closing, progress, ports), outcome)
        step = next_of(plan, progress)
        has_time = ports.seconds_left() >= LEAST_SECONDS
        if not isinstance(step, Call) or called.has_begun or not has_time:
            failed = finish_failed(plan, progress, execution, iso(ports.clock()))
            ending = Ending(_closed(failed, progress, ports), None)
            ports.notify(notice_of(plan, progress))
            return ending
        _note(plan, progress, execution, step.target, ports)
        progress = replace(progress, target=step.target)


def _called(call: ModelCall, ports: Ports[Part]) -> Generator[Part, None, _Called]:
    """Make a call, again as long as the one before cannot have been billed."""
    retries, has_begun = 0, False
    while True:
        spoken = ports.call(call)
        try:
            while True:
                part = next(spoken)
                has_begun = True
                yield part
        except StopIteration as end:
            answer, attempt = end.value
            return _Called(replace(attempt, retries=retries), answer, has_begun)
        except CallFailed as failed:
            may_repeat = isinstance(failed.error, NotBilled) and not has_begun
            if not may_repeat or retries == len(BEFORE_A_CALL) or not _has_time(retries, ports):
                return _Called(replace(failed.attempt, retries=retries), None, has_begun)
        ports.pause(BEFORE_A_CALL[retries])
        retries += 1


def _has_time(retries: int, ports: Ports[Part]) -> bool:
    return ports.seconds_left() >= BEFORE_A_CALL[retries] + LEAST_SECONDS


def _note(
    plan: RunPlan, progress: Progress, execution: str, target: Target, ports: Ports[Part]
) -> None:
    """Write the last attempt, and which model is asked next."""
    last = progress.attempts[-1]
    *_, row = attempt_rows(facts_of(plan, execution), progress.attempts, last.ended_at)
    number = int(plan.record["earlier_attempts"]) + len(progress.attempts)
    asked = replace(target, when=(), larger_than=(), draft_s3=None)
    changes = {"attempts": number, IN_FLIGHT: asked.to_json()}
    if not _written(lambda: ports.store.note_attempt(plan.key, execution, row, changes), ports):
        raise _closed_by_another(plan.request_id)


def _closed(closing: Closing, progress: Progress, ports: Ports[Part]) -> Closing:
    # All attempts but the last are written already.
    left = replace(closing, attempts=closing.attempts[len(progress.attempts) - 1 :])
    if not _written(lambda: ports.store.record(left), ports):
        raise _closed_by_another(closing.request_id)
    return closing


def _written(write: Callable[[], bool], ports: Ports[Part]) -> bool:
    for seconds in _BEFORE_A_WRITE:
        try:
            return write()
        except StoreUnavailable:
            ports.pause(seconds)
    return write()


def _closed_by_another(request_id: str) -> RequestClosed:
    return RequestClosed(f"request {request_id} was closed while its model answered")
