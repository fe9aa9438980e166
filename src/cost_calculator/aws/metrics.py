"""Metrics in CloudWatch's embedded format, one record per series, whose number is bounded.

A series is paid for each hour in which it is printed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

_OTHER_TENANTS = "other"


def tenant_series(tenant: str) -> str:
    """Return the tenant's own name if METRIC_TENANTS has it, else the name all others share.

    Tenants are many: the ``spend`` table has them all.
    """
    named = {"default", "*", *os.environ.get("METRIC_TENANTS", "").split(",")}
    return tenant if tenant in named else _OTHER_TENANTS


def are_detailed() -> bool:
    """Return whether the deployment has chosen series by model, tier and tenant, at their price."""
    return bool(os.environ.get("DETAILED_METRICS"))


def emit(dimensions: Mapping[str, str], metrics: Iterable[tuple[str, MetricUnit, float]]) -> None:
    """Print one record: the metrics (name, unit, value) of one series.

    Alarms name a series by its dimensions: Powertools' own (``service``) stays out.
    """
    namespace = os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "Faregate")
    record = EphemeralMetrics(namespace=namespace, service="")
    for name, value in dimensions.items():
        record.add_dimension(name, value)
    for metric, unit, amount in metrics:
        record.add_metric(metric, unit, amount)
    record.flush_metrics()
