"""The Python Lambda runtime inside a worker process: imports the handler once, then serves events.

Run by path, without site-packages, so that a function finds what AWS would give it: its own code,
its layers, and the runtime's boto3. One JSON object a line: events on standard input, answers on
what was standard output; whatever the handler prints goes to standard error. Its time is the
cloud's (`local/cloud_time.py`): its monotonic clock, its sockets' time-outs, and what it has left.
"""

import importlib
import importlib.util
import json
import os
import sys
import traceback
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

Json = dict[str, Any]
Handler = Callable[[Any, Any], Any]

_CLOUD_TIME = Path(__file__).parents[1] / "cloud_time.py"
END_OF_LOG = "\0end of log"

# Parameters that name a resource; nothing else of a call is recorded.
_NAMES = (
    "TableName", "IndexName", "Bucket", "Key", "Name", "FunctionName", "QueueUrl", "TopicArn",
    "modelId", "stateMachineArn", "executionArn", "indexArn", "knowledgeBaseId",
)  # fmt: skip
_calls: list[Json] = []


def serve() -> None:
    """Read the settings, import the handler, answer events until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    sys.stdout = os.fdopen(1, "w", buffering=1, errors="backslashreplace")
    settings = json.loads(sys.stdin.readline())
    time = keep_time(settings["time"])
    sys.path[:0] = settings["path"]
    try:
        watch_calls(_calls.append)
        handler = _import_handler(settings["handler"])
    except Exception as error:
        answers.write(json.dumps({"error": _init_error(error, settings["handler"])}) + "\n")
        return
    answers.write('{"ready": true}\n')
    for line in sys.stdin:
        message = json.loads(line)
        context = _context(message, settings, time.now)
        answer = json.dumps({**_run(handler, message, context), "calls": _taken_calls()})
        print(END_OF_LOG, file=sys.stderr, flush=True)
        answers.write(answer + "\n")


def _import_handler(name: str) -> Handler:
    module, _, function = name.replace("/", ".").rpartition(".")
    handler: Handler = getattr(importlib.import_module(module), function)
    return handler


def keep_time(file: str) -> ModuleType:
    """Let this process go by the cloud's time, before anything takes a clock as a default."""
    spec = importlib.util.spec_from_file_location("cloud_time", _CLOUD_TIME)
    assert spec
    assert spec.loader
    time = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(time)
    if file:
        time.follow(Path(file))
        time.keep_for_functions()
    return time


def _run(handler: Handler, message: Json, context: SimpleNamespace) -> Json:
    for name, value in message["environment"].items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    try:
        result = handler(message["event"], context)
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)[1:]
        return {
            "error": {
                "errorMessage": str(error),
                "errorType": type(error).__name__,
                "requestId": message["request_id"],
                "stackTrace": traceback.format_list(frames),
            }
        }
    try:
        return {"result": json.loads(json.dumps(result, default=_encode))}
    except (TypeError, ValueError) as error:
        return {
            "error": {
                "errorMessage": f"Unable to marshal response: {error}",
                "errorType": "Runtime.MarshalError",
                "requestId": message["request_id"],
                "stackTrace": [],
            }
        }


def _encode(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _init_error(error: Exception, handler: str) -> Json:
    module, _, function = handler.rpartition(".")
    kind, text = type(error).__name__, str(error)
    if isinstance(error, ImportError):
        kind, text = "Runtime.ImportModuleError", f"Unable to import module '{module}': {error}"
    elif isinstance(error, AttributeError) and f"'{function}'" in text:
        kind, text = "Runtime.HandlerNotFound", f"Handler '{function}' missing on module '{module}'"
    trace = traceback.format_list(traceback.extract_tb(error.__traceback__)[1:])
    return {"errorMessage": text, "errorType": kind, "requestId": "", "stackTrace": trace}


def _context(message: Json, settings: Json, now: Callable[[], float]) -> SimpleNamespace:
    deadline = now() + settings["timeout"]
    return SimpleNamespace(
        function_name=settings["function_name"],
        function_version=settings["version"],
        invoked_function_arn=message["function_arn"],
        memory_limit_in_mb=str(settings["memory"]),
        aws_request_id=message["request_id"],
        log_group_name=os.environ["AWS_LAMBDA_LOG_GROUP_NAME"],
        log_stream_name=os.environ["AWS_LAMBDA_LOG_STREAM_NAME"],
        identity=None,
        client_context=None,
        get_remaining_time_in_millis=lambda: max(0, int((deadline - now()) * 1000)),
    )


def watch_calls(note_call: Callable[[Json], None]) -> None:
    """Note each AWS call; pass the depth of Lambda-calls-Lambda on, as the emulator's own does."""
    try:
        from botocore import handlers
    except ImportError:
        return

    def add_depth(params: Json, **_: Any) -> None:
        depth = os.environ.get("_MINISTACK_INVOKE_DEPTH")
        if depth:
            params["headers"].setdefault("X-Ministack-Invoke-Depth", depth)

    def note(params: Json, model: Any, **_: Any) -> None:
        names: Json = {name: params[name] for name in _NAMES if isinstance(params.get(name), str)}
        if "TransactItems" in params:
            # Each is {"Put": {"TableName": ...}} or its like.
            actions = [next(iter(item.items())) for item in params["TransactItems"]]
            names["actions"] = [[kind, *_table_and_key(action)] for kind, action in actions]
        elif "RequestItems" in params:
            names["tables"] = [
                [table, key]
                for table, asked in params["RequestItems"].items()
                for key in sorted({_kind_of_key(each) for each in asked["Keys"]})
            ]
        elif "TableName" in params:
            names["key"] = _table_and_key(params)[1]
        service = model.service_model.signing_name
        note_call({"service": service, "operation": model.name, "names": names})

    handlers.BUILTIN_HANDLERS.append(("before-call", add_depth))
    handlers.BUILTIN_HANDLERS.append(("before-parameter-build", note))


def _table_and_key(action: Json) -> list[str]:
    return [action["TableName"], _kind_of_key(action.get("Key") or action.get("Item") or {})]


def _kind_of_key(item: Json) -> str:
    """What a key of the control table begins with, as in `budget#`; "" for the other tables.

    Settings belong to one function each, so theirs names it: `config#analyze#`.
    """
    kind, mark, rest = item.get("key", {}).get("S", "").partition("#")
    whose, hash_mark, _ = rest.partition("#") if kind == "config" else ("", "", "")
    return f"{kind}{mark}{whose}{hash_mark}"


def _taken_calls() -> list[Json]:
    calls, _calls[:] = list(_calls), []
    return calls


if __name__ == "__main__":
    serve()
