"""The body of Anthropic's Messages API for a call. Pure."""

from __future__ import annotations

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
    ToolResult,
)
from router.errors import InvalidModelRequest
from router.invocation.call import ModelCall
from router.providers.alternating import alternating
from router.providers.cache_marks import Prompt
from router.providers.call_limits import effort_of_claude, input_of, sampling_of, tool_for_claude
from router.providers.json_modes import for_claude, has_claude_mode

_SAMPLING = {"temperature": "temperature", "top_p": "top_p", "stop": "stop_sequences"}
_CHOICES = {"auto": "auto", "none": "none", "required": "any", "named": "tool"}


def messages_body(call: ModelCall) -> dict[str, Any]:
    """Return the body of ``POST /v1/messages`` for a call."""
    config: dict[str, Any] = {}
    if call.schema is not None:
        call, config = _bound_to_schema(call)
    given = sampling_of(call, {*_SAMPLING, "reasoning_effort"}, "Anthropic's API")
    if "reasoning_effort" in given:
        config["effort"] = effort_of_claude(given["reasoning_effort"])
    conversation = call.conversation
    turns = alternating(
        conversation, call.provider, call.model, with_tools=bool(conversation.tools)
    )
    prompt = Prompt(conversation.tools, conversation.system, turns).with_marks(
        wanted=True, system=call.marks_system, points_from=call.points_from
    )
    body: dict[str, Any] = {
        "model": call.model,
        "max_tokens": call.max_tokens,
        "messages": [
            {"role": turn.role, "content": [_block(block) for block in turn.blocks]}
            for turn in prompt.turns
        ],
        **{_SAMPLING[name]: value for name, value in given.items() if name in _SAMPLING},
    }
    if prompt.system:
        body["system"] = [_block(block) for block in prompt.system]
    if prompt.tools:
        body["tools"] = [_tool(tool, call.model) for tool in prompt.tools]
        if choice := _choice(conversation):
            body["tool_choice"] = choice
    if config:
        body["output_config"] = config
    if call.service_tier:
        body["service_tier"] = call.service_tier
    return body


def _block(block: Block) -> dict[str, Any]:
    cache = getattr(block, "cache", None)
    return _plain(block) | (_mark(cache) if cache else {})


def _mark(cache: str) -> dict[str, Any]:
    ttl = {"ttl": cache} if cache != "5m" else {}
    return {"cache_control": {"type": "ephemeral", **ttl}}


def _plain(block: Block) -> dict[str, Any]:
    match block:
        case Text(text):
            return {"type": "text", "text": text}
        case Image() | Document():
            return _file(block)
        case ToolCall(call_id, name):
            return {"type": "tool_use", "id": call_id, "name": name, "input": input_of(block)}
        case ToolResult():
            return _result(block)
        case Reasoning():
            return _thinking(block)


def _thinking(block: Reasoning) -> dict[str, Any]:
    if block.redacted is not None:
        return {"type": "redacted_thinking", "data": block.redacted}
    return {"type": "thinking", "thinking": block.text, "signature": block.signature}


def _file(block: Image | Document) -> dict[str, Any]:
    if isinstance(block, Document):
        titled = {"title": block.name} if block.name else {}
        return {"type": "document", "source": _source(block), **titled}
    media = block.media
    source = {"type": "base64", "media_type": media.media_type, "data": media.base64}
    return {"type": "image", "source": source}


def _source(document: Document) -> dict[str, Any]:
    media = document.media
    if media.media_type == "application/pdf":
        return {"type": "base64", "media_type": media.media_type, "data": media.base64}
    if media.media_type.startswith("text/"):
        try:
            return {"type": "text", "media_type": "text/plain", "data": media.bytes.decode()}
        except UnicodeDecodeError:
            raise InvalidModelRequest("a text document is not UTF-8: convert it") from None
    raise InvalidModelRequest("Anthropic's API takes PDF and text as documents: convert it to PDF")


def _result(result: ToolResult) -> dict[str, Any]:
    given = (part for part in result.parts if not isinstance(part, Text) or part.text.strip())
    parts = [_plain(part) for part in given]
    return {
        "type": "tool_result",
        "tool_use_id": result.call_id,
        **({"content": parts} if parts else {}),
        **({"is_error": True} if result.is_error else {}),
    }


def _tool(tool: Tool, model: str) -> dict[str, Any]:
    schema, description, is_strict = tool_for_claude(tool, model)
    strict = {"strict": True} if is_strict else {}
    described = {"description": description} if description and description.strip() else {}
    mark = _mark(tool.cache) if tool.cache else {}
    return {"name": tool.name, **described, "input_schema": schema, **strict, **mark}


def _choice(conversation: Conversation) -> dict[str, Any]:
    choice, parallel = conversation.choice, conversation.parallel
    kind = choice.kind if choice else "auto"
    alone = {"disable_parallel_tool_use": True} if parallel is False and kind != "none" else {}
    if choice is None and not alone:
        return {}
    named = {"name": choice.name} if choice and choice.kind == "named" else {}
    return {"type": _CHOICES[kind], **named, **alone}


def _bound_to_schema(call: ModelCall) -> tuple[ModelCall, dict[str, Any]]:
    from router.invocation.answer_schema import with_schema_instructions

    mode = for_claude(call.schema or {}) if has_claude_mode(call.model) else None
    config = {"format": {"type": "json_schema", "schema": mode}} if mode else {}
    return (call if mode == call.schema else with_schema_instructions(call)), config
