"""A reply as a message of Anthropic's. Pure."""

from __future__ import annotations

from typing import Any

from router.conversation.blocks import ToolCall
from router.conversation.writing import write_reasoning
from router.ingress.protocols.reply import FILTER, LENGTH, STOP, TOOLS, Reply, Usage

_STOPS = {STOP: "end_turn", LENGTH: "max_tokens", TOOLS: "tool_use", FILTER: "refusal"}


def to_message(reply: Reply) -> dict[str, Any]:
    """Return the ``message`` of a reply."""
    said = reply.said
    texts = [{"type": "text", "text": said.text}] if said.text else []
    thinking = [{k: v for k, v in b.items() if k != "by"} for b in write_reasoning(said.reasoning)]
    return {
        "id": reply.request_id,
        "type": "message",
        "role": "assistant",
        "model": reply.model,
        "content": [*thinking, *texts, *map(_tool_use, said.calls)],
        "stop_reason": _STOPS[reply.finish],
        "stop_sequence": None,
        "usage": write_usage(reply.usage),
    }


def write_usage(usage: Usage | None) -> dict[str, int | None]:
    """Return tokens as Anthropic counts them, apart from the cached; null where not known."""
    if usage is None:
        return {"input_tokens": None, "output_tokens": None}
    tokens = usage.tokens
    return {
        "input_tokens": tokens.input,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": tokens.cache_read,
        "output_tokens": tokens.output,
    }


def stop_reason(finish: str) -> str:
    """Return Anthropic's word for why an answer ended."""
    return _STOPS[finish]


def _tool_use(call: ToolCall) -> dict[str, Any]:
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": call.input or {}}
