"""Reports priced attempts: a log line each, and metrics with a bounded number of series."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit

from cost_calculator.aws.metrics import are_detailed, emit, tenant_series
from cost_calculator.contributions import ANSWERED
from cost_calculator.pricing import plain
from cost_calculator.row_keys import request_id_of
from cost_calculator.rows import CACHED
from cost_calculator.settlement import Row
from cost_calculator.usage import TOKEN_CLASSES

ATTEMPT_FIELDS = (
    "request_id", "item", "tenant", "tier", "purpose", "provider", "model", "response_model",
    "outcome", "cause", "served", "retries", "tool_calls", "latency_ms", "started_at", "ended_at",
    "mode",
    *(f"{name}_tokens" for name in TOKEN_CLASSES),
    "cost_status", "cost_usd", "baseline_usd", "overhead_usd", "upper_estimate_usd",
    "price_version", "baseline_price_version", "cost_reason",
)  # fmt: skip
"""What a log line of one attempt may hold; an attribute that is not known is left out."""

_SUMMED = {
    "cost_usd": MetricUnit.NoUnit,
    "baseline_usd": MetricUnit.NoUnit,
    "retries": MetricUnit.Count,
    **{f"{name}_tokens": MetricUnit.Count for name in TOKEN_CLASSES},
}
# The configuration is wrong, and stays so until somebody fixes it.
_CONFIG_CAUSES = frozenset({"AccessDenied", "ModelNotFound"})

Metric = tuple[str, MetricUnit, float]


def log_attempts(logger: Logger, rows: Iterable[Row]) -> None:
    """Write one line per priced attempt; money as text, so that no reader rounds it."""
    for row in rows:
        if row["item"].startswith("ATTEMPT#"):
            request_id = request_id_of(row["request_id"])
            known = {name: row[name] for name in ATTEMPT_FIELDS if name in row}
            known["request_id"] = request_id
            fields = {name: _plain(name, value) for name, value in known.items()}
            logger.info("attempt priced", correlation_id=request_id, extra=fields)


def emit_metrics(rows: Iterable[Row]) -> None:
    """Print the batch's metrics; docs/metrics.md lists them.

    By default over all, with what is wrong only if it is: an alarm watches one series, cannot add
    up over dimensions, and takes no data for nothing wrong. In detail attempts have series by
    (model, tier, tenant) as well, requests by (tier, tenant), throttles by model.
    """
    rows = list(rows)
    attempts = [row for row in rows if row["item"].startswith("ATTEMPT#")]
    if attempts:
        emit({}, _overall(attempts))
    if are_detailed():
        _emit_details(attempts, [row for row in rows if row["item"] == "REQUEST"])


def _emit_details(attempts: list[Row], requests: list[Row]) -> None:
    for (model, tier, tenant), members in _series(attempts, "model", "tier").items():
        emit({"model": model, "tier": tier, "tenant": tenant}, _of_attempts(members))
    for (tier, tenant), members in _series(requests, "tier").items():
        emit({"tier": tier, "tenant": tenant}, _of_requests(members))
    throttled = Counter(row["model"] for row in attempts if row["outcome"] == "THROTTLED")
    for model, count in throttled.items():
        emit({"model": model}, [("throttles", MetricUnit.Count, count)])


def emit_pending_age(seconds: float) -> None:
    """Print for how long the oldest row has waited for its price."""
    emit({}, [("pending_age_seconds", MetricUnit.Seconds, seconds)])


def _series(rows: Iterable[Row], *by: str) -> dict[tuple[str, ...], list[Row]]:
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        key = (*(row[name] for name in by), tenant_series(row["tenant"]))
        found.setdefault(key, []).append(row)
    return found


def _of_attempts(rows: list[Row]) -> Iterator[Metric]:
    yield "attempts", MetricUnit.Count, len(rows)
    yield from ((name, MetricUnit.Count, count) for name, count in _unknown(rows))
    hits = sum(row["outcome"] == CACHED for row in rows)
    yield "cache_hits", MetricUnit.Count, hits
    for name in _SUMMED:
        yield from _sum(rows, name)
    yield from _latencies(rows)


def _unknown(rows: list[Row]) -> Iterator[tuple[str, int]]:
    """Count the attempts whose cost is not known, by the reason."""
    for status in ("UNPRICED", "UNKNOWN", "INVALID_USAGE"):
        yield status.lower(), sum(row["cost_status"] == status for row in rows)


def _latencies(rows: list[Row]) -> Iterator[Metric]:
    for row in rows:
        if "latency_ms" in row:
            yield "latency", MetricUnit.Milliseconds, float(row["latency_ms"])


def _of_requests(rows: list[Row]) -> Iterator[Metric]:
    yield "requests", MetricUnit.Count, len(rows)
    yield "failures", MetricUnit.Count, sum(row["status"] not in ANSWERED for row in rows)


def _overall(rows: list[Row]) -> Iterator[Metric]:
    wrong = dict(_unknown(rows))
    wrong["config_errors"] = sum(row.get("cause") in _CONFIG_CAUSES for row in rows)
    wrong["quota_exhausted"] = sum(row.get("cause") == "QuotaExhausted" for row in rows)
    wrong["throttles"] = sum(row["outcome"] == "THROTTLED" for row in rows)
    yield from ((name, MetricUnit.Count, count) for name, count in wrong.items() if count)
    yield from _sum(rows, "cost_usd")
    yield from _latencies(rows)


def _sum(rows: list[Row], name: str) -> Iterator[Metric]:
    """Add up known values; a value that no row has is absent."""
    known = [row[name] for row in rows if name in row]
    if known:
        yield name, _SUMMED[name], float(sum(known))


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, str | bool):
        return value
    return plain(value) if name.endswith("_usd") else int(value)
