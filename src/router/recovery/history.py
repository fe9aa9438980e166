"""Recovers the attempts of a run that died from its execution history (Standard workflows). Pure.

Every entry of an ``Invoke…`` state was one attempt; its ``TaskScheduled`` events beyond the first
were retries. The HTTP Task's state is entered again for a call that is sent again: that is the same
attempt. A call that was scheduled and never reported back may have been billed: ``UNKNOWN``. A
redriven run continues in the state that failed, in the same history: that is an attempt of its own.
A malformed event loses no more than its own facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from cost_calculator.clock import iso
from router.encoding import json_object, mapping_of
from router.errors import CallError
from router.invocation.attempt import UNKNOWN, Attempt, read_attempt
from router.invocation.invoke import attempt_of, failed_attempt
from router.providers.openai_chat import read_completion
from router.routing.run_plan import Target
from router.runner.run import Failure, attempt_of_failure

Event = Mapping[str, Any]
_HTTP_TASK = "InvokeOpenAI"
_ENDED = ("TaskSucceeded", "TaskFailed", "TaskTimedOut")


@dataclass(slots=True)
class _Entry:
    """The events of one stay in an ``Invoke…`` state."""

    name: str
    started: Any
    scheduled: list[Event] = field(default_factory=list)
    last: Event | None = None


def attempts_in(events: Iterable[Event], planned: Target, ended_at: str) -> list[Attempt]:
    """Return the attempts in a history, in order.

    ``events`` are those of GetExecutionHistory, oldest first. ``planned`` is the plan's first
    model, for a call whose parameters do not name it.
    """
    return [_attempt(entry, planned, ended_at) for entry in _entries(events) if entry.scheduled]


def transitions_in(events: Iterable[Event]) -> int:
    """Return the state transitions of a run: the states it entered, and their retries."""
    entered = retries = tries = 0
    for event in events:
        kind = str(event.get("type"))
        if kind.endswith("StateEntered"):
            entered, tries = entered + 1, 0
        elif kind == "TaskScheduled":
            tries += 1
            retries += tries > 1
    return entered + retries


def _entries(events: Iterable[Event]) -> list[_Entry]:
    entries: list[_Entry] = []
    inside = False
    for event in events:
        kind = str(event.get("type"))
        if kind.endswith("StateEntered"):
            name = str(mapping_of(event.get("stateEnteredEventDetails")).get("name"))
            inside = name.startswith("Invoke")
            is_sent_again = bool(entries) and name == entries[-1].name == _HTTP_TASK
            if inside and not is_sent_again:
                entries.append(_Entry(name, event.get("timestamp")))
        elif inside and kind == "ExecutionRedriven":
            entries.append(_Entry(entries[-1].name, event.get("timestamp")))
        elif inside and kind == "TaskScheduled":
            entries[-1].scheduled.append(event)
            entries[-1].last = None
        elif inside and kind in _ENDED:
            entries[-1].last = event
    return entries


def _attempt(entry: _Entry, planned: Target, ended_at: str) -> Attempt:
    last = entry.last
    target = _target(entry.scheduled[-1], planned)
    started = _time(entry.started, ended_at)
    ended = _time(last.get("timestamp"), ended_at) if last else ended_at
    unknown = Attempt(
        provider=target.provider,
        model=target.model,
        outcome=UNKNOWN,
        started_at=started,
        ended_at=ended,
        max_tokens=target.max_tokens,
        mode=target.mode,
        cause="NoReport",
    )
    retries = len(entry.scheduled) - 1
    # Whatever it answered, a run that died served nobody.
    return replace(_reported(entry, target, unknown), retries=retries, served=False)


def _reported(entry: _Entry, target: Target, unknown: Attempt) -> Attempt:
    last = entry.last
    if last is None or last["type"] == "TaskTimedOut":
        return unknown
    if last["type"] == "TaskFailed":
        failed = mapping_of(last.get("taskFailedEventDetails"))
        error, cause = str(failed.get("error") or "NoReport"), str(failed.get("cause") or "")
        failure = Failure(entry.name, error, cause, unknown.started_at, 0)
        return attempt_of_failure(failure, target, unknown.ended_at)
    output = json_object(mapping_of(last.get("taskSucceededEventDetails")).get("output"))
    if "ResponseBody" in output:
        return _spoken_http(output["ResponseBody"], target, unknown)
    attempts = mapping_of(output.get("Payload")).get("attempts")
    if not isinstance(attempts, list) or not attempts:
        return unknown
    # It has reported: the cause is the reported one, or none.
    found = read_attempt(attempts[-1], replace(unknown, cause=None))
    return replace(found, cause=found.cause or unknown.cause) if found.outcome == UNKNOWN else found


def _spoken_http(body: Any, target: Target, unknown: Attempt) -> Attempt:
    started = datetime.fromisoformat(unknown.started_at)
    ended = datetime.fromisoformat(unknown.ended_at)
    try:
        answer = read_completion(body, target.mode)
    except CallError as error:
        return failed_attempt(target, error, started, ended)
    return attempt_of(target, answer, started, ended, memory_mb=0)


def _target(scheduled: Event, planned: Target) -> Target:
    details = mapping_of(scheduled.get("taskScheduledEventDetails"))
    parameters = json_object(details.get("parameters"))
    payload = mapping_of(parameters.get("Payload"))
    chosen = mapping_of(mapping_of(payload.get("progress")).get("target"))
    named = chosen or mapping_of(payload.get("call"))
    try:
        target = Target.from_json(named) if named else planned
    except (ArithmeticError, KeyError, TypeError, ValueError):
        return planned
    words = (target.provider, target.model, target.service_tier or "", target.latency or "")
    return target if all(isinstance(word, str) for word in words) else planned


def _time(moment: Any, otherwise: str) -> str:
    return iso(moment) if isinstance(moment, datetime) else otherwise
