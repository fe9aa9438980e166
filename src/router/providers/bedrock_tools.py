"""Converse's fields for tools, and what Claude's own API has for them beside. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from router.catalog.families import CLAUDE, family_of
from router.conversation.blocks import Tool
from router.errors import InvalidModelRequest
from router.invocation.call import ModelCall
from router.providers.call_limits import effort_of_claude, tool_for_claude


def cache_point(cache: str) -> dict[str, Any]:
    """Return the block that asks to keep the prompt up to here."""
    ttl = {"ttl": cache} if cache != "5m" else {}
    return {"cachePoint": {"type": "default", **ttl}}


def tool_config(tools: tuple[Tool, ...], call: ModelCall) -> dict[str, Any]:
    """Return the ``toolConfig`` of a call; its choice is elsewhere if calls may not be parallel."""
    config: dict[str, Any] = {"tools": [part for tool in tools for part in _tool(tool, call.model)]}
    choice = call.conversation.choice
    if choice is not None and call.conversation.parallel is not False:
        config["toolChoice"] = {
            "auto": {"auto": {}},
            "required": {"any": {}},
            "named": {"tool": {"name": choice.name}},
        }[choice.kind]
    return config


def _tool(tool: Tool, model: str) -> Iterator[dict[str, Any]]:
    schema, description, is_strict = tool_for_claude(tool, model)
    strict = {"strict": True} if is_strict else {}
    described = {"description": description} if description and description.strip() else {}
    spec = {"name": tool.name, **described, "inputSchema": {"json": schema}, **strict}
    yield {"toolSpec": spec}
    if tool.cache:
        yield cache_point(tool.cache)


def model_fields(call: ModelCall, *, has_tools: bool) -> dict[str, Any]:
    """Return what Converse has no field for and the model's own API has."""
    more: dict[str, Any] = {}
    family, effort = family_of(call.model), call.sampling.get("reasoning_effort")
    if effort is not None:
        if family == CLAUDE:
            more["output_config"] = {"effort": effort_of_claude(effort)}
        elif family == "openai":
            more["reasoning_effort"] = effort
        else:
            raise InvalidModelRequest("the model takes no reasoning_effort: leave it out")
    if has_tools and call.conversation.parallel is False:
        if family != CLAUDE:
            raise InvalidModelRequest(
                "the model cannot be kept from calling several tools at once: leave"
                " parallel_tool_calls out"
            )
        # With `toolChoice` beside it Bedrock finds that the two conflict.
        more["tool_choice"] = _choice_of_claude(call) | {"disable_parallel_tool_use": True}
    return more


def _choice_of_claude(call: ModelCall) -> dict[str, Any]:
    choice = call.conversation.choice
    if choice is not None and choice.kind == "named":
        return {"type": "tool", "name": choice.name}
    return {"type": "any" if choice is not None and choice.kind == "required" else "auto"}
