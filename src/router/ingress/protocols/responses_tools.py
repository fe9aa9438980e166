"""Tools of OpenAI's Responses as functions, and calls of these as the client knows them. Pure.

Models know functions alone. A tool with free text is a function of one text, a tool of a namespace
one whose name has it in front.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from router.conversation.blocks import ToolCall
from router.encoding import json_object, mapping_of, shown_name
from router.errors import InvalidRequest

_INPUT = "input"
_FUNCTION_FIELDS = ("description", "parameters", "strict")


@dataclass(frozen=True, slots=True)
class Known:
    """A tool as its client names it."""

    name: str
    namespace: str | None = None
    is_custom: bool = False


Tools = Mapping[str, Known]
"""The tools of a body by the names of their functions."""


def tools_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tools of a body as a request has them, and how they may be called."""
    tools = [_function(tool, where) for tool, where in _each(body)]
    choice = body.get("tool_choice")
    if isinstance(choice, Mapping) and choice.get("type") == "allowed_tools":
        allowed = {_chosen(mapping_of(tool)) for tool in choice.get("tools") or ()}
        tools = [tool for tool in tools if tool["function"]["name"] in allowed]
        choice = choice.get("mode", "auto")
    elif isinstance(choice, Mapping):
        choice = {"type": "function", "function": {"name": _chosen(choice)}}
    if not tools:
        return {}
    return {"tools": tools} if choice is None else {"tools": tools, "tool_choice": choice}


def names_of(body: Mapping[str, Any]) -> dict[str, Known]:
    """Return how the client calls each function of a body that was accepted."""
    known = {}
    for tool, space in _named(body):
        name = str(tool.get("name"))
        known[flat(name, space)] = Known(name, space, tool.get("type") == "custom")
    return known


def dropped_of_tools(body: Mapping[str, Any]) -> Iterator[str]:
    """Yield the fields of tools that no model gets."""
    for tool, space in _named(body):
        if mapping_of(tool.get("format")).get("type") == "grammar":
            # The model is shown the grammar; nothing holds it to that.
            yield f"tools.{shown_name(flat(str(tool.get('name')), space))}.format"


def flat(name: str, namespace: Any = None) -> str:
    """Return the name of the function for a tool."""
    return f"{namespace}__{name}" if namespace else name


def call_of(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the call that an item of a history tells of, as a chat completion has it."""
    name = flat(str(item.get("name")), item.get("namespace"))
    if item["type"] == "custom_tool_call":
        arguments = json.dumps({_INPUT: item.get("input", "")}, ensure_ascii=False)
    else:
        arguments = item.get("arguments", "")
    function = {"name": name, "arguments": arguments}
    return {"id": item["call_id"], "type": "function", "function": function}


def call_item(
    item_id: str, call: ToolCall, tools: Tools, status: str = "completed"
) -> dict[str, Any]:
    """Return the item of a call of a tool."""
    known = tools.get(call.name, Known(call.name))
    space = {"namespace": known.namespace} if known.namespace else {}
    head = {"id": item_id, "call_id": call.id, "name": known.name, "status": status, **space}
    if known.is_custom:
        return {"type": "custom_tool_call", "input": input_of(call), **head}
    return {"type": "function_call", "arguments": call.arguments, **head}


def is_custom(call: ToolCall, tools: Tools) -> bool:
    """Return whether a call is one of a tool that takes free text."""
    return tools.get(call.name, Known(call.name)).is_custom


def input_of(call: ToolCall) -> str:
    """Return the text for a tool that takes one; what a model wrote otherwise, as it is."""
    found = json_object(call.arguments).get(_INPUT)
    return found if isinstance(found, str) else call.arguments


def _each(body: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    for index, given in enumerate(body.get("tools") or ()):
        tool, where = mapping_of(given), f"tools[{index}]"
        if tool.get("type") == "namespace":
            for place, inner in enumerate(map(mapping_of, tool.get("tools") or ())):
                named = {**inner, "name": flat(str(inner.get("name")), tool.get("name"))}
                yield named, f"{where}.tools[{place}]"
        else:
            yield tool, where


def _named(body: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str | None]]:
    for tool in map(mapping_of, body.get("tools") or ()):
        if tool.get("type") == "namespace":
            yield from ((mapping_of(inner), tool.get("name")) for inner in tool.get("tools") or ())
        else:
            yield tool, None


def _function(tool: Mapping[str, Any], where: str) -> dict[str, Any]:
    if tool.get("type") == "custom":
        return {"type": "function", "function": _of_text(tool)}
    if tool.get("type") != "function":
        kind = shown_name(str(tool.get("type")))
        raise InvalidRequest(
            f"`{where}` of type {kind} is run by its provider, and a router has none: leave it out,"
            " or send a tool of your own, of type function or custom"
        )
    known = {name: tool[name] for name in _FUNCTION_FIELDS if tool.get(name) is not None}
    return {"type": "function", "function": {"name": tool.get("name"), **known}}


def _of_text(tool: Mapping[str, Any]) -> dict[str, Any]:
    form = mapping_of(tool.get("format"))
    does = [str(tool["description"])] if tool.get("description") else []
    if form.get("type") == "grammar":
        syntax, rules = form.get("syntax"), form.get("definition")
        does.append(f"Its input must follow this grammar ({syntax}):\n{rules}")
    text = {"type": "string", "description": "The whole input of the tool, as plain text."}
    schema = {
        "type": "object",
        "properties": {_INPUT: text},
        "required": [_INPUT],
        "additionalProperties": False,
    }
    shown = {"description": "\n\n".join(does)} if does else {}
    return {"name": tool.get("name"), **shown, "parameters": schema}


def _chosen(choice: Mapping[str, Any]) -> str:
    if choice.get("type") not in ("function", "custom"):
        raise InvalidRequest(
            "`tool_choice` must be auto, none, required, or of type function, custom or"
            " allowed_tools"
        )
    return flat(str(choice.get("name")), choice.get("namespace"))
