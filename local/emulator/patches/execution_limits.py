"""What bounds an execution: its time, its size, its name, and the errors nothing catches.

AWS: a machine's TimeoutSeconds ends the run as TIMED_OUT, with its status-change event, and no
further state or retry begins; so does an abort. A payload over 256 KiB is
`States.DataLimitExceeded`. `States.ALL` and `States.TaskFailed` catch neither that nor
`States.Runtime`, and nothing at all catches or retries `States.Runtime`. On a STANDARD machine,
StartExecution with the name and input of a run that is still open answers that run; a closed one,
or another input, is `ExecutionAlreadyExists`.
MiniStack 1.5.33: TimeoutSeconds is ignored; a run that was aborted can still retry its task and end
as FAILED; no size limit; `States.ALL` catches everything; a name in use is always refused.
"""

import contextvars
import json
import threading
from typing import Any

from ministack.core.responses import error_response_json, json_response, now_iso
from ministack.services import stepfunctions

LIMIT = 262_144
_UNCATCHABLE = frozenset({"States.Runtime"})
_NOT_IN_ALL = frozenset({"States.Runtime", "States.DataLimitExceeded"})

Execution = dict[str, Any]


class _Ended(BaseException):
    """Unwinds a run that was ended from outside; not an Exception, so that no state catches it."""


def apply() -> None:
    """Wrap the start, the events, the failures and the results of executions."""
    start_execution = stepfunctions._start_execution
    run_execution = stepfunctions._run_execution
    add_event = stepfunctions._add_event
    fail_execution = stepfunctions._fail_execution
    invoke_resource = stepfunctions._invoke_resource
    error_matches = stepfunctions._error_matches

    def start(data: dict[str, Any]) -> Any:
        if _size(data.get("input", "")) > LIMIT:
            return error_response_json(
                "ValidationException",
                "1 validation error detected: Value at 'input' failed to satisfy constraint: "
                f"Member must have length less than or equal to {LIMIT}",
                400,
            )
        return _open_run(data) or start_execution(data)

    def run(arn: str) -> None:
        execution = stepfunctions._executions[arn]
        seconds = _time_limit(execution)
        timer = threading.Timer(
            seconds or 0, contextvars.copy_context().run, (_time_out, execution, seconds)
        )
        timer.daemon = True
        if seconds is not None:
            timer.start()
        try:
            run_execution(arn)
        except _Ended:
            pass
        finally:
            timer.cancel()

    def event(execution: Execution, kind: str, details: dict[str, Any] | None = None) -> Any:
        if execution["status"] != "RUNNING" and not kind.startswith("Execution"):
            raise _Ended
        if kind.endswith("StateExited"):
            _check_size((details or {})["stateExitedEventDetails"]["output"], "state")
        return add_event(execution, kind, details)

    def fail(execution: Execution, error: str, cause: str) -> None:
        if execution["status"] == "RUNNING":
            fail_execution(execution, error, cause)

    def invoke(resource: str, argument: Any) -> Any:
        result = invoke_resource(resource, argument)
        _check_size(json.dumps(result, ensure_ascii=False), f"task '{resource}'")
        return result

    def matches(names: list[str], error: str) -> bool:
        if error in _UNCATCHABLE:
            return False
        return error in names if error in _NOT_IN_ALL else bool(error_matches(names, error))

    stepfunctions._start_execution = start
    stepfunctions._run_execution = run
    stepfunctions._add_event = event
    stepfunctions._fail_execution = fail
    stepfunctions._invoke_resource = invoke
    stepfunctions._error_matches = matches


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


def _check_size(payload: str, where: str) -> None:
    if _size(payload) > LIMIT:
        raise stepfunctions._ExecutionError(
            "States.DataLimitExceeded",
            f"The {where} returned a result with a size exceeding the maximum number of bytes "
            "service limit.",
        )


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
