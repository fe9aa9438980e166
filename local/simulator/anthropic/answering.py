"""What the Messages API answers with: blocks, the reason to stop, usage."""

from __future__ import annotations

import json

from local.simulator.conversation import ToolCall
from local.simulator.model import Answered, Ending, Json, Reply
from local.simulator.thoughts import sign

_ENDINGS: dict[Ending, str] = {
    "end": "end_turn",
    "length": "max_tokens",
    "refusal": "refusal",
    "filter": "refusal",
    "guardrail": "refusal",
    "tools": "tool_use",
    "stop": "stop_sequence",
}


def message(answered: Answered, content: list[Json], ending: Json) -> Json:
    """A message; a stream starts with one that has no content and no ending yet."""
    return {
        "id": f"msg_{answered.request_id.replace('-', '')[:24]}",
        "type": "message",
        "role": "assistant",
        "model": answered.ask.model,
        "content": content,
        **ending,
    }


def blocks(answered: Answered) -> list[Json]:
    """The content of a whole answer."""
    reply = answered.reply
    content: list[Json] = []
    if reply.thinking:
        signature = sign(answered.ask.model, reply.thinking)
        content.append({"type": "thinking", "thinking": reply.thinking, "signature": signature})
    if reply.text:
        content.append({"type": "text", "text": reply.text, "citations": None})
    return content + [tool_use(call, _input(call)) for call in reply.calls]


def tool_use(call: ToolCall, arguments: Json) -> Json:
    """A call; a stream starts it without its arguments."""
    own = f"toolu_{call.id}" if len(call.id) == 24 and call.id.isalnum() else call.id
    return {
        "type": "tool_use",
        "id": own,
        "name": call.name,
        "input": arguments,
        "caller": {"type": "direct"},
    }


def ending(reply: Reply) -> Json:
    """Why the answer ended."""
    reason = reply.stop_reason or _ENDINGS[reply.ending]
    refused = {"type": "refusal", "category": None, "explanation": None}
    return {
        "stop_reason": reason,
        "stop_sequence": reply.stopped_by,
        "stop_details": refused if reason == "refusal" else None,
    }


def input_usage(reply: Reply) -> Json:
    """What is known of the usage when an answer begins."""
    return {
        "input_tokens": reply.input_tokens,
        "cache_creation_input_tokens": reply.kept.written,
        "cache_read_input_tokens": reply.kept.read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": reply.kept.written,
            "ephemeral_1h_input_tokens": 0,
        },
        "service_tier": "standard",
    }


def usage(reply: Reply) -> Json:
    """The usage of a whole answer."""
    return {
        **input_usage(reply),
        "output_tokens": reply.output_tokens,
        "output_tokens_details": {"thinking_tokens": reply.thinking_tokens},
    }


def _input(call: ToolCall) -> Json:
    """The arguments as an object: {} for what was cut off, or never was one."""
    try:
        parsed = json.loads(call.arguments or "{}")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
