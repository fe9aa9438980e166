"""No payload is over 256 KiB: a run's input, a state's input and output, a task's arguments.

AWS: a payload over 262,144 bytes of UTF-8 is `States.DataLimitExceeded`: the output of a state or a
task, and the state's input once its Arguments (or Parameters) are evaluated, before the task is
called. `States.ALL` does not catch it (`execution_limits`). StartExecution refuses such an input.
MiniStack 1.5.33: no limit.
"""

from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import stepfunctions

from local.emulator.patches.registry import replaces
from local.emulator.patches.stepfunctions import execution_limits
from local.emulator.payload_size import LIMIT, check, check_text, size_of_text


@replaces(stepfunctions, "_start_execution", after=execution_limits)
def start(original: Callable[[dict[str, Any]], Any], data: dict[str, Any]) -> Any:
    """Refuse an input that is too large."""
    if size_of_text(data.get("input", "")) > LIMIT:
        return error_response_json(
            "ValidationException",
            "1 validation error detected: Value at 'input' failed to satisfy constraint: "
            f"Member must have length less than or equal to {LIMIT}",
            400,
        )
    return original(data)


@replaces(stepfunctions, "_add_event", after=execution_limits)
def event(
    original: Callable[..., Any],
    execution: dict[str, Any],
    kind: str,
    details: dict[str, Any] | None = None,
) -> Any:
    """Check what a state hands on: with the run's input, all that a state can get."""
    if kind.endswith("StateExited"):
        check_text((details or {})["stateExitedEventDetails"]["output"], "state's output")
    return original(execution, kind, details)


@replaces(stepfunctions, "_invoke_resource")
def invoke(original: Callable[..., Any], resource: str, arguments: Any) -> Any:
    """Check a task's arguments before the call, and its result after it."""
    check(arguments, f"state's input after its arguments for '{resource}' were evaluated")
    result = original(resource, arguments)
    check(result, f"result of task '{resource}'")
    return result
