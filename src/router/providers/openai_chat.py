"""OpenAI's chat completions, both ways: writes the body of a call, and reads a response. Pure.

The SDK's adapter, the HTTP Task and the history of a run that died all read through here, so that
the same body means the same to each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from router import errors
from router.catalog.service_tiers import mode_of
from router.encoding import first_of, mapping_of, text_of
from router.invocation.call import Answer, ModelCall
from router.providers.replies import shown

_ANSWERED = frozenset({"stop", "length"})


def http_body(call: ModelCall) -> dict[str, Any]:
    """Return the body of ``POST /v1/chat/completions`` for a call without a schema."""
    system = [{"role": "system", "content": call.system}] if call.system else []
    body: dict[str, Any] = {
        "model": call.model,
        "max_completion_tokens": call.max_tokens,
        "messages": [*system, *call.messages],
    }
    return body | ({"service_tier": call.service_tier} if call.service_tier else {})


def text_of_body(body: Mapping[str, Any]) -> tuple[list[Mapping[str, str]], str | None]:
    """Return the messages and the system text that ``http_body`` was made of."""
    messages = list(body["messages"])
    system = messages.pop(0)["content"] if messages[0]["role"] == "system" else None
    return messages, system


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
        "mode": mode_of(tier) if isinstance(tier, str) and tier else asked_mode,
    }
    choice = mapping_of(first_of(body.get("choices")))
    message, finish = mapping_of(choice.get("message")), text_of(choice.get("finish_reason"))
    if message.get("refusal"):
        raise errors.Refused("the model declined", **facts)
    if finish == "content_filter":
        raise errors.Filtered("finish reason content_filter", **facts)
    text = message.get("content")
    truncated = finish == "length"
    if truncated and (text is None or isinstance(text, str)):
        # Without a text all of its tokens went into thinking.
        return Answer(text or "", truncated, **facts)
    if not isinstance(text, str) or not text.strip() or finish not in _ANSWERED:
        raise errors.BadResponse(f"no text; finish reason {shown(finish)}", **facts)
    return Answer(text, truncated, **facts)
