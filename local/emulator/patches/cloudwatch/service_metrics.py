"""Step Functions and SQS publish metrics of their own, which alarms watch.

AWS: each end of an execution counts as `ExecutionsSucceeded`, `ExecutionsFailed`,
`ExecutionsTimedOut` or `ExecutionsAborted` of its machine (AWS/States); each minute a queue
publishes how many messages wait and how old the oldest is (AWS/SQS).
MiniStack 1.5.33: neither. Here a queue publishes each second, while something waits in it.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from ministack import app as ministack
from ministack.services import cloudwatch, sqs, stepfunctions

from local.emulator.patches.registry import replaces

_ENDS = {
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}
_SECONDS = 1.0


@replaces(stepfunctions, "_emit_execution_status_event")
def emit_and_count(original: Callable[..., None], execution: dict[str, Any]) -> None:
    """Count the ends of executions."""
    original(execution)
    if metric := _ENDS.get(execution["status"]):
        machine = {"StateMachineArn": execution["stateMachineArn"]}
        cloudwatch.record_metric("AWS/States", metric, 1, "Count", machine)
        _evaluate("AWS/States")


@replaces(ministack, "main")
def watch_and_serve(original: Callable[[], None]) -> None:
    """Look at the queues as long as the emulator runs."""
    threading.Thread(target=_watch_queues, name="queue-metrics", daemon=True).start()
    original()


def _watch_queues() -> None:
    waiting = False
    while True:
        time.sleep(_SECONDS)
        published = [_publish(queue) for queue in list(sqs._queues.values())]
        waited, waiting = waiting, any(published)
        if waiting or waited:
            _evaluate("AWS/SQS")


def _publish(queue: dict[str, Any]) -> bool:
    """Publish what waits in a queue; answer whether anything does."""
    now = time.time()
    sent = [
        each.get("sent_at", now) for each in list(queue["messages"]) if each["visible_at"] <= now
    ]
    if not sent:
        return False
    name = {"QueueName": queue["name"]}
    for metric, value, unit in (
        ("ApproximateNumberOfMessagesVisible", len(sent), "Count"),
        ("ApproximateAgeOfOldestMessage", now - min(sent), "Seconds"),
    ):
        cloudwatch.record_metric("AWS/SQS", metric, value, unit, name)
    return True


def _evaluate(namespace: str) -> None:
    for alarm in list(cloudwatch._alarms.values()):
        if alarm.get("Namespace") == namespace:
            cloudwatch._evaluate_alarm(alarm)
