"""What Claude refuses in a conversation, by either of the two ways to it.

The words are Claude's own; Bedrock puts them behind "The model returned the following errors".
"""

from __future__ import annotations

from collections.abc import Sequence

from local.simulator import catalogue
from local.simulator.conversation import Mark, Text, Thought, ToolCall, ToolResult, Turn
from local.simulator.thoughts import is_genuine

MOST_MARKS = 4


def problem(model: catalogue.Model, turns: Sequence[Turn], *, thinking_enabled: bool) -> str | None:
    """What is wrong with these turns (without the system's), in Claude's words."""
    for found in (
        _pairs(turns),
        _thoughts(model, turns, thinking_enabled=thinking_enabled),
        _end(model, turns),
    ):
        if found:
            return found
    return None


def too_many_marks(tools: int, turns: Sequence[Turn]) -> str | None:
    """The refusal of more marks for the prompt cache than Claude takes; `tools` are those there."""
    marks = tools + sum(isinstance(block, Mark) for turn in turns for block in turn.blocks)
    if marks <= MOST_MARKS:
        return None
    return f"A maximum of {MOST_MARKS} blocks with cache_control may be provided. Found {marks}."


def _pairs(turns: Sequence[Turn]) -> str | None:
    known: set[str] = set()
    for n, turn in enumerate(turns):
        made = [call.id for call in turn.calls]
        if len(set(made)) < len(made) or known & set(made):
            return f"messages.{n}.content: `tool_use` ids must be unique"
        known |= set(made)
        answered = _answered(turns[n + 1]) if n + 1 < len(turns) else []
        blocks = [block for block in turn.blocks if not isinstance(block, Mark)]
        last = next((k for k, block in enumerate(blocks) if isinstance(block, ToolCall)), None)
        followed = last is not None and any(isinstance(block, Text) for block in blocks[last:])
        missing = made if followed else [each for each in made if each not in answered]
        if missing:
            return (
                f"messages.{n}: `tool_use` ids were found without `tool_result` blocks immediately "
                f"after: {', '.join(missing)}. Each `tool_use` block must have a corresponding "
                "`tool_result` block in the next message."
            )
        asked = [call.id for call in turns[n - 1].calls] if n else []
        for place, result in enumerate(turn.results):
            if result.id not in asked:
                return (
                    f"messages.{n}.content.{place}: unexpected `tool_use_id` found in "
                    f"`tool_result` blocks: {result.id}. Each `tool_result` block must have a "
                    "corresponding `tool_use` block in the previous message."
                )
            if [each.id for each in turn.results].count(result.id) > 1:
                return (
                    f"messages.{n}.content.{place}: each tool_use must have a single result. "
                    f"Found multiple `tool_result` blocks with id: {result.id}"
                )
    return None


def _answered(turn: Turn) -> list[str]:
    """The results that come before anything else of their turn."""
    found = []
    for block in turn.blocks:
        if isinstance(block, ToolResult):
            found.append(block.id)
        elif not isinstance(block, Mark):
            break
    return found


def _thoughts(
    model: catalogue.Model, turns: Sequence[Turn], *, thinking_enabled: bool
) -> str | None:
    for n, turn in enumerate(turns):
        for place, block in enumerate(turn.blocks):
            if isinstance(block, Thought) and not is_genuine(model.name, block):
                return f"messages.{n}.content.{place}: Invalid `signature` in `thinking` block"
        first = turn.blocks[0] if turn.blocks else None
        if thinking_enabled and turn.calls and not isinstance(first, Thought):
            kind = "tool_use" if isinstance(first, ToolCall) else "text"
            return (
                f"messages.{n}.content.0.type: Expected `thinking` or `redacted_thinking`, but "
                f"found `{kind}`. When `thinking` is enabled, a final `assistant` message must "
                "start with a thinking block (preceeding the lastmost set of `tool_use` and "
                "`tool_result` blocks)."
            )
    return None


def _end(model: catalogue.Model, turns: Sequence[Turn]) -> str | None:
    if turns[-1].role != "assistant":
        return None
    if not model.prefills:
        return (
            "This model does not support assistant message prefill. "
            "The conversation must end with a user message."
        )
    if turns[-1].words != turns[-1].words.rstrip():
        return "messages: final assistant content cannot end with trailing whitespace"
    return None
