"""A Lambda's error keeps its name, and a worker dies as a sandbox does.

AWS: an exception answers `{"errorMessage", "errorType", "requestId", "stackTrace"}` with the
exception's class name as `errorType`, and the environment stays warm. A time-out is
`Sandbox.Timedout`, a process that died `Runtime.ExitError`; Step Functions takes `errorType` as the
error's name and the object as its Cause, and calls a throttled invoke
`Lambda.TooManyRequestsException`. A function sees its own code, its layers and the runtime's boto3.
Lambda speaks its Runtime API with the loop that a function's AWS_LAMBDA_EXEC_WRAPPER starts.
MiniStack 1.5.33: the wrapper is ignored; every exception is `Runtime.HandlerError` without
requestId or stack and kills the worker; a function can import all of the emulator's environment and
inherits its variables; each worker unpacks its own copy of code and layers; a call that logs
nothing waits 50 ms for a log.
"""

import json
from collections.abc import Callable
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc, stepfunctions

from local.emulator import calls, chaos
from local.emulator.patches import admin
from local.emulator.patches.registry import replaces
from local.emulator.streaming_worker import StreamingWorker, is_wrapped
from local.emulator.worker import PythonWorker

Result = dict[str, Any]

admin.route("kill", chaos.control)
admin.route("calls", calls.control)


@replaces(lambda_runtime, "_worker_class_for")
def worker_class(original: Callable[[dict[str, Any]], type], config: dict[str, Any]) -> type:
    """Put our worker in the emulator's pool."""
    if not _is_python(config):
        return original(config)
    return StreamingWorker if is_wrapped(config) else PythonWorker


@replaces(lambda_svc, "_execute_function_warm")
def execute(
    original: Callable[..., Result], function: dict[str, Any], event: Any, request_id: str
) -> Result:
    """Run a Python function, its error in AWS's shape."""
    config = function.get("config") or function
    if not _is_python(config) or not function.get("code_zip"):
        return original(function, event, request_id)
    return run(config, function["code_zip"], event, request_id)


@replaces(stepfunctions, "_call_lambda")
def call_from_workflow(original: Callable[..., Any], function_ref: str, event: Any) -> Any:
    """Name a throttled invoke as Step Functions does."""
    try:
        return original(function_ref, event)
    except stepfunctions._ExecutionError as error:
        if error.error == "Lambda.Unknown" and "TooManyRequestsException" in error.cause:
            error.error = "Lambda.TooManyRequestsException"
            error.cause = json.loads(error.cause)["message"]
        raise


def _is_python(config: dict[str, Any]) -> bool:
    return str(config.get("Runtime", "")).startswith("python")


def run(config: dict[str, Any], code: bytes, event: Any, request_id: str) -> Result:
    """Run an event in an environment of the function's own pool."""
    lambda_svc._ensure_reaper_thread()
    worker, _ = lambda_runtime.acquire_worker(
        config["FunctionName"], config, code, qualifier=config.get("Version", "$LATEST")
    )
    try:
        answer = worker.invoke(
            event,
            request_id,
            trace_id=lambda_svc._xray_trace_id_for_invocation(config),
            depth=lambda_svc._invoke_depth.get(),
            invoked_function_arn=config.get("FunctionArn", ""),
        )
    finally:
        lambda_runtime.release_worker(worker)
    if "error" not in answer:
        return {"body": answer["result"], "log": answer["log"]}
    error = answer["error"]
    stack = "".join(error.get("stackTrace", []))
    log = f"[ERROR] {error['errorType']}: {error['errorMessage']}\n{stack}".rstrip()
    return {"body": error, "error": True, "log": "\n".join(filter(None, [answer["log"], log]))}
