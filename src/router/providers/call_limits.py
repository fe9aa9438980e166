"""What a provider has no words for: refused here, with what to write instead. Pure.

A plan does not choose a model for what it cannot do; these errors are for a call that comes
nevertheless. They cost nothing, and another model may be asked.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from router.conversation.blocks import Tool, ToolCall
from router.errors import InvalidModelRequest
from router.invocation.call import ModelCall
from router.providers.json_modes import for_claude, has_claude_mode

_EFFORTS = ("low", "medium", "high", "xhigh", "max")


def sampling_of(call: ModelCall, taken: Collection[str], who: str) -> Mapping[str, Any]:
    """Return the sampling options of a call; raise for one that is not among ``taken``."""
    given = call.sampling
    for name in given:
        if name not in taken:
            raise InvalidModelRequest(f"{who} takes no {name}: leave it out")
    if any(not stop.strip() for stop in given.get("stop", ())):
        raise InvalidModelRequest(f"{who} takes no stop of white space alone: write a word")
    return given


def effort_of_claude(effort: str) -> str:
    """Return how much effort Claude is asked for; raise for a word that it does not know."""
    if effort not in _EFFORTS:
        raise InvalidModelRequest(
            f"Claude takes no reasoning_effort of that kind: write one of {', '.join(_EFFORTS)}"
        )
    return effort


def input_of(call: ToolCall) -> dict[str, Any]:
    """Return the arguments of a call as the object that they must be."""
    given = call.input
    if given is None:
        raise InvalidModelRequest(
            "the arguments of a tool call in the conversation are no JSON object: give them whole"
        )
    return given


def tool_for_claude(tool: Tool, model: str) -> tuple[dict[str, Any], str | None, bool]:
    """Return the schema and description of a tool for a model of Converse's or Anthropic's API,
    and whether it is strict.

    Claude's strict form has no bounds; what it cannot hold is in the description in words.
    """
    if not tool.strict:
        return tool.schema, tool.description, False
    if not has_claude_mode(model):
        raise InvalidModelRequest(
            f"the model has no strict tools: leave `strict` of the tool {tool.name} out"
        )
    mode = for_claude(tool.schema)
    if mode is None:
        raise InvalidModelRequest(
            f"the tool {tool.name} cannot be strict on Claude: close its objects"
            " (additionalProperties false, named properties), or leave `strict` out"
        )
    if mode == tool.schema:
        return mode, tool.description, True
    whole = f"The input must fit this schema: {json.dumps(tool.schema, ensure_ascii=False)}"
    return mode, f"{tool.description}\n\n{whole}" if tool.description else whole, True
