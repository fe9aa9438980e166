"""A state machine's description has its tracing configuration.

AWS: DescribeStateMachine answers the tracing configuration that was set.
MiniStack 1.5.33: forgets it, so that Terraform plans it again and again.
"""

import json
from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions

from local.emulator.patches.registry import replaces

Response = tuple[int, dict[str, str], bytes]


@replaces(stepfunctions, "_create_state_machine")
@replaces(stepfunctions, "_update_state_machine")
def keep_tracing(original: Callable[[dict[str, Any]], Response], data: dict[str, Any]) -> Response:
    """Keep the setting where the emulator keeps the machine."""
    response = original(data)
    if response[0] == 200:
        arn = data.get("stateMachineArn") or json.loads(response[2])["stateMachineArn"]
        machine = stepfunctions._state_machines[arn]
        known = machine.get("tracingConfiguration", {})
        # A request turns it off by leaving `enabled` out.
        requested = data.get("tracingConfiguration", known)
        machine["tracingConfiguration"] = {"enabled": False, **requested}
    return response
