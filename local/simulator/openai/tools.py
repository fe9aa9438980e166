"""Tools, the choice among them, and schemas that bind answers, on either path."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from local.simulator.conversation import Choice, Tool
from local.simulator.model import Json
from local.simulator.openai import strict_schemas
from local.simulator.openai.refusals import invalid, invalid_value, missing, too_long

_NAME = re.compile(r"[a-zA-Z0-9_-]+")
_LONGEST_NAME, _MOST = 64, 128
ANY_OBJECT = {"type": "object", "properties": {"answer": {"type": "string"}}}


def tools_of(body: Json, *, nested: bool) -> list[Tool]:
    """The function tools; chat completions nest them under `function`."""
    given = body.get("tools")
    if given is None:
        return []
    if not given:
        raise invalid(
            "Invalid 'tools': empty array. Expected an array with minimum length 1, "
            "but got an empty array instead.",
            "tools",
            "empty_array",
        )
    if len(given) > _MOST:
        raise too_long("tools", _MOST, len(given), "array")
    return [_tool(tool, n, nested=nested) for n, tool in enumerate(given)]


def choice_of(body: Json, tools: Sequence[Tool]) -> tuple[Choice, list[Tool]]:
    """The choice, and the tools that it leaves."""
    choice, parallel = body.get("tool_choice"), body.get("parallel_tool_calls")
    if not tools:
        for name in ("tool_choice", "parallel_tool_calls"):
            if body.get(name) not in (None, "none", "auto"):
                raise invalid(
                    f"Invalid value for '{name}': '{name}' is only allowed when 'tools' are "
                    "specified.",
                    name,
                )
        return Choice(), []
    together = parallel is not False
    if choice is None or choice == "auto":
        return Choice(parallel=together), list(tools)
    if choice in ("none", "required"):
        return Choice("none" if choice == "none" else "any", parallel=together), list(tools)
    if not isinstance(choice, dict):
        raise invalid_value("tool_choice", choice, ("none", "auto", "required"))
    if choice.get("type") == "allowed_tools":
        allowed = choice.get("allowed_tools") or choice
        names = {(each.get("function") or each).get("name") for each in allowed["tools"]}
        left = [each for each in tools if each.name in names]
        must = allowed.get("mode") == "required"
        return Choice("any" if must else "auto", parallel=together), left
    named = str((choice.get("function") or choice).get("name"))
    if named not in [tool.name for tool in tools]:
        raise invalid(f"Tool choice '{named}' not found in 'tools' parameter.", "tool_choice")
    return Choice("tool", named, parallel=together), list(tools)


def answer_schema(wanted: Json | None, texts: str, param: str, messages: str) -> Any:
    """The schema that a response format binds the answer to, None for text."""
    kind = (wanted or {}).get("type", "text")
    if wanted is None or kind == "text":
        return None
    if kind == "json_object":
        if "json" not in texts.lower():
            raise invalid(
                f"'{messages}' must contain the word 'json' in some form, to use '{param}' of type "
                "'json_object'.",
                messages,
            )
        return ANY_OBJECT
    if kind != "json_schema":
        raise invalid_value(f"{param}.type", kind, ("json_object", "json_schema", "text"))
    named = wanted.get("json_schema", wanted)
    if not named.get("name"):
        raise missing(f"{param}.json_schema.name" if "json_schema" in wanted else f"{param}.name")
    found = strict_schemas.problem(named.get("schema")) if named.get("strict") else None
    if found:
        raise invalid(
            f"Invalid schema for response_format '{named['name']}': {found}",
            param,
            "invalid_json_schema",
        )
    return named.get("schema")


def _tool(tool: Json, n: int, *, nested: bool) -> Tool:
    if tool.get("type") != "function":
        raise invalid(
            f"The simulator has no tools of type '{tool.get('type')}'.", f"tools[{n}].type"
        )
    at = f"tools[{n}].function" if nested else f"tools[{n}]"
    function = tool.get("function") or {} if nested else tool
    name = function.get("name")
    if not name:
        raise missing(f"{at}.name")
    if len(name) > _LONGEST_NAME:
        raise too_long(f"{at}.name", _LONGEST_NAME, len(name))
    if not _NAME.fullmatch(name):
        raise invalid(
            f"Invalid '{at}.name': string does not match pattern. Expected a string that matches "
            f"the pattern '^{_NAME.pattern}$'.",
            f"{at}.name",
            "invalid_value",
        )
    schema = function.get("parameters") or {"type": "object", "properties": {}}
    judge = strict_schemas.problem if function.get("strict") else strict_schemas.loose_problem
    if found := judge(schema):
        raise invalid(
            f"Invalid schema for function '{name}': {found}",
            f"{at}.parameters",
            "invalid_function_parameters",
        )
    return Tool(name, function.get("description") or "", schema)
