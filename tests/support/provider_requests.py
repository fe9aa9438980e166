"""Reads what providers are asked back into a conversation, as a provider would understand it."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
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
from router.conversation.media import media_of_base64, media_of_bytes
from router.providers.bedrock_request import EMPTY_RESULT

FORMATS = {"pdf": "application/pdf"}
NONE = ToolChoice("none")


def of_converse(asked: Mapping[str, Any]) -> Conversation:
    """Return the conversation in the arguments of Converse."""
    config = asked.get("toolConfig", {})
    tools: list[Any] = []
    for tool in config.get("tools", ()):
        if "cachePoint" in tool:
            tools[-1] = replace(tools[-1], cache=_ttl(tool))
        else:
            spec = tool["toolSpec"]
            schema, strict = spec["inputSchema"]["json"], spec.get("strict")
            tools.append(Tool(spec["name"], spec.get("description"), schema, strict))
    more = asked.get("additionalModelRequestFields", {}).get("tool_choice")
    match config.get("toolChoice", more):
        case {"tool": {"name": name}} | {"type": "tool", "name": name}:
            choice = ToolChoice("named", name)
        case {"any": {}} | {"type": "any"}:
            choice = ToolChoice("required")
        case {"auto": {}} | {"type": "auto"}:
            choice = ToolChoice("auto")
        case _:
            choice = None
    parallel = not more["disable_parallel_tool_use"] if more else None
    system = tuple(_blocks(asked.get("system", ())))
    turns = _turns((m["role"], tuple(_blocks(m["content"]))) for m in asked["messages"])
    return Conversation(turns, system, tuple(tools), choice, parallel)  # type: ignore[arg-type]


def _blocks(content: Iterable[Any]) -> list[Block]:
    found: list[Block] = []
    named: str | None = None
    for part in content:
        match part:
            case {"cachePoint": _}:
                found[-1] = replace(found[-1], cache=_ttl(part))  # type: ignore[call-arg]
            case {"text": "(see the document)"} | {"text": "(no output)"}:
                assert part["text"] in (EMPTY_RESULT, "(see the document)")
            case {"text": str(text)} if text.startswith("document ") and " is the file " in text:
                named = json.loads(text.partition(" is the file ")[2])
            case {"text": text}:
                found.append(Text(text))
            case {"image": {"format": kind, "source": {"bytes": data}}}:
                found.append(Image(media_of_bytes(data, f"image/{kind}", "x")))
            case {"document": {"format": kind, "name": _, "source": {"bytes": data}}}:
                found.append(Document(media_of_bytes(data, FORMATS[kind], "x"), named))
                named = None
            case {"toolUse": used}:
                call = json.dumps(used["input"], ensure_ascii=False)
                found.append(ToolCall(used["toolUseId"], used["name"], call))
            case {"toolResult": result}:
                parts: Any = tuple(_blocks(result["content"]))
                failed = result.get("status") == "error"
                found.append(ToolResult(result["toolUseId"], parts, failed))
            case {"reasoningContent": {"reasoningText": thought}}:
                found.append(Reasoning(thought["text"], thought["signature"]))
            case {"reasoningContent": {"redactedContent": data}}:
                found.append(Reasoning(redacted=base64.b64encode(data).decode()))
            case _:
                raise AssertionError(f"Converse knows no {part}")
    return found


def _ttl(part: Any) -> str:
    return str(part["cachePoint"].get("ttl", "5m"))


def of_messages(body: Mapping[str, Any]) -> Conversation:
    """Return the conversation in a body of Anthropic's API."""
    tools = tuple(
        Tool(
            tool["name"],
            tool.get("description"),
            tool["input_schema"],
            tool.get("strict"),
            _control(tool),
        )
        for tool in body.get("tools", ())
    )
    chosen = body.get("tool_choice", {})
    kinds = {"auto": "auto", "none": "none", "any": "required", "tool": "named"}
    choice = ToolChoice(kinds[chosen["type"]], chosen.get("name")) if chosen else None
    alone = chosen.get("disable_parallel_tool_use")
    system: Any = tuple(_anthropic(block) for block in body.get("system", ()))
    turns = _turns((m["role"], tuple(map(_anthropic, m["content"]))) for m in body["messages"])
    return Conversation(turns, system, tools, choice, not alone if alone else None)


