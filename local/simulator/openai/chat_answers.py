"""What a chat completion answers with, whole and in chunks."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace

from local.simulator.deltas import Arguing, Calling, Delta, Finished, Saying
from local.simulator.model import Answered, Ending, Event, Json, Reply

REFUSAL = "I'm sorry, I can't help with that."
_ENDINGS: dict[Ending, str] = {
    "length": "length",
    "filter": "content_filter",
    "guardrail": "content_filter",
    "tools": "tool_calls",
}


def body_of(answered: Answered) -> Json:
    """A whole completion."""
    reply = answered.reply
    refused = reply.ending == "refusal"
    message: Json = {
        "role": "assistant",
        "content": None if refused or (reply.calls and not reply.text) else reply.text,
        "refusal": REFUSAL if refused else None,
        "annotations": [],
    }
    if reply.calls:
        message["tool_calls"] = [
            {
                "id": own_id(call.id),
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in reply.calls
        ]
    choice = {"message": message, "logprobs": None, "finish_reason": _finish_reason(reply)}
    usage = answered.usage(_usage(reply))
    return {
        **_frame(answered, "chat.completion"),
        "choices": [{"index": 0, **choice}],
        **({} if usage is None else {"usage": usage}),
    }


def events_of(answered: Answered, deltas: Iterable[Delta]) -> Iterator[Event]:
    """The chunks: the role, the pieces, the reason to stop, and the usage if it was asked for."""
    frame = _frame(answered, "chat.completion.chunk")
    if answered.ask.stream_usage:
        frame["usage"] = None

    def chunk(delta: Json, reason: str | None = None) -> Event:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return Event("chunk", {**frame, "choices": [choice]})

    yield chunk({"role": "assistant", "content": "", "refusal": None})
    for delta in deltas:
        match delta:
            case Saying(text=text):
                yield chunk({"content": text})
            case Calling(number=number, id=call_id, name=name):
                begun = {"id": own_id(call_id), "type": "function"}
                function = {"name": name, "arguments": ""}
                yield chunk({"tool_calls": [{"index": number, **begun, "function": function}]})
            case Arguing(number=number, text=text):
                yield chunk({"tool_calls": [{"index": number, "function": {"arguments": text}}]})
            case Finished(reply=reply):
                if reply.ending == "refusal":
                    yield chunk({"refusal": REFUSAL})
                yield chunk({}, _finish_reason(reply))
                usage = replace(answered, reply=reply).usage(_usage(reply))
                if answered.ask.stream_usage and usage is not None:
                    yield Event("usage", {**frame, "choices": [], "usage": usage}, usage)
    yield Event("[DONE]", {})


def own_id(call_id: str) -> str:
    """An id as OpenAI makes them; one that a rule orders stays as it is."""
    return f"call_{call_id}" if len(call_id) == 24 and call_id.isalnum() else call_id


def _frame(answered: Answered, kind: str) -> Json:
    return {
        "id": f"chatcmpl-{answered.request_id.replace('-', '')[:29]}",
        "object": kind,
        "created": int(time.time()),
        "model": answered.ask.model,
        "service_tier": answered.ask.service_tier,
        "system_fingerprint": None,
    }


def _finish_reason(reply: Reply) -> str:
    return reply.stop_reason or _ENDINGS.get(reply.ending, "stop")


def _usage(reply: Reply) -> Json:
    return {
        "prompt_tokens": reply.input_tokens,
        "completion_tokens": reply.output_tokens,
        "total_tokens": reply.input_tokens + reply.output_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": reply.thinking_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
