"""Writes down how the chosen tier serves a request: the route plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cost_calculator.rows import shard_of
from router.acceptance.exact_cache import Caching
from router.analyzer import Classification
from router.config.settings import Config, Model
from router.config.tenants import Rules
from router.errors import InvalidRequest, PolicyDenied
from router.intake.request import Request
from router.routing.choice import Choice
from router.routing.restrictions import Standing
from router.tiers import TIERS

# The HTTP Task ends at 60 s and 256 KiB whatever it is told; a small model writes 4,096 tokens in
# that time. A longer answer goes through the Lambda, and so does flex, which may wait for minutes.
HTTP_TASK_MAX_TOKENS = 4096


@dataclass(frozen=True, slots=True)
class Plan:
    """The tier that serves, its models in order, and why.

    ``stronger`` is asked where the answers of the first do not fit the request's schema.
    ``prompt_cache`` says that providers are to keep the instructions.
    """

    tier: str
    models: tuple[Model, ...]
    baseline: Model
    reasons: tuple[str, ...]
    stronger: Model | None = None
    prompt_cache: bool = False


def make_plan(
    request: Request, choice: Choice, config: Config, rules: Rules, standing: Standing
) -> Plan:
    """Return the plan of a choice.

    Raise ``PolicyDenied`` if the rules leave its tier no model, and ``InvalidRequest`` if a human
    is asked for where the deployment has none.
    """
    if request.review and config.review is None:
        raise InvalidRequest(
            "this deployment has no human review: leave `review` out, or set the module's `review`"
        )
    models, skipped = standing.asked(permitted_models(choice.tier, config, rules))
    if not models:
        denied = ", ".join(sorted(rules.deny_providers))
        raise PolicyDenied(
            f"tenant {request.tenant} may not use {denied}, and tier {choice.tier} has no other"
            " model: give the tier a fallback of another provider, or the tenant a floor or ceiling"
            " that keeps it out of this tier"
        )
    bounded = tuple(limited(model, request) for model in models)
    stronger = _stronger(choice.tier, models[0], config, rules) if request.response_schema else None
    return Plan(
        choice.tier,
        bounded,
        config.tiers["COMPLEX"].primary,
        (*skipped, *choice.reasons),
        limited(stronger, request) if stronger else None,
        prompt_cache=rules.prompt_cache and request.system is not None,
    )


def _stronger(tier: str, first: Model, config: Config, rules: Rules) -> Model | None:
    """Return the next model up the ladder that is another one, within the tenant's ceiling."""
    for above in TIERS[TIERS.index(tier) + 1 : TIERS.index(rules.ceiling) + 1]:
        for model in permitted_models(above, config, rules)[:1]:
            if (model.provider, model.model) != (first.provider, first.model):
                return model
    return None


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
    caching: Caching | None = None,
) -> dict[str, Any]:
    """Return the plan as the workflow reads it; the shape stands in docs/architecture.md.

    ``row`` is the REQUEST row as it was accepted.
    """
    first, *others = plan.models
    fallbacks = [_fallback_to_json(model, plan.models) for model in others]
    if plan.stronger:
        fallbacks.append(_fallback_to_json(plan.stronger, ()) | {"when": ["invalid"]})
    asked, review = request.review, config.review
    return {
        "request_id": request.request_id,
        "tenant": request.tenant,
        "route": plan.tier,
        "via": _via(first, request, config),
        "complexity": classification.label.value,
        "confidence": round(classification.confidence, 4),
        "score": round(classification.score, 4),
        "reasons": list(plan.reasons),
        "call": {
            **_model_to_json(first),
            "request_id": request.request_id,
            "messages": list(request.messages),
            "system": request.system,
            "schema": request.response_schema,
            "review": asked.call_json(review) if asked and review else None,
            "repair": None,
            "prompt_cache": plan.prompt_cache,
        },
        "fallbacks": fallbacks,
        "record": {
            "shard": shard_of(request.request_id),
            "store_text": config.store_text,
            "expires_at": expires_at,
            "max_tokens": first.max_tokens,
            "input_bytes": request.input_bytes,
            "earlier_attempts": int(row.get("earlier_attempts", 0)),
            "baseline": {
                "provider": plan.baseline.provider,
                "model": plan.baseline.model,
                "mode": plan.baseline.mode,
            },
            "budgets": row.get("budgets"),
            "review": review.record_json() if asked and review else None,
            "cache": caching.record_json() if caching else None,
        },
        "outcome": None,
    }


def _via(model: Model, request: Request, config: Config) -> str:
    if config.guardrail:
        return "lambda"  # the HTTP Task has no guardrail
    # What is checked is checked by the Lambda that called.
    checked = request.response_schema is not None or request.review is not None
    fits = model.max_tokens <= HTTP_TASK_MAX_TOKENS and model.service_tier != "flex"
    return "http" if model.provider == "openai" and fits and not checked else "lambda"


def _model_to_json(model: Model) -> dict[str, Any]:
    return {
        "provider": model.provider,
        "model": model.model,
        "max_tokens": model.max_tokens,
        "service_tier": model.service_tier,
        "latency": model.latency,
        "mode": model.mode,
    }


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
    outcome = {name: value for name, value in known.items() if value is not None}
    return nothing_to_call(request, "REPEATED", outcome)


def nothing_to_call(
    request: Mapping[str, Any], route: str, outcome: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the plan for a REQUEST row whose ``outcome`` is known: the workflow hands it on."""
    # The workflow reads every field of a plan, and JSONata has no value for a missing one.
    nothing = dict.fromkeys(
        ("via", "complexity", "confidence", "score", "reasons", "call", "fallbacks", "record")
    )
    return {
        **nothing,
        "request_id": request["request_id"],
        "tenant": request["tenant"],
        "route": route,
        "outcome": dict(outcome),
    }
