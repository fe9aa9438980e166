"""What bounds an execution: its time, its name, and the errors nothing catches.

AWS: a machine's TimeoutSeconds ends the run as TIMED_OUT, with its status-change event, and no
further state or retry begins; so does an abort. `States.ALL` and `States.TaskFailed` catch neither
`States.DataLimitExceeded` nor `States.Runtime`, and nothing at all catches or retries
`States.Runtime`; `States.Timeout` in an ErrorEquals means `States.HeartbeatTimeout` too. On a
STANDARD machine, StartExecution with the name and input of a run that is still open answers that
run; a closed one, or another input, is `ExecutionAlreadyExists`.
MiniStack 1.5.33: TimeoutSeconds is ignored; a run that was aborted can still retry its task and end
as FAILED; `States.ALL` catches everything; a name in use is always refused.
"""

import contextvars
import json
import threading
from collections.abc import Callable
from typing import Any

from ministack.core.responses import json_response, now_iso
from ministack.services import stepfunctions

from local import cloud_time
from local.emulator.patches.registry import replaces

_UNCATCHABLE = frozenset({"States.Runtime"})
_NOT_IN_ALL = frozenset({"States.Runtime", "States.DataLimitExceeded"})

Execution = dict[str, Any]


class _Ended(BaseException):
    """Unwinds a run that was ended from outside; not an Exception, so that no state catches it."""


@replaces(stepfunctions, "_start_execution")
def start(original: Callable[[dict[str, Any]], Any], data: dict[str, Any]) -> Any:
    """Answer the run that is already open under the name."""
    return _open_run(data) or original(data)


@replaces(stepfunctions, "_run_execution")
def run(original: Callable[[str], None], arn: str) -> None:
    """Run under the machine's time limit."""
    execution = stepfunctions._executions[arn]
    seconds = _time_limit(execution)
    ended = threading.Event()
    if seconds is not None:
        watch = (contextvars.copy_context().run, _watch, execution, seconds, ended)
        threading.Thread(target=watch[0], args=watch[1:], daemon=True).start()
    try:
        original(arn)
    except _Ended:
        pass
    finally:
        ended.set()


@replaces(stepfunctions, "_add_event")
def event(
    original: Callable[..., Any],
    execution: Execution,
    kind: str,
    details: dict[str, Any] | None = None,
) -> Any:
    """End here what was ended from outside."""
    if execution["status"] != "RUNNING" and not kind.startswith("Execution"):
        raise _Ended
    return original(execution, kind, details)


@replaces(stepfunctions, "_fail_execution")
def fail(original: Callable[..., None], execution: Execution, error: str, cause: str) -> None:
    """Leave a run as it is that has already ended."""
    if execution["status"] == "RUNNING":
        original(execution, error, cause)


@replaces(stepfunctions, "_error_matches")
def matches(original: Callable[..., bool], names: list[str], error: str) -> bool:
    """Match what AWS lets a Retry or Catch match."""
    if error in _UNCATCHABLE:
        return False
    if error == "States.HeartbeatTimeout" and "States.Timeout" in names:
        return True
    return error in names if error in _NOT_IN_ALL else original(names, error)


def _open_run(data: dict[str, Any]) -> Any:
    """The answer for the run that is already open under this name and input, or None."""
    machine_arn = stepfunctions._resolve_state_machine_arn(data.get("stateMachineArn", ""))
    machine = stepfunctions._state_machines.get(machine_arn)
    if machine is None or machine.get("type") == "EXPRESS" or not data.get("name"):
        return None
    scope = f"{stepfunctions.get_region()}:{stepfunctions.get_account_id()}"
    arn = f"arn:aws:states:{scope}:execution:{machine['name']}:{data['name']}"
    known = stepfunctions._executions.get(arn)
    if known is None or known["status"] != "RUNNING" or known["input"] != data.get("input", "{}"):
        return None
    return json_response({"executionArn": arn, "startDate": known["startDate"]})


def _time_limit(execution: Execution) -> float | None:
    machine = stepfunctions._state_machines.get(execution["stateMachineArn"]) or {}
    try:
        seconds = json.loads(machine["definition"]).get("TimeoutSeconds")
    except (KeyError, ValueError):
        return None
    return None if seconds is None else float(seconds)


def _watch(execution: Execution, seconds: float, ended: threading.Event) -> None:
    if not cloud_time.wait(ended.wait, seconds):
        _time_out(execution, seconds)


def _time_out(execution: Execution, seconds: float) -> None:
    if execution["status"] != "RUNNING":
        return
    execution["status"] = "TIMED_OUT"
    execution["stopDate"] = now_iso()
    execution["error"] = "States.Timeout"
    execution["cause"] = None
    stepfunctions._add_event(
        execution,
        "ExecutionTimedOut",
        {"executionTimedOutEventDetails": {"error": "States.Timeout"}},
    )
    stepfunctions._emit_execution_status_event(execution)
    stepfunctions.logger.info("%s timed out after %s s", execution["executionArn"], seconds)
