"""The HTTP Task of Step Functions.

AWS: `arn:aws:states:::http:invoke` calls an HTTPS endpoint with the credentials of an EventBridge
connection, whose header, query and body parameters override the task's. It answers `ResponseBody`
(parsed if it is JSON), `Headers` (each a list of strings), `StatusCode` and `StatusText`. A
status outside 2xx is `States.Http.StatusCode.<n>`; no answer within 60 s, or a broken socket, is
`States.Http.Socket`; more than 256 KiB is `States.DataLimitExceeded`; an answer of any status that
is `application/octet-stream`, `image/*`, `video/*`, `audio/*`, or no text, is `States.Runtime`; a
connection that cannot be used is `Events.ConnectionResource.*`.
MiniStack 1.5.33: the resource is refused.

AWS does not document the Cause of an error status. `POST /_local/http_cause {"is": "status_text"}`
chooses what it holds: the body (the default), the status text alone, as one user of AWS saw it, or
the whole `response` as JSON. A workflow may rely on none of them.
`http` is allowed on loopback alone, for the provider simulator. `LOCAL_HTTP_TASK_SECONDS` shortens
the 60 s for tests.
"""

import os
from typing import Any

from ministack.services import stepfunctions

from local.emulator import http_task
from local.emulator.http_connection import authorize
from local.emulator.patches import admin
from local.emulator.patches.registry import adds

_cause = {"is": http_task.CAUSES[0]}


@adds(stepfunctions, "_SERVICE_DISPATCH", "arn:aws:states:::http:invoke")
def invoke(_: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Run one HTTP Task; a failure is the emulator's execution error with AWS's name."""
    try:
        connection = authorize(_connection_arn(arguments))
        call = http_task.build(arguments, connection, region=stepfunctions.get_region())
        seconds = float(os.environ.get("LOCAL_HTTP_TASK_SECONDS", "60"))
        return http_task.send(call, seconds=seconds, cause_is=_cause["is"])
    except http_task.TaskError as error:
        raise stepfunctions._ExecutionError(error.name, error.cause) from error


def _connection_arn(arguments: dict[str, Any]) -> str:
    config = arguments.get("InvocationConfig") or arguments.get("Authentication") or {}
    arn = config.get("ConnectionArn")
    if not arn:
        raise http_task.TaskError(
            "States.Runtime", "InvocationConfig.ConnectionArn is required for an HTTP Task"
        )
    return str(arn)


def _control(method: str, body: dict[str, Any]) -> dict[str, Any]:
    if method == "POST":
        if body.get("is") not in http_task.CAUSES:
            raise ValueError(f'write {{"is": one of {", ".join(http_task.CAUSES)}}}')
        _cause["is"] = body["is"]
    return dict(_cause)


admin.route("http_cause", _control)
