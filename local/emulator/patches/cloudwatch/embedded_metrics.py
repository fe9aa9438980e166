"""A log line in the embedded metric format becomes metrics.

AWS: CloudWatch Logs reads each line with `_aws.CloudWatchMetrics` that a function prints, and puts
its metrics, one series for each of its sets of dimensions.
MiniStack 1.5.33: the line is a line.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from ministack.services import cloudwatch, lambda_svc

from local.emulator.patches.lambda_ import log_levels
from local.emulator.patches.registry import replaces


@replaces(lambda_svc, "_execute_function_warm", after=log_levels)
def execute_and_read(
    original: Callable[..., dict[str, Any]], function: dict[str, Any], event: Any, request_id: str
) -> dict[str, Any]:
    """Read what each invocation printed."""
    result = original(function, event, request_id)
    found = False
    for line in str(result.get("log", "")).splitlines():
        for namespace, name, value, unit, dimensions in _metrics_in(line):
            cloudwatch.record_metric(namespace, name, value, unit, dimensions)
            found = True
    if found:
        cloudwatch._evaluate_all_alarms()
    return result


def _metrics_in(line: str) -> Iterator[tuple[str, str, float, str, dict[str, str]]]:
    if '"_aws"' not in line:
        return
    try:
        record = json.loads(line)
        directives = record["_aws"]["CloudWatchMetrics"]
    except (ValueError, KeyError, TypeError):
        return
    for directive in directives:
        for names in directive["Dimensions"]:
            dimensions = {name: str(record[name]) for name in names}
            for metric in directive["Metrics"]:
                values = record[metric["Name"]]
                for value in values if isinstance(values, list) else [values]:
                    unit = metric.get("Unit", "None")
                    yield directive["Namespace"], metric["Name"], value, unit, dimensions
