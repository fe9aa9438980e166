"""The metrics of guards that ``analyze`` prints."""

from __future__ import annotations


def meter(name: str, value: float, tenant: str) -> None:
    """Print one metric of a tenant (``*``: all together) in the embedded format."""
    # Few requests have a limit: the others do not pay for the import.
    from aws_lambda_powertools.metrics import MetricUnit

    from cost_calculator.aws.metrics import emit, tenant_series

    unit = MetricUnit.Percent if name.endswith("_percent") else MetricUnit.Count
    emit({"tenant": tenant_series(tenant)}, [(name, unit, value)])
