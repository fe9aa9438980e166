"""A run that starts another and waits for it (`states:startExecution.sync`, `.sync:2`).

AWS: the child is an execution like any other, with its status events, its name and its limits. A
child that fails, times out or is aborted fails the task as `States.TaskFailed`, and the cause is
its DescribeExecution as JSON: its error is in there. What StartExecution refuses is
`StepFunctions.<name>Exception`. (The child of a parent that ends first is stopped; not here.)
MiniStack 1.5.33: runs the child as StartSyncExecution does, an Express call without status events
or limits; the task fails under the child's own error.
"""

import json
import time
from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions

from local.emulator.patches.registry import replaces

_POLL_SECONDS = 0.02
_DESCRIBED = (
    "executionArn", "input", "inputDetails", "name", "output", "outputDetails", "startDate",
    "stateMachineArn", "status", "stopDate", "error", "cause",
)  # fmt: skip


@replaces(stepfunctions, "_invoke_nested_start_execution_sync")
def run_and_wait(_original: Callable[..., Any], resource: str, arguments: dict[str, Any]) -> Any:
    """Start the child as a client would, wait for its end, and return its description."""
    status, _, body = stepfunctions._start_execution(
        stepfunctions._nested_start_execution_request(arguments)
    )
    answer = json.loads(body)
    if status >= 400:
        name = answer.get("__type", "Sfn").removesuffix("Exception")
        raise stepfunctions._ExecutionError(
            f"StepFunctions.{name}Exception", answer.get("message", "")
        )
    child = stepfunctions._executions[answer["executionArn"]]
    while child["status"] == "RUNNING":
        time.sleep(_POLL_SECONDS)
    described = {_title(name): child[name] for name in _DESCRIBED if child.get(name) is not None}
    if child["status"] != "SUCCEEDED":
        described.pop("Output", None)
        raise stepfunctions._ExecutionError("States.TaskFailed", json.dumps(described, default=str))
    if resource.endswith(".sync:2"):
        described |= {name: json.loads(described[name]) for name in ("Input", "Output")}
    return described


def _title(name: str) -> str:
    return name[0].upper() + name[1:]
