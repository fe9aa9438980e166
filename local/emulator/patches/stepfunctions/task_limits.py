"""A task's time limits may be expressions, and a task without a heartbeat is over.

AWS: TimeoutSeconds and HeartbeatSeconds may be JSONata; a task that sends no heartbeat for
HeartbeatSeconds is `States.HeartbeatTimeout`, a function that cannot send any included.
MiniStack 1.5.33: an expression fails the run, and HeartbeatSeconds has no effect.
"""

import contextvars
from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions

from local.emulator.patches.lambda_ import worker_cap
from local.emulator.patches.registry import replaces
from local.emulator.patches.stepfunctions import task_tokens

_heartbeat: contextvars.ContextVar[float | None] = contextvars.ContextVar("heartbeat", default=None)


@replaces(stepfunctions, "_execute_task", after=task_tokens)
def execute_task(
    original: Callable[..., Any],
    state: dict[str, Any],
    given: Any,
    execution: dict[str, Any],
    context: dict[str, Any],
) -> Any:
    """Evaluate the limits; a heartbeat that nothing sends is a limit on the whole task."""
    limits = {
        name: stepfunctions._jsonata_state_field(state, name, "number", given, context)
        for name in ("TimeoutSeconds", "HeartbeatSeconds")
        if name in state
    }
    heartbeat = limits.get("HeartbeatSeconds")
    if heartbeat is not None and task_tokens.CALLBACK not in state["Resource"]:
        limits["TimeoutSeconds"] = min(heartbeat, limits.get("TimeoutSeconds", heartbeat))
    before = _heartbeat.set(heartbeat)
    try:
        return original({**state, **limits}, given, execution, context)
    finally:
        _heartbeat.reset(before)


@replaces(stepfunctions, "_invoke_resource_with_timeout", after=worker_cap)
def invoke_with_timeout(
    original: Callable[..., Any], resource: str, arguments: Any, timeout: float
) -> Any:
    """Name the limit that was over."""
    try:
        return original(resource, arguments, timeout)
    except stepfunctions._ExecutionError as error:
        if error.error == "States.Timeout" and timeout == _heartbeat.get():
            error.error = "States.HeartbeatTimeout"
        raise
