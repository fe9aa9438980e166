"""What OpenAI's models refuse of a request's parameters, on either path."""

from __future__ import annotations

from collections.abc import Set

from local.simulator import catalogue
from local.simulator.model import Json, Reject
from local.simulator.openai.refusals import (
    invalid,
    invalid_value,
    too_long,
    unsupported_parameter,
    unsupported_value,
)

_TIERS = ("auto", "default", "flex", "scale", "priority", "fast")
_EFFORTS = ("low", "medium", "high", "xhigh", "max")
_MOST_STOPS = 4


def check(
    body: Json, fields: Set[str], effort: str | None, limit_field: str, least: int
) -> catalogue.Model:
    """Refuse what the API does not know and what the model does not take; answer the model."""
    for name in sorted(body.keys() - fields):
        raise invalid(f"Unknown parameter: '{name}'.", name, "unknown_parameter")
    if not body.get("model"):
        raise invalid("you must provide a model parameter")
    known = catalogue.find(body["model"])
    if known is None or known.vendor != "openai" or known.retired:
        raise Reject(
            404,
            "model_not_found",
            f"The model `{body['model']}` does not exist or you do not have access to it.",
        )
    if known.sampling == "none":
        _sampling(body)
    if effort is not None and not known.thinks:
        raise unsupported_parameter("reasoning_effort")
    if effort is not None and effort not in _EFFORTS:
        supported = ", ".join(f"'{each}'" for each in _EFFORTS)
        raise unsupported_value(
            "reasoning_effort",
            f"'{effort}' is not supported with this model. Supported values are: {supported}.",
        )
    if (tier := body.get("service_tier")) is not None and tier not in _TIERS:
        raise invalid_value("service_tier", tier, _TIERS)
    if body.get("stream_options") is not None and not body.get("stream"):
        raise invalid(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            "stream_options",
        )
    if body.get("n") not in (None, 1):
        raise invalid("The simulator gives one answer; leave `n` out.", "n")
    stops = body.get("stop")
    if isinstance(stops, list) and len(stops) > _MOST_STOPS:
        raise too_long("stop", _MOST_STOPS, len(stops), "array")
    limit = body.get(limit_field)
    if limit is not None and (not isinstance(limit, int) or limit < least):
        raise invalid(
            f"Invalid '{limit_field}': integer below minimum value. "
            f"Expected a value >= {least}, but got {limit} instead.",
            limit_field,
            "integer_below_min_value",
        )
    return known


def tier_of(body: Json) -> str:
    """The service tier that serves: of a project that has chosen none, `auto` is `default`."""
    tier = body.get("service_tier") or "auto"
    return "default" if tier == "auto" else str(tier)


def stops_of(body: Json) -> tuple[str, ...]:
    """The stop sequences, given as one text or as a list."""
    stop = body.get("stop") or ()
    return (stop,) if isinstance(stop, str) else tuple(stop)


def _sampling(body: Json) -> None:
    for name, usual in (
        ("temperature", 1),
        ("top_p", 1),
        ("presence_penalty", 0),
        ("frequency_penalty", 0),
    ):
        if body.get(name) not in (None, usual):
            raise unsupported_value(
                name,
                f"'{name}' does not support {body[name]} with this model. "
                f"Only the default ({usual}) value is supported.",
            )
    for name in ("stop", "logit_bias", "logprobs", "top_logprobs"):
        if body.get(name):
            raise unsupported_parameter(name)
