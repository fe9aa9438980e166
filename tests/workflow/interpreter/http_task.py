"""The HTTP Task, written from AWS's documentation ("Call HTTPS APIs in Step Functions workflows").

Documented, and done here:

- `ApiEndpoint` (HTTPS), `Method`, and the connection's ARN in `InvocationConfig` (or
  `Authentication`) are required; `Headers`, `QueryParameters`, `RequestBody`, `Transform` are not.
- A task may not set headers that belong to the connection or to Step Functions.
- The result has `ResponseBody` (parsed where it is JSON), `Headers` (lists), `StatusCode`,
  `StatusText`.
- A status that is no success is `States.Http.StatusCode.<n>`; no answer within 60 s, whatever
  TimeoutSeconds says, and a connection that breaks are `States.Http.Socket`; a shorter
  TimeoutSeconds is `States.Timeout`.
- A connection that cannot be used is `Events.ConnectionResource.<why>`; nothing was sent then.
- A response over 256 KiB is `States.DataLimitExceeded`; one that is binary, or cannot be decoded,
  `States.Runtime`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import (
    ResourceRuntimePart,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (  # noqa: E501
    StateTaskService,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

from tests.workflow.interpreter.wire import Broken, HttpResponse, TimedOut

MOST_SECONDS = 60
MOST_BYTES = 256 * 1024
_FIELDS = {
    "ApiEndpoint", "Method", "Headers", "QueryParameters", "RequestBody", "Transform",
    "InvocationConfig", "Authentication",
}  # fmt: skip
_METHODS = {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"}
_RESERVED = {
    "authorization", "cache-control", "connection", "content-length", "expect", "host", "range",
    "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "via",
}  # fmt: skip
_BINARY = ("application/octet-stream", "image/", "video/", "audio/")

Send = Callable[[str, Mapping[str, str], bytes], HttpResponse]


class _Failed(Exception):
    def __init__(self, name: str, cause: str) -> None:
        super().__init__(name, cause)
        self.name, self.cause = name, cause


class HttpTask(StateTaskService):
    """`arn:aws:states:::http:invoke`.

    `connection` answers the headers that it adds, or raises what `unusable` makes.
    """

    def __init__(self, send: Send, connection: Callable[[str], Mapping[str, str]]) -> None:
        super().__init__()
        self._send = send
        self._connection = connection

    def _get_supported_parameters(self) -> set[str] | None:
        return _FIELDS

    def _from_error(self, env: Any, ex: Exception) -> FailureEvent:
        if not isinstance(ex, _Failed):
            found: FailureEvent = super()._from_error(env=env, ex=ex)
            return found
        details = TaskFailedEventDetails(
            resourceType="http", resource="invoke", error=ex.name, cause=ex.cause
        )
        return FailureEvent(
            env,
            CustomErrorName(ex.name),
            HistoryEventType.TaskFailed,
            EventDetails(taskFailedEventDetails=details),
        )

    def _eval_service_task(
        self,
        env: Any,
        resource_runtime_part: ResourceRuntimePart,
        normalised_parameters: dict[str, Any],
        state_credentials: Any,
    ) -> None:
        self.timeout.eval(env=env)
        seconds = env.stack.pop()
        env.stack.append(self._invoke(normalised_parameters, seconds))

    def _invoke(self, arguments: Mapping[str, Any], timeout_seconds: int) -> dict[str, Any]:
        url = _url(arguments)
        own = _headers(arguments.get("Headers") or {})
        added = self._connection(_connection_arn(arguments))
        headers = {**own, **{name.lower(): value for name, value in added.items()}}
        try:
            response = self._send(url, headers, _body(arguments))
        except TimedOut as error:
            if timeout_seconds < MOST_SECONDS:
                raise TimeoutError from error  # moto's word for the task's own time limit
            raise _Failed("States.Http.Socket", "Read timed out") from error
        except Broken as error:
            raise _Failed("States.Http.Socket", str(error)) from error
        return _result(response)


def unusable(why: str) -> _Failed:
    """Return the error of a connection, by its documented name."""
    return _Failed(f"Events.ConnectionResource.{why}", f"The connection cannot be used: {why}")


def _url(arguments: Mapping[str, Any]) -> str:
    endpoint = arguments.get("ApiEndpoint")
    if not isinstance(endpoint, str) or urlsplit(endpoint).scheme != "https":
        raise _Failed("States.Runtime", f"ApiEndpoint must be an HTTPS URL: {endpoint!r}")
    if arguments.get("Method") not in _METHODS:
        raise _Failed("States.Runtime", f"Method is not one of HTTP's: {arguments.get('Method')!r}")
    query = arguments.get("QueryParameters")
    return f"{endpoint}?{urlencode(query, doseq=True)}" if query else endpoint


def _connection_arn(arguments: Mapping[str, Any]) -> str:
    for where in ("InvocationConfig", "Authentication"):
        if arn := (arguments.get(where) or {}).get("ConnectionArn"):
            return str(arn)
    raise _Failed("States.Runtime", "The task names no connection")


def _headers(given: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in given.items():
        if name.lower() in _RESERVED or name.lower().startswith("x-amz-"):
            raise _Failed("States.Runtime", f"The header {name} may not be set by a task")
        found[name.lower()] = ",".join(value) if isinstance(value, list) else str(value)
    found.setdefault("content-type", "application/json")
    return found


def _body(arguments: Mapping[str, Any]) -> bytes:
    body = arguments.get("RequestBody")
    if body is None:
        return b""
    if (arguments.get("Transform") or {}).get("RequestBodyEncoding") == "URL_ENCODED":
        return urlencode(body, doseq=True).encode()
    return json.dumps(body).encode()


def _result(response: HttpResponse) -> dict[str, Any]:
    if len(response.body) > MOST_BYTES:
        raise _Failed("States.DataLimitExceeded", "The response is larger than 256 KiB")
    kind = response.headers.get("content-type", "")
    text = _text(response.body, kind)
    if not 200 <= response.status < 300:
        raise _Failed(f"States.Http.StatusCode.{response.status}", text)
    body: Any = text
    if "json" in kind:
        try:
            body = json.loads(text)
        except ValueError:
            body = text
    return {
        "ResponseBody": body,
        "Headers": {name: [value] for name, value in response.headers.items()},
        "StatusCode": response.status,
        "StatusText": response.reason,
    }


def _text(body: bytes, kind: str) -> str:
    if kind.startswith(_BINARY):
        raise _Failed("States.Runtime", f"A response of type {kind} is not supported")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise _Failed("States.Runtime", "The response cannot be decoded") from error
