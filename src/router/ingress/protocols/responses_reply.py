"""A reply as a response of OpenAI's Responses. Pure.

What a model thought travels in ``encrypted_content`` of reasoning items, as our own JSON in base64:
a client that sends it back gives the model its proof.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from router.conversation.blocks import Reasoning
from router.conversation.said import Said
from router.conversation.writing import write_reasoning
from router.ingress.protocols.reply import FILTER, LENGTH, Reply, Usage, as_json
from router.ingress.protocols.responses_tools import Tools, call_item


def to_response(reply: Reply, tools: Tools) -> dict[str, Any]:
    """Return the ``response`` of a reply; ``tools`` are how its client names them."""
    incomplete = {LENGTH: "max_output_tokens", FILTER: "content_filter"}.get(reply.finish)
    return head_of(reply.request_id, reply.created, reply.model) | {
        "status": "incomplete" if incomplete else "completed",
        "incomplete_details": {"reason": incomplete} if incomplete else None,
        "output": list(output_items(reply.request_id, reply.said, tools)),
        "usage": write_usage(reply.usage) if reply.usage else None,
    }


def head_of(request_id: str, created: int, model: str) -> dict[str, Any]:
    """Return the fields of a response that are known before its first word."""
    return {
        "id": f"resp_{request_id}",
        "object": "response",
        "created_at": created,
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": model,
        "output": [],
        "parallel_tool_calls": True,
        "temperature": None,
        "tool_choice": "auto",
        "tools": [],
        "top_p": None,
        "usage": None,
    }


def reasoning_item(item_id: str, block: Reasoning) -> dict[str, Any]:
    """Return the item of what a model thought."""
    [written] = write_reasoning((block,))
    proof = base64.b64encode(as_json(written).encode()).decode()
    summary = [{"type": "summary_text", "text": block.text}] if block.text else []
    return {"type": "reasoning", "id": item_id, "summary": summary, "encrypted_content": proof}


def message_item(item_id: str, text: str, status: str = "completed") -> dict[str, Any]:
    """Return the item of a text."""
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {
        "type": "message", "id": item_id, "role": "assistant", "status": status,
        "content": content if status == "completed" else [],
    }  # fmt: skip


def write_usage(usage: Usage) -> dict[str, Any]:
    """Return tokens as OpenAI counts them: those of the input include the cached."""
    sent, answered = usage.tokens.total_input, usage.tokens.output
    return {
        "input_tokens": sent,
        "input_tokens_details": {"cached_tokens": usage.tokens.cache_read},
        "output_tokens": answered,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": sent + answered,
    }


def output_items(request_id: str, said: Said, tools: Tools) -> Iterator[dict[str, Any]]:
    """Yield the items of an answer; each kind is counted by itself, as in a stream."""
    for number, block in enumerate(said.reasoning):
        yield reasoning_item(f"rs_{request_id}_{number}", block)
    if said.text or not said.calls:
        yield message_item(f"msg_{request_id}_0", said.text)
    for number, call in enumerate(said.calls):
        yield call_item(f"fc_{request_id}_{number}", call, tools)
