"""Writes of a workflow's `dynamodb:*` tasks happen one at a time, like everybody else's.

AWS: each write of an item is atomic, its condition included.
MiniStack 1.5.33: requests are served one after another, but a workflow's optimised
`dynamodb:putItem` and its kin run on the execution's own thread, between another write's check and
its change.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ministack import app
from ministack.services import stepfunctions

from local.emulator.patches.registry import replaces


@replaces(stepfunctions, "_invoke_dynamodb")
def invoke_in_order(
    original: Callable[..., Any], operation: str, arguments: Mapping[str, Any]
) -> Any:
    """Run the optimised DynamoDB tasks where all other requests run."""

    async def handler(*_: Any) -> Any:
        return original(operation, arguments)

    return app.call_service_handler_sync(handler, "POST", "/", {}, b"", {})
