"""Variables and outputs of JSONata states, where the emulator differs.

AWS: all expressions of one Assign see the variables as they were before it; one Assign holds at
most 256 KiB; a Choice state's own Output and Assign apply when no rule matched; a Succeed state
has an Output.
MiniStack 1.5.33: later expressions of an Assign see what earlier ones set; no limit; the Output of
a Choice state is ignored on its Default, that of a Succeed state always.
"""

from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions

from local.emulator.patches.registry import replaces
from local.emulator.payload_size import check


@replaces(stepfunctions, "_execute_choice")
def choice(
    original: Callable[..., Any],
    state: dict[str, Any],
    given: Any,
    ctx: dict[str, Any] | None = None,
) -> Any:
    """Apply the Output of a Choice state on its Default."""
    fallback = _default_output(state, given, ctx)
    output, following = original(state, given, ctx)
    return (output if fallback is None else fallback[0]), following


@replaces(stepfunctions, "_apply_output_path")
def output_path(
    original: Callable[..., Any],
    state: dict[str, Any],
    given: Any,
    ctx: dict[str, Any] | None = None,
) -> Any:
    """Apply the Output of a Succeed state."""
    if state.get("Type") == "Succeed" and "Output" in state:
        return stepfunctions._apply_jsonata_output(state, given, ctx, default=given)
    return original(state, given, ctx)


def _default_output(
    state: dict[str, Any], given: Any, ctx: dict[str, Any] | None
) -> list[Any] | None:
    """The state's own Output, in a list, if no rule matches; else None."""
    if stepfunctions._state_query_language(state, ctx) != "JSONata" or "Output" not in state:
        return None
    rules = state.get("Choices", [])
    if any(stepfunctions._evaluate_jsonata_choice_rule(rule, given, ctx) for rule in rules):
        return None
    return [stepfunctions._apply_jsonata_output(state, given, ctx, default=given)]


@replaces(stepfunctions, "_apply_state_assign")
def assign(
    _original: object,
    state: dict[str, Any],
    given: Any,
    ctx: dict[str, Any] | None,
    result: Any = None,
    error_output: Any = None,
) -> None:
    """Evaluate every expression of an Assign, then set all variables together."""
    template = state.get("Assign")
    if ctx is None or not isinstance(template, dict):
        return
    if stepfunctions._state_query_language(state, ctx) != "JSONata":
        return
    values = stepfunctions._apply_jsonata_template(
        template, given, ctx, result=result, error_output=error_output
    )
    check(values, "set of variables assigned")
    ctx.setdefault("variables", {}).update(values)
