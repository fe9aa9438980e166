"""A Distributed Map whose state is JSONata.

AWS: the Arguments of its ItemReader are JSONata; its Output and Assign see the results of all
children as `$states.result`.
MiniStack 1.5.33: knows a Distributed Map in JSONPath alone; expressions stay literal, Output and
Assign are ignored.
"""

from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions

from local.emulator.patches.registry import replaces

State = dict[str, Any]


@replaces(stepfunctions, "_run_distributed_map")
def run(
    original: Callable[..., Any],
    state: State,
    given: Any,
    effective: Any,
    iterator: State,
    execution: dict[str, Any],
    ctx: dict[str, Any],
) -> Any:
    """Evaluate the reader's arguments before, Output and Assign after the children."""
    if stepfunctions._state_query_language(state, ctx) != "JSONata":
        return original(state, given, effective, iterator, execution, ctx)
    reader = dict(state.get("ItemReader") or {})
    if "Arguments" in reader:
        reader["Parameters"] = stepfunctions._apply_jsonata_template(
            reader.pop("Arguments"), given, ctx
        )
    plain = {name: value for name, value in state.items() if name not in ("Output", "Assign")}
    plain |= {"ItemReader": reader} if reader else {}
    results, following = original(plain, given, effective, iterator, execution, ctx)
    output = stepfunctions._apply_jsonata_output(state, given, ctx, result=results, default=results)
    stepfunctions._apply_state_assign(state, given, ctx, result=results)
    return output, following
