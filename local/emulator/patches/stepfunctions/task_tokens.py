"""A task that waits for its token.

AWS: each attempt of a `.waitForTaskToken` task has a token of its own, which is in
`$states.context.Task.Token` while the state runs. The call is that of the task without it, and its
failure is the task's. TimeoutSeconds and HeartbeatSeconds count from the start of the attempt;
SendTaskHeartbeat starts the latter again. Once the task is closed (answered, timed out, aborted),
its token is answered by `TaskTimedOut`. An output that is not JSON is `InvalidOutput`.
MiniStack 1.5.33: all attempts have one token, which later states see too; a Lambda that fails is
waited for all the same; TimeoutSeconds counts from the end of the call, HeartbeatSeconds not at
all; a run that ended holds its token open; a closed token does not exist; any output is taken.
"""

import contextvars
import json
import threading
from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json, new_uuid
from ministack.services import stepfunctions

from local.emulator.patches.lambda_ import worker_cap
from local.emulator.patches.registry import replaces
from local.emulator.patches.stepfunctions import partitions
from local.emulator.payload_size import LIMIT, size_of_text
from local.emulator.task_clock import Limits, wait

CALLBACK = ".waitForTaskToken"
_closed: set[str] = set()
_execution: contextvars.ContextVar[dict[str, Any] | None] = contextvars.ContextVar(
    "execution", default=None
)


@replaces(stepfunctions, "_execute_task", after=partitions)
def execute_task(
    original: Callable[..., Any],
    state: dict[str, Any],
    given: Any,
    execution: dict[str, Any],
    context: dict[str, Any],
) -> Any:
    """Forget the token when the state is left; know the run while the task waits."""
    before = _execution.set(execution)
    try:
        return original(state, given, execution, context)
    finally:
        _execution.reset(before)
        context.pop("Task", None)


@replaces(stepfunctions, "_apply_jsonata_arguments")
def arguments_of_attempt(
    original: Callable[..., Any],
    state: dict[str, Any],
    given: Any,
    context: dict[str, Any] | None = None,
) -> Any:
    """Give each attempt a token of its own."""
    if context is not None and CALLBACK in state.get("Resource", ""):
        context["Task"] = {"Token": new_uuid()}
    return original(state, given, context)


@replaces(stepfunctions, "_invoke_with_callback")
def invoke_with_callback(
    _original: object, resource: str, arguments: Any, token: str, state: dict[str, Any]
) -> Any:
    """Make the call beside the wait: whichever ends the task first."""
    clock = worker_cap.Clock()
    answered = threading.Event()
    info: dict[str, Any] = {"event": answered, "clock": clock, "beat": 0.0}
    info |= {"result": None, "error": None}
    _closed.discard(token)
    stepfunctions._task_tokens[token] = info
    context = contextvars.copy_context()
    context.run(worker_cap.task_clock.set, clock)
    call = (_call, resource.replace(CALLBACK, ""), arguments, info)
    threading.Thread(target=context.run, args=call, daemon=True).start()
    try:
        wait(
            answered.wait,
            clock.elapsed,
            Limits.of(state),
            last_beat=lambda: info["beat"],
            is_open=_is_open,
        )
    finally:
        _closed.add(token)
        stepfunctions._task_tokens.pop(token, None)
    if info["result"] is None and info["error"]:
        raise stepfunctions._ExecutionError(info["error"]["Error"], info["error"]["Cause"])
    return json.loads(info["result"] or "{}")


@replaces(stepfunctions, "_send_task_success")
def send_success(original: Callable[[dict[str, Any]], Any], data: dict[str, Any]) -> Any:
    """Refuse a closed token, and an output that cannot be one."""
    output = data.get("output", "")
    if size_of_text(output) > LIMIT:
        message = f"Value at 'output' must have length less than or equal to {LIMIT}"
        return error_response_json("ValidationException", message, 400)
    try:
        json.loads(output)
    except ValueError:
        return error_response_json("InvalidOutput", "The output is not valid JSON", 400)
    return _refused(data) or original(data)


@replaces(stepfunctions, "_send_task_failure")
def send_failure(original: Callable[[dict[str, Any]], Any], data: dict[str, Any]) -> Any:
    """Refuse a closed token."""
    return _refused(data) or original(data)


@replaces(stepfunctions, "_send_task_heartbeat")
def send_heartbeat(original: Callable[[dict[str, Any]], Any], data: dict[str, Any]) -> Any:
    """Refuse a closed token; take the time of the heartbeat."""
    info = stepfunctions._task_tokens.get(data.get("taskToken"), {})
    if clock := info.get("clock"):
        info["beat"] = clock.elapsed()
    return _refused(data) or original(data)


def _call(resource: str, arguments: Any, info: dict[str, Any]) -> None:
    try:
        stepfunctions._invoke_resource(resource, arguments)
    except stepfunctions._ExecutionError as error:
        failure = {"Error": error.error, "Cause": error.cause}
    except Exception as error:
        failure = {"Error": "States.Runtime", "Cause": str(error)}
    else:
        return
    info["error"] = failure
    info["event"].set()


def _is_open() -> bool:
    execution = _execution.get()
    return execution is None or execution["status"] == "RUNNING"


def _refused(data: dict[str, Any]) -> Any:
    if data.get("taskToken") not in _closed:
        return None
    return error_response_json("TaskTimedOut", "The task of this token is closed", 400)
