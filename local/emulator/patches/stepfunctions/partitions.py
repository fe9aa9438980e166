"""A resource of any partition is the one that the partition `aws` has under that name.

AWS: service integrations are `arn:<partition>:states:::…`, with the partition of the machine.
MiniStack 1.5.33: knows those of `aws` alone, and hands the input of any other on as its result: a
task that does nothing succeeds.
"""

import re
from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions

from local.emulator.patches.registry import replaces

_INTEGRATION = re.compile(r"^arn:aws[a-z-]*:states:::")


@replaces(stepfunctions, "_execute_task")
def execute_task(original: Callable[..., Any], state: dict[str, Any], *rest: Any) -> Any:
    """Run the task of `aws`."""
    resource = _INTEGRATION.sub("arn:aws:states:::", state.get("Resource", ""))
    return original({**state, "Resource": resource}, *rest)
