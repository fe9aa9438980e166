"""Reads bodies of Anthropic's Messages API, of any shape. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from router import errors
from router.catalog.service_tiers import mode_of
from router.encoding import mapping_of, text_of
from router.invocation.call import Answer
from router.providers.replies import joined_text, shown

_ANSWERED = frozenset({"end_turn", "stop_sequence"})
_TRUNCATED = frozenset({"max_tokens", "model_context_window_exceeded"})


def read_message(body: Any, asked_mode: str) -> Answer:
    """Return the answer in a body, or raise the ``NoAnswer`` that it is.

    ``asked_mode`` applies if the usage names no service tier.
    """
    if not isinstance(body, Mapping):
        raise errors.BadResponse("the body is not a message")
    usage, model = body.get("usage"), body.get("model")
    tier = mapping_of(usage).get("service_tier")
    facts: dict[str, Any] = {
        "usage": usage if isinstance(usage, Mapping) else None,
        "response_model": text_of(model),
        "mode": mode_of(tier) if isinstance(tier, str) and tier else asked_mode,
    }
    stop = text_of(body.get("stop_reason"))
    if stop == "refusal":
        raise errors.Refused("the model declined", **facts)
    text = joined_text(body.get("content"), kind="text")
    if stop in _TRUNCATED:
        return Answer(text, True, **facts)
    if not text.strip() or stop not in _ANSWERED:
        raise errors.BadResponse(f"no text; stop reason {shown(stop)}", **facts)
    return Answer(text, False, **facts)
