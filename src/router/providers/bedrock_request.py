"""The arguments of Bedrock's Converse and ConverseStream for a call. Pure."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from router.catalog.families import CLAUDE, family_of
from router.conversation.blocks import (
    Block,
    Conversation,
    Document,
    Image,
    Reasoning,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
)
from router.conversation.media import DOCUMENT_TYPES
from router.errors import InvalidModelRequest
from router.invocation.call import ModelCall
from router.providers.alternating import alternating
from router.providers.bedrock_tools import cache_point, model_fields, tool_config
from router.providers.cache_marks import Prompt
from router.providers.call_limits import input_of, sampling_of
from router.providers.json_modes import for_claude, has_claude_mode

EMPTY_RESULT = "(no output)"
_SAMPLING = {"temperature": "temperature", "top_p": "topP", "stop": "stopSequences"}


def converse_arguments(call: ModelCall, *, json_mode: bool = True) -> dict[str, Any]:
    """Return the arguments for a call, but for ``modelId`` and the guardrail.

    ``json_mode`` is whether the SDK knows how to bind an answer to a schema.
    """
    bound: dict[str, Any] = {}
    if call.schema is not None:
        call, bound = _bound_to_schema(call, json_mode)
    conversation = call.conversation
    tools = _tools(conversation)
    turns = alternating(conversation, call.provider, call.model, with_tools=bool(tools))
    prompt = Prompt(tools, conversation.system, turns).with_marks(
        wanted=family_of(call.model) == CLAUDE or call.marks_system,
        system=call.marks_system,
        points_from=call.points_from,
    )
    names = (f"document {number}" for number in count(1))
    arguments: dict[str, Any] = {
        "messages": [_message(turn, names) for turn in prompt.turns],
        "inferenceConfig": {"maxTokens": call.max_tokens, **_sampling(call)},
        **_how_to_serve(call),
        **bound,
    }
    if prompt.system:
        arguments["system"] = [part for text in prompt.system for part in _with_mark(text, names)]
    if prompt.tools:
        arguments["toolConfig"] = tool_config(prompt.tools, call)
    if more := model_fields(call, has_tools=bool(prompt.tools)):
        arguments["additionalModelRequestFields"] = more
    return arguments


def _tools(conversation: Conversation) -> tuple[Tool, ...]:
    """Converse cannot be kept from calling a tool that it is shown."""
    choice = conversation.choice
    return () if choice and choice.kind == "none" else conversation.tools


def _message(turn: Turn, names: Iterator[str]) -> dict[str, Any]:
    content = [part for block in turn.blocks for part in _with_mark(block, names)]
    if any("document" in part for part in content) and not any("text" in part for part in content):
        content.append({"text": "(see the document)"})  # Converse wants a text beside it
    return {"role": turn.role, "content": content}


def _with_mark(block: Block, names: Iterator[str]) -> Iterator[dict[str, Any]]:
    yield from _parts(block, names)
    if mark := getattr(block, "cache", None):
        yield cache_point(mark)


def _parts(block: Block, names: Iterator[str]) -> Iterator[dict[str, Any]]:
    match block:
        case Text(text):
            yield {"text": text}
        case Image(media):
            kind = media.media_type.removeprefix("image/")
            yield {"image": {"format": kind, "source": {"bytes": media.bytes}}}
        case Document(media, name):
            # A name of its own choice would be read by the model as an instruction, if it is one.
            neutral = next(names)
            if name:
                yield {"text": f"{neutral} is the file {json.dumps(name, ensure_ascii=False)}"}
            kind = DOCUMENT_TYPES[media.media_type]
            source = {"bytes": media.bytes}
            yield {"document": {"format": kind, "name": neutral, "source": source}}
        case ToolCall():
            used = {"toolUseId": block.id, "name": block.name, "input": input_of(block)}
            yield {"toolUse": used}
        case ToolResult():
            yield {"toolResult": _result(block, names)}
        case Reasoning():
            yield from _reasoning(block)


def _result(result: ToolResult, names: Iterator[str]) -> dict[str, Any]:
    content = [
        shown
        for part in result.parts
        if not isinstance(part, Text) or part.text.strip()
        for shown in _parts(part, names)
    ]
    return {
        "toolUseId": result.call_id,
        "content": content or [{"text": EMPTY_RESULT}],
        **({"status": "error"} if result.is_error else {}),
    }


def _reasoning(block: Reasoning) -> Iterator[dict[str, Any]]:
    if block.redacted is None:
        text = {"text": block.text, "signature": block.signature}
        yield {"reasoningContent": {"reasoningText": text}}
        return
    try:
        data = base64.b64decode(block.redacted, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidModelRequest(
            "redacted thinking in the conversation is not as the model gave it: send it unchanged"
        ) from None
    yield {"reasoningContent": {"redactedContent": data}}


def _sampling(call: ModelCall) -> dict[str, Any]:
    given = sampling_of(call, {*_SAMPLING, "reasoning_effort"}, "Converse")
    return {_SAMPLING[name]: value for name, value in given.items() if name in _SAMPLING}


def _how_to_serve(call: ModelCall) -> dict[str, Any]:
    asked = {
        "serviceTier": {"type": call.service_tier},
        "performanceConfig": {"latency": call.latency},
    }
    return {field: words for field, words in asked.items() if all(words.values())}


def _bound_to_schema(call: ModelCall, json_mode: bool) -> tuple[ModelCall, dict[str, Any]]:
    """Return the call with words for what the model's mode cannot hold, and the mode."""
    from router.invocation.answer_schema import with_schema_instructions

    has_mode = json_mode and has_claude_mode(call.model)
    mode = for_claude(call.schema or {}) if has_mode else None
    bound: dict[str, Any] = {}
    if mode is not None:
        definition = {"name": "answer", "schema": json.dumps(mode, ensure_ascii=False)}
        structure = {"jsonSchema": definition}
        bound["outputConfig"] = {"textFormat": {"type": "json_schema", "structure": structure}}
    return (call if mode == call.schema else with_schema_instructions(call)), bound
