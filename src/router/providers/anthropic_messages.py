"""Reads bodies of Anthropic's Messages API, of any shape. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from router import errors
from router.catalog.service_tiers import mode_of, names_a_tier
from router.conversation.blocks import Reasoning, ToolCall
from router.encoding import clean, mapping_of, text_of
from router.invocation.call import Answer
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


def read_message(body: Any, asked_mode: str, by: str | None = None) -> Answer:
    """Return the answer in a body, or raise the ``NoAnswer`` that it is.

    ``asked_mode`` applies if the usage names no service tier; ``by`` is who wrote it.
    """
    if not isinstance(body, Mapping):
        raise errors.BadResponse("the body is not a message")
    usage, model = body.get("usage"), body.get("model")
    tier = mapping_of(usage).get("service_tier")
    facts: dict[str, Any] = {
        "usage": usage if isinstance(usage, Mapping) else None,
        "response_model": text_of(model),
        "mode": mode_of(tier) if names_a_tier(tier) else asked_mode,
    }
    stop = text_of(body.get("stop_reason"))
    if stop == "refusal":
        raise errors.Refused("the model declined", **facts)
    content = list_of(body.get("content"))
    text = joined_text(content, kind="text")
    calls = calls_of(_calls(content), cut=stop in _TRUNCATED)
    said: Any = {"calls": calls or (), "reasoning": tuple(_reasoning(content, by))}
    if stop in _TRUNCATED:
        return Answer(text, True, **facts, **said)
    if not is_answer(text, calls, stop, _ANSWERED, "tool_use"):
        raise bad_answer(f"no text; stop reason {shown(stop)}", calls, **facts)
    return Answer(text, False, **facts, **said)


def _calls(content: list[Any]) -> Iterator[ToolCall | None]:
    for block in map(mapping_of, content):
        if block.get("type") == "tool_use":
            yield tool_call(block.get("id"), block.get("name"), block.get("input"))


def _reasoning(content: list[Any], by: str | None) -> Iterator[Reasoning]:
    for block in content:
        match block:
            case {"type": "thinking", "thinking": str(text)}:
                signature = text_of(block.get("signature")) or None
                yield Reasoning(clean(text), signature, by=by)
            case {"type": "redacted_thinking", "data": str(data)}:
                yield Reasoning(redacted=data, by=by)
