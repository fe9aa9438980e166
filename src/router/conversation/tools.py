"""Reads ``tools``, ``tool_choice`` and the whole of a conversation in OpenAI's shape. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from router.conversation.blocks import Conversation, Reasoning, Text, Tool, ToolChoice, Turn
from router.conversation.parts import read_cache
from router.conversation.reading import read_messages, read_system
from router.encoding import clean, shown_name
from router.errors import InvalidRequest

MOST_TOOLS = 128
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def read_conversation(data: Mapping[str, Any]) -> Conversation:
    """Return the conversation in a request's fields; raise ``InvalidRequest``.

    Turns of ``system`` and ``developer`` before all others are instructions, after those of
    ``system``; a later one stays where it is.
    """
    turns = read_messages(data["messages"])
    # What a model thought before its stream broke off, sent back: it thinks again.
    while turns and turns[-1].role == "assistant" and _is_thinking(turns[-1]):
        turns = turns[:-1]
    system = read_system(data["system"]) if data.get("system") is not None else ()
    while turns and turns[0].role == "system":
        system += tuple(block for block in turns[0].blocks if isinstance(block, Text))
        turns = turns[1:]
    tools = _read_tools(data.get("tools") or [])
    choice = _read_choice(data.get("tool_choice"), tools)
    parallel = data.get("parallel_tool_calls")
    if parallel is not None and not isinstance(parallel, bool):
        raise InvalidRequest("`parallel_tool_calls` must be true or false")
    _check_ends(turns)
    # Without tools these two say nothing.
    return Conversation(
        turns, system, tools, choice if tools else None, parallel if tools else None
    )


def _is_thinking(turn: Turn) -> bool:
    return bool(turn.blocks) and all(isinstance(block, Reasoning) for block in turn.blocks)


def _check_ends(turns: tuple[Turn, ...]) -> None:
    asked = [turn.role for turn in turns if turn.role != "system"]
    if not asked:
        raise InvalidRequest("`messages` must hold a turn of role user")
    if asked[-1] not in ("user", "tool"):
        raise InvalidRequest(
            "`messages` must end with a turn of role user, or with the results of tools: models of"
            " today continue no text of their own"
        )


def _read_tools(given: Any) -> tuple[Tool, ...]:
    if not isinstance(given, list) or len(given) > MOST_TOOLS:
        raise InvalidRequest(f"`tools` must be a list of at most {MOST_TOOLS}")
    tools = tuple(_tool(tool, f"tools[{index}]") for index, tool in enumerate(given))
    names = [tool.name for tool in tools]
    if len(names) != len(set(names)):
        raise InvalidRequest("`tools` hold two of one name: rename one")
    return tools


def _tool(given: Any, where: str) -> Tool:
    function = given.get("function") if isinstance(given, Mapping) else None
    if not isinstance(function, Mapping) or given.get("type") != "function":
        raise InvalidRequest(
            f"`{where}` must be of type function: tools that a provider runs itself are not routed"
        )
    name = function.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        shown = f", not {shown_name(name)}" if isinstance(name, str) else ""
        raise InvalidRequest(f"`{where}.function.name` must match ^[a-zA-Z0-9_-]{{1,64}}${shown}")
    description, parameters = function.get("description"), function.get("parameters")
    if description is not None and not isinstance(description, str):
        raise InvalidRequest(f"`{where}.function.description` must be a text")
    if parameters is not None and not isinstance(parameters, Mapping):
        raise InvalidRequest(f"`{where}.function.parameters` must be a JSON Schema of an object")
    if parameters and parameters.get("type", "object") != "object":
        raise InvalidRequest(f"`{where}.function.parameters.type` must be object")
    strict = function.get("strict")
    if strict is not None and not isinstance(strict, bool):
        raise InvalidRequest(f"`{where}.function.strict` must be true or false")
    cache = read_cache(given.get("cache_control"), f"{where}.cache_control")
    return Tool(name, clean(description) if description else None, parameters, strict, cache)


def _read_choice(given: Any, tools: tuple[Tool, ...]) -> ToolChoice | None:
    match given:
        case None:
            return None
        case "auto" | "none" | "required":
            return ToolChoice(given)
        case {"type": "function", "function": {"name": str(name)}}:
            if name not in {tool.name for tool in tools}:
                raise InvalidRequest(
                    f"`tool_choice` names {shown_name(name)}, which is not among `tools`"
                )
            return ToolChoice("named", name)
    raise InvalidRequest(
        "`tool_choice` must be auto, none, required, or"
        ' {"type": "function", "function": {"name": …}}'
    )
