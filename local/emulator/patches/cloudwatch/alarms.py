"""An alarm watches one series, and is described whole.

AWS: a series is a metric's name with exactly these dimensions; without data in its period an alarm
follows `TreatMissingData`. DescribeAlarms answers every field, in the query protocol too.
MiniStack 1.5.33: an alarm takes all series of the name together, and without data keeps its state;
the query protocol, which Terraform speaks, gets half of the fields, so that each plan shows them.
"""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from ministack.services import cloudwatch

from local.emulator.patches.registry import replaces

_OPERATORS = {
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}


@replaces(cloudwatch, "_describe_alarms")
def describe_alarms(
    original: Callable[..., Any],
    params: dict[str, Any],
    data: dict[str, Any],
    is_cbor: bool,
    is_json: bool = False,
) -> Any:
    """Describe alarms whole in the query protocol."""
    if is_cbor or is_json:
        return original(params, data, is_cbor, is_json)
    answer = original({}, _as_json(params), False, is_json=True)
    if answer[0] != 200:
        return original(params, data, is_cbor, is_json)
    found = _xml(json.loads(answer[2]))
    result = f"<DescribeAlarmsResult>{found}</DescribeAlarmsResult>"
    return cloudwatch._xml(200, "DescribeAlarmsResponse", result)


def _as_json(params: dict[str, Any]) -> dict[str, Any]:
    """The parameters of the query protocol, as JSON would have them."""
    parameters: dict[str, Any] = {}
    for name in params:
        key, _, place = name.partition(".member.")
        value = cloudwatch._p(params, name)
        if place:
            parameters.setdefault(key, []).append(value)
        else:
            parameters[key] = value
    return parameters


def _xml(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(
            f"<{name}>{_time(each) if name.endswith('Timestamp') else _xml(each)}</{name}>"
            for name, each in value.items()
            if each is not None
        )
    if isinstance(value, list):
        return "".join(f"<member>{_xml(each)}</member>" for each in value)
    return str(value).lower() if isinstance(value, bool) else escape(str(value))


def _time(value: Any) -> str:
    if isinstance(value, str):
        return escape(value)
    return datetime.fromtimestamp(value, UTC).isoformat().replace("+00:00", "Z")


@replaces(cloudwatch, "_evaluate_alarm")
def evaluate(_original: object, alarm: dict[str, Any]) -> None:
    """Evaluate one alarm on its one series."""
    dimensions = cloudwatch._dims_from_list(alarm.get("Dimensions") or [])
    key = (alarm["Namespace"], alarm["MetricName"], cloudwatch._dims_key(dimensions))
    since = time.time() - alarm["Period"] * alarm["EvaluationPeriods"]
    points = [p for p in cloudwatch._metrics.get(key, []) if p["Timestamp"] >= since]
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic", "Average")
    state = {"breaching": "ALARM", "notBreaching": "OK"}.get(alarm.get("TreatMissingData", ""))
    reason = "no data"
    if points:
        value = cloudwatch._stat_value(cloudwatch._calc_stats(points), statistic, points)
        breaches = _OPERATORS[alarm["ComparisonOperator"]](value, alarm["Threshold"])
        state = "ALARM" if breaches else "OK"
        reason = f"{statistic} {value} {alarm['ComparisonOperator']} {alarm['Threshold']}"
    old = alarm["StateValue"]
    if state is None or state == old:
        return
    alarm["StateValue"] = state
    alarm["StateReason"] = reason
    alarm["StateUpdatedTimestamp"] = int(time.time())
    cloudwatch._record_history(alarm["AlarmName"], old, state, reason)
    cloudwatch._dispatch_alarm_actions(alarm, old, state, reason)
    cloudwatch._evaluate_parent_alarms(alarm)
