"""Reads messages in OpenAI's chat shape into turns. Pure.

The shape that every client speaks, with the fields that its relatives have added:
``cache_control`` on parts and tools, ``thinking_blocks`` on an assistant's turn, ``is_error`` on a
tool's. What has no place in a turn raises ``InvalidRequest`` that says where it is and what to
write instead.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from router.conversation.blocks import (
    Block,
    Document,
    Image,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    Turn,
)
from router.conversation.pairs import check_pairs
from router.conversation.parts import read_parts
from router.encoding import clean, shown_name
from router.errors import InvalidRequest

_FIELDS: Mapping[str, frozenset[str]] = {
    "system": frozenset({"role", "content", "name"}),
    "developer": frozenset({"role", "content", "name"}),
    "user": frozenset({"role", "content", "name"}),
    "assistant": frozenset({"role", "content", "name", "tool_calls", "refusal", "thinking_blocks"}),
    "tool": frozenset({"role", "content", "tool_call_id", "is_error", "name"}),
}
# What clients send back of an answer of ours or of their provider's, and what says nothing.
_SAYS_NOTHING = frozenset({
    "audio", "annotations", "function_call", "reasoning_content", "reasoning", "logprobs", "id",
    "provider_specific_fields", "refusal", "parsed",
})  # fmt: skip
# Thinking without its proof, which no provider takes back; and LiteLLM's copy of other fields.
_OF_AN_ANSWER = ("reasoning_content", "reasoning", "provider_specific_fields")


def read_messages(messages: Sequence[Any]) -> tuple[Turn, ...]:
    """Return the turns of a conversation; results of one turn's calls are one turn.

    Blank texts are left out, and turns of which nothing is left but the last.
    """
    turns: list[Turn] = []
    for index, message in enumerate(messages):
        where = f"messages[{index}]"
        turn = _turn(message, where)
        if not turn.blocks:
            if turn.role == "user" and index == len(messages) - 1:
                raise InvalidRequest("a prompt must hold more than white space")
            continue
        if turn.role == "tool" and turns and turns[-1].role == "tool":
            turns[-1] = Turn("tool", (*turns[-1].blocks, *turn.blocks))
        else:
            turns.append(turn)
    check_pairs(turns)
    return tuple(turns)


def read_system(value: Any, where: str = "system") -> tuple[Text, ...]:
    """Return instructions given as one text or as parts; blank ones are left out."""
    return tuple(b for b in read_parts(value, where, "system") if isinstance(b, Text))


def _turn(message: Any, where: str) -> Turn:
    if not isinstance(message, Mapping):
        raise InvalidRequest(f"`{where}` must be an object with `role` and `content`")
    role = message.get("role")
    if not isinstance(role, str) or role not in _FIELDS:
        known = ", ".join(_FIELDS)
        raise InvalidRequest(f"`{where}.role` must be one of {known}")
    for name, value in message.items():
        if name not in _FIELDS[role] and not (name in _SAYS_NOTHING and not value):
            if name in _OF_AN_ANSWER and role == "assistant":
                continue
            raise InvalidRequest(
                f"`{where}.{shown_name(name)}` is not a field of a {role}'s turn: leave it out"
            )
    name = _text_in(message, "name", where)
    content = message.get("content")
    if role == "tool":
        return Turn("tool", (_result(message, where),))
    if role == "assistant":
        return Turn("assistant", tuple(_said(message, where)), name)
    if content is None:
        raise InvalidRequest(f"`{where}.content` must be a text, or a list of parts")
    role = "system" if role == "developer" else role
    return Turn(role, tuple(read_parts(content, f"{where}.content", role)), name)


def _said(message: Mapping[str, Any], where: str) -> Iterator[Block]:
    yield from _reasoning(message.get("thinking_blocks") or (), f"{where}.thinking_blocks")
    if (content := message.get("content")) is not None:
        yield from read_parts(content, f"{where}.content", "assistant")
    if refusal := _text_in(message, "refusal", where):
        yield Text(clean(refusal))
    calls = message.get("tool_calls") or ()
    if not isinstance(calls, Sequence) or isinstance(calls, str):
        raise InvalidRequest(f"`{where}.tool_calls` must be a list")
    for index, call in enumerate(calls):
        yield _call(call, f"{where}.tool_calls[{index}]")


def _reasoning(blocks: Any, where: str) -> Iterator[Reasoning]:
    for index, block in enumerate(blocks if isinstance(blocks, list) else ()):
        match block:
            case {"type": "thinking", "thinking": str(text), "signature": str(signature)}:
                yield Reasoning(text, signature or None, by=_text_in(block, "by", where))
            case {"type": "redacted_thinking", "data": str(data)}:
                yield Reasoning(redacted=data, by=_text_in(block, "by", where))
            case _:
                raise InvalidRequest(
                    f"`{where}[{index}]` must be a block of type thinking with `thinking` and"
                    " `signature`, or redacted_thinking with `data`, as the answer had it"
                )


def _call(call: Any, where: str) -> ToolCall:
    function = call.get("function") if isinstance(call, Mapping) else None
    if not isinstance(function, Mapping) or call.get("type", "function") != "function":
        raise InvalidRequest(f"`{where}` must have `type` function, `id` and `function`")
    arguments = function.get("arguments", "")
    if isinstance(arguments, Mapping):
        arguments = json.dumps(arguments, ensure_ascii=False)
    name, call_id = function.get("name"), call.get("id")
    if not isinstance(name, str) or not name or not isinstance(call_id, str) or not call_id:
        raise InvalidRequest(f"`{where}` must have an `id` and a `function.name`")
    if not isinstance(arguments, str):
        raise InvalidRequest(f"`{where}.function.arguments` must be JSON in a text")
    made = ToolCall(call_id, name, clean(arguments))
    if made.input is None:
        raise InvalidRequest(f"`{where}.function.arguments` must be a JSON object in a text")
    return made


def _result(message: Mapping[str, Any], where: str) -> ToolResult:
    call_id = message.get("tool_call_id")
    if not isinstance(call_id, str) or not call_id:
        raise InvalidRequest(
            f"`{where}.tool_call_id` must name the call that this is the result of"
        )
    content = message.get("content")
    parts = tuple(read_parts("" if content is None else content, f"{where}.content", "tool"))
    kept = tuple(part for part in parts if isinstance(part, Text | Image | Document))
    marks = [part.cache for part in kept if part.cache]
    return ToolResult(call_id, kept, message.get("is_error") is True, marks[-1] if marks else None)


def _text_in(message: Mapping[str, Any], name: str, where: str) -> str | None:
    value = message.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidRequest(f"`{where}.{name}` must be a text")
    return clean(value) if value else None
