"""The route plan as JSON: what ``analyze`` hands to the workflow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cost_calculator.rows import shard_of
from router.analyzer import Classification
from router.catalog.models import Model
from router.config.settings import Config
from router.intake.request import Request
from router.routing.plan import Plan

# The HTTP Task ends at 60 s and 256 KiB whatever it is told; a small model writes 4,096 tokens in
# that time. A longer answer goes through the Lambda, and so does flex, which may wait for minutes.
HTTP_TASK_MAX_TOKENS = 4096


def plan_to_json(
    request: Request,
    classification: Classification,
    plan: Plan,
    config: Config,
    expires_at: int,
    row: Mapping[str, Any],
    record_cache: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the plan as the workflow reads it; the shape stands in docs/architecture.md.

    ``row`` is the REQUEST row as it was accepted, ``record_cache`` where its answer is to be kept.
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
            "cache": record_cache,
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
