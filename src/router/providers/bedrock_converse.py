"""What Bedrock's Converse answers, whatever shape it has. Pure."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from router import errors
from router.catalog.service_tiers import mode_of
from router.conversation.blocks import Reasoning, ToolCall
from router.encoding import clean, mapping_of, text_of
from router.invocation.call import Answer, ModelCall
from router.providers.guardrail_trace import of_trace, units_in
from router.providers.replies import (
    bad_answer,
    calls_of,
    is_answer,
    joined_text,
    list_of,
    shown,
    tool_call,
)

_ANSWERED = frozenset({"end_turn", "stop_sequence"})
_TRUNCATED = frozenset({"max_tokens", "model_context_window_exceeded"})
_NO_ANSWER: Mapping[str, type[errors.NoAnswer]] = {
    "content_filtered": errors.Filtered,
    "refusal": errors.Refused,
}


def read_converse(response: Mapping[str, Any], call: ModelCall) -> Answer:
    """Return the answer in a response, or raise the ``NoAnswer`` that it is."""
    usage = response.get("usage")
    facts: dict[str, Any] = {
        "usage": usage if isinstance(usage, Mapping) and usage else None,
        "mode": mode_served(response, call),
        "guardrail_units": units_in(response.get("trace")) or None,
    }
    stop = text_of(response.get("stopReason"))
    if stop == "guardrail_intervened":
        raise errors.Blocked(of_trace(response.get("trace")), **facts)
    if stop is not None and stop in _NO_ANSWER:
        raise _NO_ANSWER[stop](f"stop reason {stop}", **facts)
    message = mapping_of(mapping_of(response.get("output")).get("message"))
    content = list_of(message.get("content"))
    text = joined_text(content)
    calls = calls_of(_calls(content), cut=stop in _TRUNCATED)
    said: Any = {
        "response_model": None,
        "calls": calls or (),
        "reasoning": tuple(_reasoning(content, call.by)),
    }
    if stop in _TRUNCATED:
        return Answer(text, True, **facts, **said)
    if not is_answer(text, calls, stop, _ANSWERED, "tool_use"):
        raise bad_answer(f"no text; stop reason {shown(stop)}", calls, **facts)
    return Answer(text, False, **facts, **said)


def _calls(content: list[Any]) -> Iterator[ToolCall | None]:
    for block in map(mapping_of, content):
        used = mapping_of(block.get("toolUse"))
        if used and used.get("type") != "server_tool_use":
            yield tool_call(used.get("toolUseId"), used.get("name"), used.get("input"))


def _reasoning(content: list[Any], by: str) -> Iterator[Reasoning]:
    for block in map(mapping_of, content):
        match block.get("reasoningContent"):
            case {"reasoningText": {"text": str(text), **rest}}:
                yield Reasoning(clean(text), text_of(rest.get("signature")) or None, by=by)
            case {"redactedContent": bytes(data)}:
                yield Reasoning(redacted=base64.b64encode(data).decode(), by=by)


def mode_served(response: Mapping[str, Any], call: ModelCall) -> str:
    """Return the mode that was served: optimized latency, for one, is given while there is room."""
    tier = text_of(mapping_of(response.get("serviceTier")).get("type"))
    latency = text_of(mapping_of(response.get("performanceConfig")).get("latency"))
    return mode_of(tier or call.service_tier, latency or call.latency)
