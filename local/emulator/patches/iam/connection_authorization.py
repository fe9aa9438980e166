"""Calls on a connection are authorized on the connection.

AWS: `events:UpdateConnection` and its like are evaluated on `arn:...:connection/<name>`.
MiniStack 1.5.33 under AUTH=true: on `arn:...:rule/default/<name>`, so that no least-privilege
policy can allow them.
"""

from collections.abc import Callable
from typing import Any

from ministack.core import iam_actions

from local.emulator.patches.registry import replaces


@replaces(iam_actions, "extract_resource_arn")
def extract_resource_arn(
    original: Callable[..., Any],
    service: str,
    method: str,
    path: str,
    headers: dict[str, str],
    *rest: Any,
) -> str:
    """Answer for connections; every other resource is MiniStack's."""
    arn = str(original(service, method, path, headers, *rest))
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    if service == "events" and operation.endswith("Connection"):
        return arn.replace(":rule/default/", ":connection/")
    return arn
