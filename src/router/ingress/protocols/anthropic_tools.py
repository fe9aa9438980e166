"""Tools of Anthropic's messages: their choice, and those that a model is shown later. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from router.encoding import mapping_of, shown_name
from router.errors import InvalidRequest

_CHOICES = {"auto": "auto", "any": "required", "none": "none"}
# A field of a tool that has no place in a request, and the values that have no effect.
_SAYS_NOTHING: Mapping[str, tuple[Any, ...]] = {
    "allowed_callers": (None, [], ["direct"]),
    "eager_input_streaming": (None, False, True),
    "input_examples": (None, []),
}


def tools_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tools of a body that its model may call now, and how."""
    shown = [tool for tool in map(mapping_of, body.get("tools") or ()) if _is_shown(tool, body)]
    if not shown:
        return {}
    choice = mapping_of(body.get("tool_choice")) or {"type": "auto"}
    kind = choice.get("type")
    if kind == "tool":
        chosen: Any = {"type": "function", "function": {"name": choice.get("name")}}
    elif kind in _CHOICES:
        chosen = _CHOICES[kind]
    else:
        raise InvalidRequest("`tool_choice.type` must be auto, any, none or tool")
    tools = {"tools": [_tool(tool) for tool in shown], "tool_choice": chosen}
    parallel = choice.get("disable_parallel_tool_use")
    return tools if parallel is None else tools | {"parallel_tool_calls": not parallel}


def dropped_of_tools(body: Mapping[str, Any]) -> Iterator[str]:
    """Yield the fields of tools that no model gets."""
    for tool in map(mapping_of, body.get("tools") or ()):
        for name, nothing in _SAYS_NOTHING.items():
            if tool.get(name) not in nothing:
                yield f"tools.{shown_name(str(tool.get('name')))}.{name}"


def _is_shown(tool: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Return whether a model sees a tool: one that is deferred, from its first mention on.

    A later mention that takes a tool away has the last word, also on one that was not deferred.
    """
    shown = tool.get("defer_loading") is not True
    for kind, name in _mentions(body):
        if name == tool.get("name"):
            shown = kind != "tool_removal"
    return shown


def _mentions(body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for message in body["messages"]:
        content = message["content"]
        for block in map(mapping_of, content if isinstance(content, list) else ()):
            inner = block.get("content")
            for part in map(mapping_of, inner if isinstance(inner, list) else ()):
                if part.get("type") == "tool_reference":
                    yield "tool_reference", part.get("tool_name")
            if block.get("type") in ("tool_addition", "tool_removal"):
                yield block["type"], mapping_of(block.get("tool")).get("name")


def change_text(block: Mapping[str, Any]) -> str:
    """Return a turn's mention of a tool in words; raise ``InvalidRequest`` for an inline one."""
    tool = mapping_of(block.get("tool"))
    if block["type"] == "tool_reference":
        return f"The tool {shown_name(str(block.get('tool_name')))} can be called from here on."
    if tool.get("type") != "tool_reference":
        raise InvalidRequest(
            f"`messages`: a block of type {block['type']} must hold a `tool` of type"
            " tool_reference, which names one of `tools`"
        )
    can = "cannot" if block["type"] == "tool_removal" else "can"
    return f"The tool {shown_name(str(tool.get('name')))} {can} be called from here on."


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    if tool.get("type") not in (None, "custom"):
        raise InvalidRequest(
            f"`tools`: one of type {shown_name(str(tool['type']))} is run by its provider: only"
            " functions of your own are routed; leave it out, or define it with `input_schema`"
        )
    function = {
        "name": tool.get("name"),
        "description": tool.get("description"),
        "parameters": tool.get("input_schema"),
        "strict": tool.get("strict"),
    }
    mark = {"cache_control": tool["cache_control"]} if tool.get("cache_control") else {}
    known = {name: value for name, value in function.items() if value is not None}
    return {"type": "function", "function": known, **mark}
