"""Circuit breaker of one model: closed, open, half-open with one probe. Pure.

``watch_models`` reports how calls ended; ``analyze`` asks whether to call. A breaker is an item of
``control`` whose ``version`` moves with each write, so that one of two writers sees the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from cost_calculator.clock import iso
from router.guards.conditional_update import ConditionalUpdate, Item

_PREFIX = "breaker#"


class Phase(StrEnum):
    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


class Admission(StrEnum):
    """What to do with a call: make it, leave it, or make it as the one probe."""

    ASK = "ASK"
    SKIP = "SKIP"
    PROBE = "PROBE"


@dataclass(frozen=True, slots=True)
class Settings:
    """When a breaker opens, and how long it stays open.

    It opens on ``error_rate`` (0..1) of at least ``min_calls`` in a window, or on so many throttled
    calls in a row. The cool-down doubles with each failed probe. A probe without news for
    ``probe_seconds`` is released: its run has died.
    """

    window_seconds: int = 60
    min_calls: int = 10
    error_rate: float = 0.5
    throttles: int = 5
    cool_down_seconds: int = 30
    max_cool_down_seconds: int = 600
    probe_seconds: int = 300


def parse_settings(data: Mapping[str, Any]) -> Settings:
    """Read the module's JSON; missing settings keep their defaults."""
    return Settings(**{name: value for name, value in data.items() if value is not None})


@dataclass(frozen=True, slots=True)
class Call:
    """How one call ended: ``failed`` if the model is unhealthy, ``None`` if that is unclear."""

    request_id: str
    started_ms: int
    ended_ms: int
    failed: bool | None
    throttled: bool = False


@dataclass(frozen=True, slots=True)
class Breaker:
    """The state of one model; times are epoch milliseconds, 0 if there is none."""

    phase: Phase = Phase.CLOSED
    version: int = 0
    window_ms: int = 0
    calls: int = 0
    failures: int = 0
    throttles: int = 0
    openings: int = 0
    opened_ms: int = 0
    open_until_ms: int = 0
    probe: str = ""
    probe_until_ms: int = 0


def breaker_key(provider: str, model: str) -> str:
    """Return the key of a model's breaker in ``control``."""
    return f"{_PREFIX}{provider}/{model}"


def model_of(key: str) -> str | None:
    """Return ``provider/model`` of a breaker's key, ``None`` for another item."""
    return key.removeprefix(_PREFIX) if key.startswith(_PREFIX) else None


def from_row(item: Mapping[str, Any]) -> Breaker:
    """Return the breaker that an item holds; closed if there is none."""
    texts = {"probe": str(item.get("probe", "")), "phase": Phase(item.get("phase", Phase.CLOSED))}
    numbers = {f.name: int(item.get(f.name, 0)) for f in fields(Breaker) if f.name not in texts}
    return Breaker(**texts, **numbers)  # type: ignore[arg-type]


def to_row(key: str, breaker: Breaker) -> Item:
    """Return the item that holds a breaker."""
    values = {f.name: getattr(breaker, f.name) for f in fields(Breaker)}
    return {"key": key, **values, "phase": breaker.phase.value}


def admission(breaker: Breaker, at: datetime) -> Admission:
    """Return what to do with a call of the model."""
    now = milliseconds(at)
    if breaker.phase is Phase.CLOSED:
        return Admission.ASK
    waits = breaker.open_until_ms if breaker.phase is Phase.OPEN else breaker.probe_until_ms
    return Admission.SKIP if now < waits else Admission.PROBE


def why_skipped(model: str, breaker: Breaker) -> str:
    """Return, for the request's row, why a model is not asked."""
    if breaker.phase is Phase.HALF_OPEN:
        return f"skipped {model}: its breaker waits for a probe"
    until = iso(datetime.fromtimestamp(breaker.open_until_ms / 1000, UTC))
    return f"skipped {model}: its breaker is open until {until}"


def claim(
    key: str, breaker: Breaker, request_id: str, at: datetime, settings: Settings
) -> ConditionalUpdate:
    """Return the update that makes a request the one probe, unless the breaker has moved."""
    return ConditionalUpdate(
        key,
        "SET phase = :half_open, probe = :request, probe_until_ms = :until ADD version :one",
        "version = :version",
        {
            ":half_open": Phase.HALF_OPEN.value,
            ":request": request_id,
            ":until": milliseconds(at) + settings.probe_seconds * 1000,
            ":version": breaker.version,
            ":one": 1,
        },
    )


def observe(breaker: Breaker, calls: Iterable[Call], at: datetime, settings: Settings) -> Breaker:
    """Return the breaker after it has seen how calls of its model ended."""
    for call in sorted(calls, key=lambda call: call.ended_ms):
        if breaker.phase is Phase.CLOSED:
            breaker = _counted(breaker, call, at, settings)
        else:
            breaker = _tried(breaker, call, at, settings)
    return breaker


def _counted(breaker: Breaker, call: Call, at: datetime, settings: Settings) -> Breaker:
    window = settings.window_seconds * 1000
    if call.failed is None or call.ended_ms < milliseconds(at) - window:
        return breaker
    if call.ended_ms >= breaker.window_ms + window:
        breaker = replace(breaker, window_ms=call.ended_ms, calls=0, failures=0)
    breaker = replace(
        breaker,
        calls=breaker.calls + 1,
        failures=breaker.failures + call.failed,
        throttles=breaker.throttles + 1 if call.throttled else 0,
    )
    failing = breaker.failures >= settings.error_rate * breaker.calls
    if breaker.throttles >= settings.throttles or (breaker.calls >= settings.min_calls and failing):
        return _opened(breaker, at, settings)
    return breaker


def _tried(breaker: Breaker, call: Call, at: datetime, settings: Settings) -> Breaker:
    probed = breaker.phase is Phase.HALF_OPEN and call.request_id == breaker.probe
    if call.failed is False and (probed or call.started_ms >= breaker.opened_ms):
        return Breaker(version=breaker.version)
    if call.failed and (probed or _after_cool_down(breaker, call)):
        return _opened(breaker, at, settings)
    if call.failed is None and probed:
        # The run ended without a word on the model: the next request may try.
        return replace(
            breaker, phase=Phase.OPEN, open_until_ms=milliseconds(at), probe="", probe_until_ms=0
        )
    return breaker


def _after_cool_down(breaker: Breaker, call: Call) -> bool:
    # Asked without a claim, as a fallback: when nobody else would have answered.
    return breaker.phase is Phase.OPEN and call.started_ms >= breaker.open_until_ms


def _opened(breaker: Breaker, at: datetime, settings: Settings) -> Breaker:
    now = milliseconds(at)
    cool_down = settings.cool_down_seconds * 2 ** min(breaker.openings, 20)
    seconds = min(cool_down, settings.max_cool_down_seconds)
    return Breaker(
        phase=Phase.OPEN,
        version=breaker.version,
        openings=breaker.openings + 1,
        opened_ms=now,
        open_until_ms=now + seconds * 1000,
    )


def milliseconds(moment: datetime) -> int:
    """Return epoch milliseconds."""
    return int(moment.timestamp() * 1000)
