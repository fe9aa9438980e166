"""Reports the end of each call from the usage table's stream to its model's breaker. Pure.

A healthy call of a closed breaker is kept in the process until a call fails, so that a deployment
without failures writes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from router.guards.breaker import (
    Breaker,
    Call,
    Phase,
    Settings,
    breaker_key,
    from_row,
    milliseconds,
    observe,
)
from router.guards.conditional_update import Item

_HEALTHY = frozenset({"OK", "TRUNCATED", "REFUSED", "FILTERED", "BLOCKED", "INVALID_ANSWER"})
_UNHEALTHY = frozenset({"THROTTLED", "OVERLOADED", "UNREACHABLE"})
# Of calls that may have been billed, these causes concern the model; others a run or a Lambda.
_UNHEALTHY_CAUSES = ("ModelTimeout", "ModelError", "States.Timeout", "States.Http.")
_OUR_OWN_LIMIT = "Lambda.TooManyRequestsException"
_MOST_KEPT = 1000
_TRIES = 5


class BreakerStore(Protocol):
    """The breakers in the ``control`` table."""

    def read(self, keys: Collection[str]) -> dict[str, Item]: ...

    def save(self, key: str, before: Breaker, after: Breaker) -> bool: ...


@dataclass(slots=True)
class PendingSuccesses:
    """Successful calls by breaker that are not written yet; lives as long as the process."""

    calls: dict[str, list[Call]] = field(default_factory=dict)

    def add(self, key: str, calls: Iterable[Call], at: datetime, settings: Settings) -> None:
        """Keep calls, and of those before only what still lies in the window."""
        oldest = milliseconds(at) - settings.window_seconds * 1000
        kept = [call for call in (*self.calls.get(key, ()), *calls) if call.ended_ms >= oldest]
        self.calls[key] = kept[-_MOST_KEPT:]

    def take(self, key: str) -> list[Call]:
        """Return what was kept, and forget it."""
        return self.calls.pop(key, [])


def watch(
    rows: Iterable[Mapping[str, Any]],
    store: BreakerStore,
    healthy: PendingSuccesses,
    settings: Settings,
    at: datetime,
) -> list[str]:
    """Bring the breakers up to date with ATTEMPT rows; return the keys of those that opened.

    An unreadable row is skipped: pricing reports it.
    """
    calls: dict[str, list[Call]] = {}
    for row in rows:
        with suppress(KeyError, ValueError):
            key = breaker_key(row["provider"], row["model"])
            calls.setdefault(key, []).append(call_of(row))
    items = store.read(calls)
    return [
        key
        for key, seen in sorted(calls.items())
        if _show(key, seen, from_row(items.get(key, {})), store, healthy, settings, at)
    ]


def call_of(row: Mapping[str, Any]) -> Call:
    """Return the call in an ATTEMPT row, for its model's breaker."""
    outcome, cause = row["outcome"], str(row.get("cause", ""))
    failed: bool | None = None
    if outcome in _HEALTHY:
        failed = False
    elif (outcome in _UNHEALTHY and cause != _OUR_OWN_LIMIT) or (
        outcome == "UNKNOWN" and cause.startswith(_UNHEALTHY_CAUSES)
    ):
        failed = True
    return Call(
        row["request_id"],
        milliseconds(datetime.fromisoformat(row["started_at"])),
        milliseconds(datetime.fromisoformat(row["ended_at"])),
        failed,
        throttled=bool(failed) and outcome == "THROTTLED",
    )


def _show(
    key: str,
    calls: list[Call],
    before: Breaker,
    store: BreakerStore,
    healthy: PendingSuccesses,
    settings: Settings,
    at: datetime,
) -> bool:
    """Return whether the calls opened the breaker."""
    quiet = before.phase is Phase.CLOSED and not (before.failures or before.throttles)
    if quiet and not any(call.failed for call in calls):
        healthy.add(key, (call for call in calls if call.failed is False), at, settings)
        return False
    calls = [*healthy.take(key), *calls]
    for _ in range(_TRIES):
        after = observe(before, calls, at, settings)
        if after == before:
            return False
        if store.save(key, before, replace(after, version=before.version + 1)):
            return after.openings > before.openings
        before = from_row(store.read([key]).get(key, {}))
    raise RuntimeError(f"too many write to {key} at once: the calls are delivered again")
