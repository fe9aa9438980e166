"""Says what was priced: a log line per attempt, and metrics whose number of series is bounded."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from cost_calculator.pricing import plain
from cost_calculator.settling import Row
from cost_calculator.usage import TOKEN_CLASSES

ATTEMPT_FIELDS = (
    "request_id", "item", "tenant", "tier", "purpose", "provider", "model", "response_model",
    "outcome", "cause", "served", "retries", "latency_ms", "started_at", "ended_at", "mode",
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
_OTHER_TENANTS = "other"


def log_attempts(logger: Logger, rows: Iterable[Row]) -> None:
    """Write one line per priced attempt; money as text, so that no reader rounds it."""
    for row in rows:
        if row["item"] != "REQUEST":
            known = {name: row[name] for name in ATTEMPT_FIELDS if name in row}
            logger.info("attempt priced", extra={n: _plain(n, v) for n, v in known.items()})


def emit_metrics(rows: Iterable[Row]) -> None:
    """Print the batch's metrics in CloudWatch's embedded format, one record per series.

    A series is (model, tier, tenant). Models and tiers are few; tenants are not, so only those
    named in METRIC_TENANTS have a series of their own and the rest share one: the ``spend`` table
    has them all.
    """
    named = {"default", *os.environ.get("METRIC_TENANTS", "").split(",")}
    series: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        if row["item"] != "REQUEST":
            tenant = row["tenant"] if row["tenant"] in named else _OTHER_TENANTS
            series.setdefault((row["model"], row["tier"], tenant), []).append(row)
    for (model, tier, tenant), members in series.items():
        _emit({"model": model, "tier": tier, "tenant": tenant}, members)


def _emit(dimensions: dict[str, str], rows: list[Row]) -> None:
    metrics = EphemeralMetrics()
    for name, value in dimensions.items():
        metrics.add_dimension(name, value)
    metrics.add_metric("attempts", MetricUnit.Count, len(rows))
    for status in ("UNPRICED", "UNKNOWN", "INVALID_USAGE"):
        count = sum(row["cost_status"] == status for row in rows)
        metrics.add_metric(status.lower(), MetricUnit.Count, count)
    for name, unit in _SUMMED.items():
        known = [row[name] for row in rows if name in row]
        if known:
            metrics.add_metric(name, unit, float(sum(known)))
    for row in rows:
        if "latency_ms" in row:
            metrics.add_metric("latency", MetricUnit.Milliseconds, float(row["latency_ms"]))
    metrics.flush_metrics()


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, str | bool):
        return value
    return plain(value) if name.endswith("_usd") else int(value)
