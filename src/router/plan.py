"""Writes down how the chosen tier serves a request: the route plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cost_calculator.shards import shard_of
from router.analyzer import Classification
from router.config import Config, Model
from router.errors import PolicyDenied
from router.policy import Rules
from router.request import Request
from router.standing import Standing
from router.strategy import Choice

# The HTTP Task ends at 60 s and 256 KiB whatever it is told; a small model writes 4,096 tokens in
# that time. A longer answer goes through the Lambda.
HTTP_TASK_MAX_TOKENS = 4096


@dataclass(frozen=True, slots=True)
class Plan:
    """The tier that serves, its models in order, and why."""

    tier: str
    models: tuple[Model, ...]
    baseline: Model
    reasons: tuple[str, ...]


def make_plan(
    request: Request, choice: Choice, config: Config, rules: Rules, standing: Standing
) -> Plan:
    """Return the plan of a choice; raise ``PolicyDenied`` if the rules leave its tier no model."""
    models, skipped = standing.asked(permitted_models(choice.tier, config, rules))
    if not models:
        denied = ", ".join(sorted(rules.deny_providers))
        raise PolicyDenied(
            f"tenant {request.tenant} may not use {denied}, and tier {choice.tier} has no other"
            " model: give the tier a fallback of another provider, or the tenant a floor or ceiling"
            " that keeps it out of this tier"
        )
    bounded = tuple(limited(model, request) for model in models)
    return Plan(choice.tier, bounded, config.tiers["COMPLEX"].primary, (*skipped, *choice.reasons))


def permitted_models(tier: str, config: Config, rules: Rules) -> tuple[Model, ...]:
    """Return a tier's models in order: of providers that have a key and that the rules allow."""
    chosen = config.tiers[tier]
    return tuple(
        model
        for model in (chosen.primary, *chosen.fallbacks)
        if model.provider in config.providers and model.provider not in rules.deny_providers
    )


def limited(model: Model, request: Request) -> Model:
    """Return the model with no more tokens to answer with than the request allows."""
    if request.max_tokens is None or request.max_tokens >= model.max_tokens:
        return model
    return replace(model, max_tokens=request.max_tokens)


def plan_to_json(
    request: Request,
    classification: Classification,
    plan: Plan,
    config: Config,
    expires_at: int,
    row: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the plan as the workflow reads it; the shape stands in docs/architecture.md.

    ``row`` is the REQUEST row as it was accepted.
    """
    first, *others = plan.models
    return {
        "request_id": request.request_id,
        "tenant": request.tenant,
        "route": plan.tier,
        "via": _via(first),
        "complexity": classification.label.value,
        "confidence": round(classification.confidence, 4),
        "score": round(classification.score, 4),
        "reasons": list(plan.reasons),
        "call": {
            **_model_to_json(first),
            "request_id": request.request_id,
            "messages": list(request.messages),
            "system": request.system,
        },
        "fallbacks": [_fallback_to_json(model, plan.models) for model in others],
        "record": {
            "shard": shard_of(request.request_id),
            "store_text": config.store_text,
            "expires_at": expires_at,
            "max_tokens": first.max_tokens,
            "input_bytes": request.input_bytes,
            "earlier_attempts": int(row.get("earlier_attempts", 0)),
            "baseline": {"provider": plan.baseline.provider, "model": plan.baseline.model},
            "budgets": row.get("budgets"),
        },
        "outcome": None,
    }


def _via(model: Model) -> str:
    fits = model.provider == "openai" and model.max_tokens <= HTTP_TASK_MAX_TOKENS
    return "http" if fits else "lambda"


def _model_to_json(model: Model) -> dict[str, Any]:
    return {"provider": model.provider, "model": model.model, "max_tokens": model.max_tokens}


def _fallback_to_json(model: Model, plan: tuple[Model, ...]) -> dict[str, Any]:
    window = model.context_tokens or 0
    smaller = [other.model for other in plan if 0 < (other.context_tokens or 0) < window]
    return {**_model_to_json(model), "when": list(model.when), "larger_than": smaller}


def repeated(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the plan for a request that was accepted before: no call, what is known of it.

    ``rows`` are the request's items by their ``item`` key, as plain values.
    """
    request, content = rows["REQUEST"], rows.get("CONTENT", {})
    known = {
        "request_id": request["request_id"],
        "status": request["status"],
        "repeated": True,
        "execution_arn": request["execution_arn"],
        "output": content.get("output"),
        "output_s3": request.get("output_s3"),
        "complexity": request["complexity"],
        "confidence": float(request["confidence"]),
        "reasons": list(request["reasons"]),
        "model": request.get("model"),
        "provider": request.get("provider"),
        "cause": request.get("cause"),
    }
    # The workflow reads every field of a plan, and JSONata has no value for a missing one.
    nothing = dict.fromkeys(
        ("via", "complexity", "confidence", "score", "reasons", "call", "fallbacks", "record")
    )
    return {
        **nothing,
        "request_id": request["request_id"],
        "tenant": request["tenant"],
        "route": "REPEATED",
        "outcome": {name: value for name, value in known.items() if value is not None},
    }