def _anthropic(block: Mapping[str, Any]) -> Block:
    mark: Any = {"cache": _control(block)}
    found: Block
    match block:
        case {"type": "text", "text": text}:
            found = Text(text, **mark)
        case {"type": "image", "source": {"type": "base64", "data": data, "media_type": kind}}:
            found = Image(media_of_base64(data, kind, "x"), **mark)
        case {"type": "document", "source": {"type": "base64", "data": data, "media_type": kind}}:
            found = Document(media_of_base64(data, kind, "x"), block.get("title"), **mark)
        case {"type": "document", "source": {"type": "text", "data": data}}:
            found = Document(media_of_bytes(data.encode(), "text/plain", "x"), **mark)
        case {"type": "tool_use", "id": call_id, "name": name, "input": dict(given)}:
            found = ToolCall(call_id, name, json.dumps(given, ensure_ascii=False))
        case {"type": "tool_result", "tool_use_id": call_id}:
            parts: Any = tuple(map(_anthropic, block.get("content", ())))
            found = ToolResult(call_id, parts, block.get("is_error", False), **mark)
        case {"type": "thinking", "thinking": text, "signature": signature}:
            found = Reasoning(text, signature)
        case {"type": "redacted_thinking", "data": data}:
            found = Reasoning(redacted=data)
        case _:
            raise AssertionError(f"Anthropic knows no {block}")
    return found


def _control(block: Mapping[str, Any]) -> str | None:
    mark = block.get("cache_control")
    return mark.get("ttl", "5m") if mark else None


def _turns(messages: Iterable[tuple[str, tuple[Block, ...]]]) -> tuple[Turn, ...]:
    return tuple(turn for role, blocks in messages for turn in _split(role, blocks))


def _split(role: str, blocks: tuple[Block, ...]) -> Iterator[Turn]:
    """Results come first in a user's turn: they are a turn of their own in ours."""
    is_result = [isinstance(block, ToolResult) for block in blocks]
    assert is_result == sorted(is_result, reverse=True)
    count = sum(is_result)
    if count:
        yield Turn("tool", blocks[:count])
    if blocks[count:]:
        yield Turn(role, blocks[count:])


def comparable(conversation: Conversation, *, marks: bool = True) -> Conversation:
    """Return a conversation without what says the same in other words: ids, spellings of JSON."""
    names = (f"call-{number}" for number in itertools.count())
    ids: dict[str, str] = {}

    def of(block: Block) -> Block:
        match block:
            case ToolCall(call_id, name):
                ids[call_id] = next(names)
                return ToolCall(ids[call_id], name, json.dumps(block.input, sort_keys=True))
            case ToolResult(call_id, parts):
                kept = tuple(replace(part, cache=None) for part in parts)
                made = replace(block, call_id=ids[call_id], parts=kept)
                return made if marks else replace(made, cache=None)
            case Reasoning():
                return replace(block, by=None)
            case Image():
                block = replace(block, detail=None)
        return block if marks else replace(block, cache=None)  # type: ignore[call-arg]

    turns = tuple(replace(t, blocks=tuple(map(of, t.blocks))) for t in conversation.turns)
    choice = conversation.choice
    return Conversation(
        turns=turns,
        system=tuple(of(block) for block in conversation.system),  # type: ignore[misc]
        tools=tuple(
            replace(
                tool,
                parameters=tool.schema,
                strict=tool.strict or None,
                cache=tool.cache if marks else None,
            )
            for tool in conversation.tools
        ),
        choice=None if choice == ToolChoice("auto") else choice,
        parallel=False if conversation.parallel is False and choice != NONE else None,
    )


def marks_of(conversation: Conversation) -> int:
    """Return how many marks for a cache a conversation has."""
    blocks = [block for turn in conversation.turns for block in turn.blocks]
    given = [*conversation.tools, *conversation.system, *blocks]
    return sum(getattr(part, "cache", None) is not None for part in given)
