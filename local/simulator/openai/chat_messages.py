"""The messages of a chat completion as a conversation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from local.simulator.conversation import Block, Text, ToolCall, ToolResult, Turn
from local.simulator.model import Json
from local.simulator.openai import parts
from local.simulator.openai.refusals import invalid, invalid_type, invalid_value, missing, too_long

_ROLES = ("system", "assistant", "user", "function", "tool", "developer")
_PARTS = {
    "user": ("text", "image_url", "input_audio", "refusal", "audio", "file"),
    "assistant": ("text", "refusal"),
}
_LONGEST_ID = 64


def turns_of(messages: Any) -> list[Turn]:
    """The turns; the results of one round of tool calls are one turn."""
    if not isinstance(messages, list) or not messages:
        raise invalid("Invalid 'messages': empty array.", "messages", "empty_array")
    turns: list[Turn] = []
    open_calls: list[str] = []
    for n, message in enumerate(messages):
        role = message.get("role")
        if role not in _ROLES:
            raise invalid_value(f"messages[{n}].role", role, _ROLES)
        if role == "tool":
            result = _result(message, n, open_calls)
            if turns and turns[-1].results:
                turns[-1] = Turn("user", [*turns[-1].blocks, result])
            else:
                turns.append(Turn("user", [result]))
            continue
        _all_answered(open_calls, n)
        turn = Turn("system" if role == "developer" else role, list(_blocks(message, n)))
        open_calls = [call.id for call in turn.calls]
        turns.append(turn)
    _all_answered(open_calls, len(messages))
    return turns


def _blocks(message: Json, n: int) -> Iterator[Block]:
    role, content, calls = message["role"], message.get("content"), message.get("tool_calls")
    if content is None and not (role == "assistant" and (calls or message.get("refusal"))):
        raise invalid(
            "Invalid value for 'content': expected a string, got null.", f"messages.[{n}].content"
        )
    if isinstance(content, str):
        yield Text(content)
    elif content is not None:
        yield from _parts(content, role, f"messages[{n}].content")
    if calls is not None and role != "assistant":
        raise invalid(
            "Invalid parameter: only messages of role 'assistant' can contain 'tool_calls'.",
            f"messages.[{n}].role",
        )
    for place, call in enumerate(calls or ()):
        yield _call(call, f"messages[{n}].tool_calls[{place}]")


def _parts(content: Any, role: str, at: str) -> Iterator[Block]:
    if not isinstance(content, list):
        raise invalid_type(at, "one of a string or array of objects", content)
    allowed = _PARTS.get(role, ("text",))
    for place, part in enumerate(content):
        kind, where = part.get("type"), f"{at}[{place}]"
        if kind not in allowed:
            raise invalid_value(f"{where}.type", kind, allowed)
        match kind:
            case "text" | "refusal":
                yield Text(part[kind])
            case "image_url":
                image = part["image_url"]
                if not isinstance(image, dict):
                    raise invalid_type(f"{where}.image_url", "an object", image)
                yield parts.picture(image["url"], image.get("detail"), f"{where}.image_url")
            case "file":
                file = part["file"]
                yield parts.document(file.get("file_data"), file.get("filename"), f"{where}.file")
            case _:
                raise invalid("This model does not support audio inputs.", where)


def _call(call: Json, at: str) -> ToolCall:
    if call.get("type") != "function":
        raise invalid_value(f"{at}.type", call.get("type"), ("function",))
    for name in ("id", "function"):
        if not call.get(name):
            raise missing(f"{at}.{name}")
    if len(call["id"]) > _LONGEST_ID:
        raise too_long(f"{at}.id", _LONGEST_ID, len(call["id"]))
    arguments = call["function"].get("arguments")
    if not isinstance(arguments, str):
        raise invalid_type(f"{at}.function.arguments", "a string", arguments)
    return ToolCall(call["id"], call["function"]["name"], arguments)


def _result(message: Json, n: int, open_calls: list[str]) -> ToolResult:
    call_id = message.get("tool_call_id")
    if not call_id:
        raise missing(f"messages[{n}].tool_call_id")
    if call_id not in open_calls:
        raise invalid(
            "Invalid parameter: messages with role 'tool' must be a response to a preceeding "
            "message with 'tool_calls'.",
            f"messages.[{n}].role",
        )
    open_calls.remove(call_id)
    content = message.get("content")
    if content is None:
        raise invalid(
            "Invalid value for 'content': expected a string, got null.", f"messages.[{n}].content"
        )
    if isinstance(content, str):
        return ToolResult(call_id, content)
    blocks = _parts(content, "tool", f"messages[{n}].content")
    return ToolResult(call_id, "".join(block.text for block in blocks if isinstance(block, Text)))


def _all_answered(open_calls: Sequence[str], n: int) -> None:
    if open_calls:
        raise invalid(
            "An assistant message with 'tool_calls' must be followed by tool messages responding "
            "to each 'tool_call_id'. The following tool_call_ids did not have response messages: "
            f"{', '.join(open_calls)}",
            f"messages.[{n}].role",
        )
