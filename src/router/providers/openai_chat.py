"""OpenAI's chat completions, both ways: writes the body of a call, and reads a response. Pure.

The SDK's adapter, the HTTP Task and the history of a run that died all read through here, so that
the same body means the same to each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from router import errors
from router.catalog.service_tiers import mode_of, names_a_tier
from router.conversation.blocks import Reasoning, ToolCall
from router.conversation.tools import read_conversation
from router.conversation.writing import write_choice
from router.encoding import clean, first_of, mapping_of, text_of
from router.invocation.call import Answer, ModelCall
from router.providers.json_modes import fits_openai_strictly, with_root
from router.providers.openai_turns import messages_of, tool_of
from router.providers.replies import (
    bad_answer,
    calls_of,
    is_answer,
    list_of,
    shown,
    tool_call,
)

_ANSWERED = frozenset({"stop", "length"})


def http_body(call: ModelCall) -> dict[str, Any]:
    """Return the body of ``POST /v1/chat/completions`` for a call."""
    conversation = call.conversation
    body: dict[str, Any] = {
        "model": call.model,
        "max_completion_tokens": call.max_tokens,
        "messages": messages_of(conversation),
        **call.sampling,
    }
    if conversation.tools:
        body["tools"] = [tool_of(tool) for tool in conversation.tools]
        if conversation.choice is not None:
            body["tool_choice"] = write_choice(conversation.choice)
        if conversation.parallel is not None:
            body["parallel_tool_calls"] = conversation.parallel
    if call.schema is not None:
        # Without strict the model sees the whole schema, and is bound to JSON alone.
        strict = fits_openai_strictly(call.schema)
        schema = {"name": "answer", "schema": with_root(call.schema), "strict": strict}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    if call.cache_key:
        body["prompt_cache_key"] = call.cache_key
    return body | ({"service_tier": call.service_tier} if call.service_tier else {})


def holds_all(call: ModelCall) -> bool:
    """Return whether a body of OpenAI's has the whole conversation of a call in it.

    Thinking of other models, marks for their caches and names that OpenAI refuses have no place
    there: a plan whose fallbacks need them must carry the conversation itself.
    """
    try:
        return read_conversation(http_body(call)) == call.conversation
    except (errors.CallError, errors.InvalidRequest, ValueError):
        return False  # OpenAI cannot be asked it, or its files are elsewhere


def read_completion(body: Any, asked_mode: str) -> Answer:
    """Return the answer in a body, whatever shape it has, or raise the ``NoAnswer`` that it is.

    ``asked_mode`` applies if the body names no service tier.
    """
    if not isinstance(body, Mapping):
        raise errors.BadResponse("the body is not a chat completion")
    usage, model, tier = body.get("usage"), body.get("model"), body.get("service_tier")
    facts: dict[str, Any] = {
        "usage": usage if isinstance(usage, Mapping) else None,
        "response_model": text_of(model),
        "mode": mode_of(tier) if names_a_tier(tier) else asked_mode,
    }
    choice = mapping_of(first_of(body.get("choices")))
    message, finish = mapping_of(choice.get("message")), text_of(choice.get("finish_reason"))
    if message.get("refusal"):
        raise errors.Refused("the model declined", **facts)
    if finish == "content_filter":
        raise errors.Filtered("finish reason content_filter", **facts)
    text = message.get("content")
    truncated = finish == "length"
    calls = calls_of(_calls(message), cut=truncated)
    said: Any = {"calls": calls or (), "reasoning": tuple(_reasoning(message))}
    if truncated and (text is None or isinstance(text, str)):
        # Without a text all of its tokens went into thinking.
        return Answer(text or "", truncated, **facts, **said)
    if calls and text is None:
        text = ""
    if not isinstance(text, str) or not is_answer(text, calls, finish, _ANSWERED, "tool_calls"):
        raise bad_answer(f"no text; finish reason {shown(finish)}", calls, **facts)
    return Answer(text, truncated, **facts, **said)


def _calls(message: Mapping[str, Any]) -> Iterator[ToolCall | None]:
    for call in map(mapping_of, list_of(message.get("tool_calls"))):
        if call.get("type", "function") in ("function", "", None):
            function = mapping_of(call.get("function"))
            yield tool_call(call.get("id"), function.get("name"), function.get("arguments"))


def _reasoning(message: Mapping[str, Any]) -> Iterator[Reasoning]:
    # What servers of OpenAI's shape add; it has no proof, and is shown only.
    for name in ("reasoning_content", "reasoning"):
        if (text := text_of(message.get(name))) and text.strip():
            yield Reasoning(clean(text))
            return
