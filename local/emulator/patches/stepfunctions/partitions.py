"""A resource of any partition is the one that the partition `aws` has under that name.

AWS: service integrations are `arn:<partition>:states:::…`, with the partition of the machine.
MiniStack 1.5.33: calls `lambda:invoke` and `aws-sdk:…` of any partition, but `http:invoke`,
`sns:publish` and the like of `aws` alone; of another they do nothing, and answer their input.
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
