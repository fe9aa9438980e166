"""Turns and tools as OpenAI's chat takes them. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from typing import Any

from router.conversation.blocks import (
    Block,
    Conversation,
    Document,
    Image,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
)
from router.conversation.media import DOCUMENT_TYPES
from router.conversation.writing import write_tools
from router.errors import InvalidModelRequest
from router.providers.call_limits import input_of
from router.providers.legal_calls import with_legal_calls

FAILED = "[the tool failed]"
_LEGAL_ID = re.compile(r"[^\s\x00-\x1f]{1,40}")
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def messages_of(conversation: Conversation) -> list[dict[str, Any]]:
    """Return the messages of a call, its instructions first."""
    numbers = count(1)
    system = [{"role": "system", "content": _content(conversation.system, numbers)}]
    turns = with_legal_calls(conversation.turns, _LEGAL_ID)
    messages = [message for turn in turns for message in _messages(turn, numbers)]
    return [*(system if conversation.system else []), *messages]


def tool_of(tool: Tool) -> dict[str, Any]:
    """Return a tool; raise for one that OpenAI cannot call strictly."""
    if tool.strict and (where := _loose(tool.schema, "parameters")):
        raise InvalidModelRequest(
            f"the tool {tool.name} cannot be strict on OpenAI: {where} must have"
            " `additionalProperties` false and all of its properties in `required`; or leave"
            " `strict` out"
        )
    return write_tools([replace(tool, cache=None)])[0]


def _loose(schema: Any, where: str) -> str | None:
    """Return the place of an object that is open, or of which a property may be missing."""
    if not isinstance(schema, Mapping):
        return None
    types = schema.get("type")
    if types == "object" or (isinstance(types, list) and "object" in types):
        own = schema.get("properties")
        names = set(own) if isinstance(own, Mapping) else set()
        required = schema.get("required")
        listed = set(required) if isinstance(required, list) else set()
        if schema.get("additionalProperties") is not False or listed != names:
            return where
    return next(filter(None, _loose_parts(schema, where)), None)


def _loose_parts(schema: Mapping[str, Any], where: str) -> Iterator[str | None]:
    for keyword in ("properties", "$defs", "definitions"):
        named = schema.get(keyword)
        for name, part in (named if isinstance(named, Mapping) else {}).items():
            yield _loose(part, f"{where}.{name}")
    yield _loose(schema.get("items"), f"{where}.items")
    choices = schema.get("anyOf")
    for index, part in enumerate(choices if isinstance(choices, list) else ()):
        yield _loose(part, f"{where}.anyOf[{index}]")


def _messages(turn: Turn, numbers: Iterator[int]) -> Iterator[dict[str, Any]]:
    if turn.role == "tool":
        yield from (_result(result, numbers) for result in turn.results)
        return
    shown = [block for block in turn.blocks if isinstance(block, Text | Image | Document)]
    if not shown and not turn.calls:
        return  # thinking alone, which OpenAI's chat does not take
    named: dict[str, Any] = {}
    if turn.name and _NAME.fullmatch(turn.name):
        named = {"name": turn.name}
    elif turn.name:
        shown = _said_by(turn.name, shown)
    calls = {"tool_calls": [_call(call) for call in turn.calls]} if turn.calls else {}
    content = _content(shown, numbers) if shown else None
    yield {"role": turn.role, "content": content, **calls, **named}


def _said_by(name: str, shown: list[Text | Image | Document]) -> list[Text | Image | Document]:
    if shown and isinstance(shown[0], Text):
        return [replace(shown[0], text=f"{name}: {shown[0].text}"), *shown[1:]]
    return [Text(f"{name}:"), *shown]


def _call(call: ToolCall) -> dict[str, Any]:
    text = call.arguments.strip()
    try:
        is_one_object = isinstance(json.loads(text), dict)
    except ValueError:
        is_one_object = False
    given = call.arguments if is_one_object else json.dumps(input_of(call), ensure_ascii=False)
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": given}}


def _result(result: ToolResult, numbers: Iterator[int]) -> dict[str, Any]:
    if not all(isinstance(part, Text) for part in result.parts):
        raise InvalidModelRequest(
            "OpenAI's chat takes text alone as the result of a tool: write the picture or document"
            " into the user's turn after it"
        )
    parts = (Text(FAILED), *result.parts) if result.is_error else result.parts
    return {"role": "tool", "tool_call_id": result.call_id, "content": _content(parts, numbers)}


def _content(blocks: Iterable[Block], numbers: Iterator[int]) -> str | list[dict[str, Any]]:
    parts = [_part(b, numbers) for b in blocks if not isinstance(b, Text) or b.text.strip()]
    if len(parts) == 1 and parts[0]["type"] == "text":
        return str(parts[0]["text"])
    return parts or ""


def _part(block: Block, numbers: Iterator[int]) -> dict[str, Any]:
    match block:
        case Text(text):
            return {"type": "text", "text": text}
        case Image(media, detail):
            detailed = {"detail": detail} if detail else {}
            return {"type": "image_url", "image_url": {"url": media.data_url, **detailed}}
        case Document(media, name):
            neutral = f"document-{next(numbers)}.{DOCUMENT_TYPES[media.media_type]}"
            file = {"filename": name or neutral, "file_data": media.data_url}
            return {"type": "file", "file": file}
    raise ValueError(f"{type(block).__name__} is no part of a content")
