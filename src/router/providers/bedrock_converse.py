"""What Bedrock's Converse answers, whatever shape it has. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from router import errors
from router.catalog.service_tiers import mode_of
from router.encoding import mapping_of, text_of
from router.invocation.call import Answer, ModelCall
from router.providers.guardrail_trace import of_trace, units_in
from router.providers.replies import joined_text, shown

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
        "mode": _mode(response, call),
        "guardrail_units": units_in(response.get("trace")) or None,
    }
    stop = text_of(response.get("stopReason"))
    if stop == "guardrail_intervened":
        raise errors.Blocked(of_trace(response.get("trace")), **facts)
    if stop is not None and stop in _NO_ANSWER:
        raise _NO_ANSWER[stop](f"stop reason {stop}", **facts)
    message = mapping_of(mapping_of(response.get("output")).get("message"))
    text = joined_text(message.get("content"))
    if stop in _TRUNCATED:
        return Answer(text, True, response_model=None, **facts)
    if not text.strip() or stop not in _ANSWERED:
        raise errors.BadResponse(f"no text; stop reason {shown(stop)}", **facts)
    return Answer(text, False, response_model=None, **facts)


def _mode(response: Mapping[str, Any], call: ModelCall) -> str:
    """Return the mode that was served: optimized latency, for one, is given while there is room."""
    tier = mapping_of(response.get("serviceTier")).get("type", call.service_tier)
    latency = mapping_of(response.get("performanceConfig")).get("latency", call.latency)
    return mode_of(text_of(tier), text_of(latency))
