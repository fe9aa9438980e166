"""Recovers the attempts of a run that died from its execution history (Standard workflows).

Every entry of an ``Invoke…`` state was one attempt; its ``TaskScheduled`` events beyond the first
were retries. What was scheduled and never reported back may have been billed: ``UNKNOWN``. A
redriven run goes on in the state that failed, in the same history: that is an attempt of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cost_calculator.clock import iso
from router.catalog.service_tiers import mode_of
from router.encoding import json_object

Event = Mapping[str, Any]


@dataclass(slots=True)
class _Entry:
    """The events of one stay in an ``Invoke…`` state."""

    started: Any
    scheduled: list[Event] = field(default_factory=list)
    last: Event | None = None


def attempts_in(
    events: Iterable[Event], planned: Mapping[str, Any], ended_at: str
) -> list[dict[str, Any]]:
    """Return the attempts in a history, in order, in the workflow's own shape.

    ``events`` are those of GetExecutionHistory, oldest first. ``planned`` gives ``provider``,
    ``model``, ``max_tokens`` and ``mode`` of the plan, for a call whose parameters do not say them.
    """
    return [_attempt(entry, planned, ended_at) for entry in _entries(events) if entry.scheduled]


def _entries(events: Iterable[Event]) -> list[_Entry]:
    entries: list[_Entry] = []
    inside = False
    for event in events:
        kind = event["type"]
        if kind.endswith("StateEntered"):
            inside = event["stateEnteredEventDetails"]["name"].startswith("Invoke")
            if inside:
                entries.append(_Entry(event["timestamp"]))
        elif inside and kind == "ExecutionRedriven":
            entries.append(_Entry(event["timestamp"]))
        elif inside and kind == "TaskScheduled":
            entries[-1].scheduled.append(event)
            entries[-1].last = None
        elif inside and kind in ("TaskSucceeded", "TaskFailed", "TaskTimedOut"):
            entries[-1].last = event
    return entries


def _attempt(entry: _Entry, planned: Mapping[str, Any], ended_at: str) -> dict[str, Any]:
    last = entry.last
    base = {
        **_called(entry.scheduled[-1], planned),
        "started_at": iso(entry.started),
        "ended_at": iso(last["timestamp"]) if last else ended_at,
        "retries": len(entry.scheduled) - 1,
        "served": False,
    }
    unknown = base | {"outcome": "UNKNOWN", "cause": "NoReport"}
    if last is None or last["type"] == "TaskTimedOut":
        return unknown
    if last["type"] == "TaskSucceeded":
        output = json_object(last["taskSucceededEventDetails"].get("output"))
        return base | (_reported(output) or _spoken_http(output) or unknown)
    failure = last["taskFailedEventDetails"]
    reported = json_object(json_object(failure.get("cause")).get("errorMessage"))
    return unknown | {"cause": failure.get("error", "NoReport")} | _trusted(reported)


def _called(scheduled: Event, planned: Mapping[str, Any]) -> dict[str, Any]:
    parameters = json_object(scheduled["taskScheduledEventDetails"].get("parameters"))
    call = parameters.get("Payload") or parameters.get("RequestBody") or {}
    most = call.get("max_tokens", call.get("max_completion_tokens", planned["max_tokens"]))
    return {
        "provider": call.get("provider", planned["provider"]),
        "model": call.get("model", planned["model"]),
        "max_tokens": int(most),
        "mode": call.get("mode", planned["mode"]),
    }


def _reported(output: Mapping[str, Any]) -> dict[str, Any]:
    return _trusted((output.get("Payload") or {}).get("attempt") or {})


def _spoken_http(output: Mapping[str, Any]) -> dict[str, Any]:
    body = output.get("ResponseBody")
    if body is None:
        return {}
    if not isinstance(body, dict):
        return {"outcome": "BAD_RESPONSE", "cause": "BadResponse"}
    choice = (body.get("choices") or [{}])[0]
    answered = bool((choice.get("message") or {}).get("content"))
    tier = body.get("service_tier")
    facts = {
        "usage": body.get("usage"),
        "response_model": body.get("model"),
        "mode": mode_of(tier) if tier else None,
    }
    known = {name: value for name, value in facts.items() if value}
    if not answered:
        return {"outcome": "BAD_RESPONSE", "cause": "BadResponse", **known}
    return {"outcome": "TRUNCATED" if choice.get("finish_reason") == "length" else "OK", **known}


def _trusted(attempt: Mapping[str, Any]) -> dict[str, Any]:
    # Whatever it answered, a run that died served nobody.
    return {name: value for name, value in attempt.items() if name not in ("served", "retries")}
