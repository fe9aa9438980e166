"""The items of a response, and the response around them."""

from __future__ import annotations

import time
from dataclasses import dataclass

from local.simulator.conversation import ToolCall
from local.simulator.model import Answered, Json, Reply
from local.simulator.openai.chat_answers import REFUSAL, own_id
from local.simulator.openai.response_input import seal

_INCOMPLETE = {"length": "max_output_tokens", "filter": "content_filter"}


@dataclass(frozen=True, slots=True)
class Items:
    """The items of one response, each as it is when it is done."""

    answered: Answered

    def reasoning(self, thinking: str) -> Json:
        """Reasoning, which only the model may read."""
        item: Json = {"id": f"rs_{self._suffix}", "type": "reasoning", "summary": []}
        if self.answered.ask.sealed_reasoning:
            item["encrypted_content"] = seal(self.answered.ask.model, thinking)
        return item

    def message(self, part: Json, status: str) -> Json:
        """The message, with its only part."""
        return {
            "id": f"msg_{self._suffix}",
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": [part] if part else [],
        }

    def call(self, call: ToolCall, number: int, status: str) -> Json:
        """A call of a function."""
        return {
            "id": f"fc_{self._suffix}{number}",
            "type": "function_call",
            "status": status,
            "call_id": own_id(call.id),
            "name": call.name,
            "arguments": call.arguments,
        }

    @property
    def _suffix(self) -> str:
        return self.answered.request_id.replace("-", "")


def text_part(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def refusal_part(text: str) -> Json:
    return {"type": "refusal", "refusal": text}


def status_of(reply: Reply) -> str:
    """How the response ends: complete, or incomplete for a reason."""
    return reply.stop_reason or ("incomplete" if reply.ending in _INCOMPLETE else "completed")


def output_of(answered: Answered) -> list[Json]:
    """All items of a whole answer."""
    reply, items = answered.reply, Items(answered)
    status = "incomplete" if reply.ending in _INCOMPLETE else "completed"
    output: list[Json] = []
    if reply.thinking:
        output.append(items.reasoning(reply.thinking))
    if reply.ending == "refusal":
        output.append(items.message(refusal_part(REFUSAL), status))
    elif reply.text:
        output.append(items.message(text_part(reply.text), status))
    for n, call in enumerate(reply.calls):
        last = n == len(reply.calls) - 1
        output.append(items.call(call, n, status if last else "completed"))
    return output


def response(answered: Answered, output: list[Json], status: str) -> Json:
    """A response, also one that is only under way."""
    ask, reply = answered.ask, answered.reply
    reason = _INCOMPLETE.get(reply.ending) if status == "incomplete" else None
    usage = None if status == "in_progress" else answered.usage(_usage(reply))
    body: Json = {
        "id": f"resp_{answered.request_id.replace('-', '')}",
        "object": "response",
        "created_at": int(time.time()),
        "status": status,
        "error": None,
        "incomplete_details": {"reason": reason} if reason else None,
        "instructions": None,
        "max_output_tokens": ask.max_tokens,
        "metadata": {},
        "model": ask.model,
        "output": output,
        "parallel_tool_calls": ask.choice.parallel,
        "previous_response_id": None,
        "reasoning": {"effort": "medium", "summary": None},
        "service_tier": ask.service_tier,
        "store": False,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": usage,
        "user": None,
    }
    if usage is None and status != "in_progress":
        del body["usage"]
    return body


def _usage(reply: Reply) -> Json:
    return {
        "input_tokens": reply.input_tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": reply.output_tokens,
        "output_tokens_details": {"reasoning_tokens": reply.thinking_tokens},
        "total_tokens": reply.input_tokens + reply.output_tokens,
    }
