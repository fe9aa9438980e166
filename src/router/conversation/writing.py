"""Writes turns in OpenAI's chat shape: what travels, is stored, and is read back by ``reading``.

Nothing is lost on the way: ``read(write(x)) == x`` for every conversation. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from router.conversation.blocks import (
    Block,
    Conversation,
    Document,
    Image,
    Reasoning,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Turn,
)
from router.conversation.media import Media


def write_messages(turns: Iterable[Turn]) -> list[dict[str, Any]]:
    """Return the messages of turns: one for each result of a turn of role tool."""
    return [message for turn in turns for message in _messages(turn)]


def write_system(system: tuple[Text, ...]) -> str | list[dict[str, Any]] | None:
    """Return instructions as one text, or as parts if there are several or marks for a cache."""
    return _content(system) if system else None


def write_tools(tools: Iterable[Tool]) -> list[dict[str, Any]]:
    """Return tools as OpenAI writes them."""
    return [_tool(tool) for tool in tools]


def write_choice(choice: ToolChoice) -> str | dict[str, Any]:
    """Return ``tool_choice`` as OpenAI writes it."""
    if choice.kind == "named":
        return {"type": "function", "function": {"name": choice.name}}
    return choice.kind


def write_calls(calls: Iterable[ToolCall]) -> list[dict[str, Any]]:
    """Return ``tool_calls`` as OpenAI writes them."""
    return [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for call in calls
    ]


def write_reasoning(blocks: Iterable[Reasoning]) -> list[dict[str, Any]]:
    """Return ``thinking_blocks``, in Anthropic's shape."""
    return [_reasoning(block) for block in blocks]


def _reasoning(block: Reasoning) -> dict[str, Any]:
    by = {"by": block.by} if block.by else {}
    if block.redacted is not None:
        return {"type": "redacted_thinking", "data": block.redacted, **by}
    return {
        "type": "thinking", "thinking": block.text, "signature": block.signature or "", **by,
    }  # fmt: skip


def write_conversation(conversation: Conversation) -> dict[str, Any]:
    """Return the fields of a request that hold its conversation; what is not set is left out."""
    written: dict[str, Any] = {"messages": write_messages(conversation.turns)}
    if conversation.system:
        written["system"] = write_system(conversation.system)
    if conversation.tools:
        written["tools"] = write_tools(conversation.tools)
    if conversation.choice:
        written["tool_choice"] = write_choice(conversation.choice)
    if conversation.parallel is not None:
        written["parallel_tool_calls"] = conversation.parallel
    return written


def _messages(turn: Turn) -> Iterator[dict[str, Any]]:
    if turn.role == "tool":
        for result in turn.results:
            error = {"is_error": True} if result.is_error else {}
            yield {
                "role": "tool",
                "tool_call_id": result.call_id,
                "content": _content(result.parts),
                **error,
            }
        return
    reasoning = [block for block in turn.blocks if isinstance(block, Reasoning)]
    shown = [block for block in turn.blocks if isinstance(block, Text | Image | Document)]
    message: dict[str, Any] = {"role": turn.role, "content": _content(shown) if shown else None}
    if reasoning:
        message["thinking_blocks"] = write_reasoning(reasoning)
    if turn.calls:
        message["tool_calls"] = write_calls(turn.calls)
    if turn.name:
        message["name"] = turn.name
    yield message


def _content(blocks: Iterable[Block]) -> str | list[dict[str, Any]]:
    parts = [part for block in blocks for part in _part(block)]
    if not parts:
        return ""
    if len(parts) == 1 and parts[0].keys() == {"type", "text"}:
        return str(parts[0]["text"])
    return parts


def _part(block: Block) -> Iterator[dict[str, Any]]:
    match block:
        case Text(text, cache):
            yield {"type": "text", "text": text, **_mark(cache)}
        case Image(media, detail, cache):
            url = _where(media, "url") | ({"detail": detail} if detail else {})
            yield {"type": "image_url", "image_url": url, **_mark(cache)}
        case Document(media, name, cache):
            file = _where(media, "file_data") | ({"filename": name} if name else {})
            yield {"type": "file", "file": file, **_mark(cache)}
        case Reasoning() | ToolCall() | ToolResult():
            raise ValueError(f"{type(block).__name__} is no part of a content")


def _where(media: Media, field: str) -> dict[str, Any]:
    return {field: media.data_url} if media.s3 is None else {field: media.s3, **media.facts}


def _mark(cache: str | None) -> Mapping[str, Any]:
    if cache is None:
        return {}
    ttl = {"ttl": cache} if cache != "5m" else {}
    return {"cache_control": {"type": "ephemeral", **ttl}}


def _tool(tool: Tool) -> dict[str, Any]:
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "strict": tool.strict,
    }
    known = {name: value for name, value in function.items() if value is not None}
    return {"type": "function", "function": known, **_mark(tool.cache)}
