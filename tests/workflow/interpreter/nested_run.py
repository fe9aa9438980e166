"""`states:startExecution.sync:2`, written from AWS's documentation ("Start a new AWS Step Functions
execution from a running one").

Documented, and done here:

- `StateMachineArn`, `Input` and `Name` are taken; an Input that is no text is sent as JSON.
- The result is DescribeExecution's, its names in PascalCase; `.sync:2` has Output as JSON.
- A child that ends badly fails the task as `States.TaskFailed`, with its description as the cause.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.utils.boto_client import boto_client_for

_DESCRIBED = (
    "executionArn", "stateMachineArn", "name", "status", "startDate", "stopDate", "input",
    "output", "error", "cause",
)  # fmt: skip


def start(
    _self: Any,
    env: Any,
    resource_runtime_part: Any,
    normalised_parameters: Any,
    state_credentials: Any,
) -> None:
    """Start the child, and leave what StartExecution answers."""
    client = _client(resource_runtime_part)
    answer = client.start_execution(
        stateMachineArn=normalised_parameters["StateMachineArn"],
        input=normalised_parameters["Input"],
        # AWS names a run that has no name; moto takes two of them for one.
        name=normalised_parameters.get("Name", str(uuid.uuid4())),
    )
    env.stack.append({"ExecutionArn": answer["executionArn"]})


def wait(
    _self: Any,
    env: Any,
    resource_runtime_part: Any,
    normalised_parameters: Any,
    state_credentials: Any,
) -> Callable[[], Any]:
    """Return what is asked again and again until the child has ended."""
    client = _client(resource_runtime_part)
    arn = env.stack.pop()["ExecutionArn"]

    def look() -> Any:
        found = client.describe_execution(executionArn=arn)
        if found["status"] == "RUNNING":
            return None
        described = {_title(name): _plain(found[name]) for name in _DESCRIBED if name in found}
        if found["status"] != "SUCCEEDED":
            raise _failed(env, described)
        return {**described, "Output": json.loads(described["Output"])}

    return look


def _client(part: Any) -> Any:
    return boto_client_for(region=part.region, service="stepfunctions")


def _failed(env: Any, described: Any) -> FailureEventException:
    cause = json.dumps(described)
    details = TaskFailedEventDetails(
        resourceType="states",
        resource="startExecution.sync:2",
        error="States.TaskFailed",
        cause=cause,
    )
    event = FailureEvent(
        env,
        CustomErrorName("States.TaskFailed"),
        HistoryEventType.TaskFailed,
        EventDetails(taskFailedEventDetails=details),
    )
    return FailureEventException(event)


def _title(name: str) -> str:
    return name[0].upper() + name[1:]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
