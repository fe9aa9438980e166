"""Lambda, as Step Functions sees it: the handlers of `src/router/handlers`, in this process."""

from __future__ import annotations

import importlib
import importlib.util
import io
import json
import traceback
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

HANDLERS = "router.handlers"
# How Lambda reports an environment that died, and a handler that did not end in time.
_DEATHS = {
    "Runtime.ExitError": "RequestId: {id} Error: Runtime exited with error: exit status 1",
    "Sandbox.Timedout": "RequestId: {id} Error: Task timed out after {seconds:.2f} seconds",
}


def is_function(name: str) -> bool:
    """Whether the package has a handler of this name."""
    return importlib.util.find_spec(f"{HANDLERS}.{name}") is not None


@dataclass(slots=True)
class Functions:
    """Takes the place of a boto3 Lambda client.

    `faults` are errors to come by function: a throttle, or a death of `_DEATHS` in place of the
    call. `own` are handlers by name that go before those of the package.
    """

    faults: dict[str, list[str]] = field(default_factory=dict)
    own: dict[str, Callable[[Any, object], Any]] = field(default_factory=dict)

    def invoke(self, FunctionName: str, Payload: bytes = b"{}", **_: Any) -> dict[str, Any]:  # noqa: N803
        """Answer as `lambda:Invoke` does; an exception becomes Lambda's error object."""
        name = FunctionName.rsplit(":function:", 1)[-1].split(":", maxsplit=1)[0]
        name = name.removeprefix("faregate-").replace("-", "_")
        request_id = str(uuid.uuid4())
        if fault := self._fault(name):
            return self._failed(fault, request_id)
        handler = self.own.get(name) or importlib.import_module(f"{HANDLERS}.{name}").handler
        try:
            answer = handler(json.loads(Payload), Context(request_id, name))
            # What is not JSON fails in the runtime, under the name of its error there.
            body = json.dumps(answer)
        except Exception as error:
            report = {
                "errorMessage": str(error),
                "errorType": type(error).__name__,
                "requestId": request_id,
                "stackTrace": traceback.format_tb(error.__traceback__),
            }
            return _answer(report, FunctionError="Unhandled")
        return _answer(json.loads(body))

    def _fault(self, name: str) -> str | None:
        waiting = self.faults.get(name)
        return waiting.pop(0) if waiting else None

    def _failed(self, fault: str, request_id: str) -> dict[str, Any]:
        if fault in _DEATHS:
            message = _DEATHS[fault].format(id=request_id, seconds=270)
            return _answer({"errorType": fault, "errorMessage": message}, FunctionError="Unhandled")
        code = fault.removeprefix("Lambda.")
        raise ClientError(
            {
                "Error": {"Code": code, "Message": "Rate Exceeded."},
                "ResponseMetadata": {"HTTPStatusCode": 429, "RequestId": request_id},  # type: ignore[typeddict-item]
            },
            "Invoke",
        )


@dataclass(frozen=True, slots=True)
class Context:
    """What a handler is given beside its event."""

    aws_request_id: str
    function_name: str
    memory_limit_in_mb: int = 256

    def get_remaining_time_in_millis(self) -> int:
        return 270_000


def _answer(body: Any, **more: str) -> dict[str, Any]:
    payload: Mapping[str, Any] = {
        "StatusCode": 200,
        "ExecutedVersion": "$LATEST",
        "Payload": io.BytesIO(json.dumps(body).encode()),
    }
    return {**payload, **more}
