"""The route plan as JSON: what ``analyze`` hands to the workflow."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from cost_calculator.row_keys import request_id_of
from router.analyzer import Classification
from router.catalog.models import Model
from router.config.settings import Config
from router.intake.request import Request
from router.invocation.call import ModelCall
from router.providers.call_json import call_to_json
from router.providers.openai_chat import holds_all
from router.recording.known_outcome import known_outcome
from router.routing.needs import not_taken
from router.routing.plan import Plan
from router.routing.run_plan import RunPlan, Target

# The HTTP Task ends at 60 s and 256 KiB in any case; a small model writes 4,096 tokens in that
# time. A longer answer goes through the Lambda, and so does flex, which may wait for minutes.
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
    """Return the plan as the workflow reads it; docs/architecture.md has the shape.

    ``row`` is the REQUEST row as it was accepted, ``record_cache`` the key under which its answer
    is to be cached. Only ``call`` holds the request's text: ``plan`` travels from state to state.
    """
    call = _call(request, plan, config)
    via = _via(plan.models[0], request, config)
    if via == "http" and (call.own_stops or not holds_all(call)):
        via = "lambda"  # OpenAI's body cannot hold all of it for another provider
    run_plan = RunPlan(
        request_id=request.request_id,
        tenant=request.tenant,
        tier=plan.tier,
        via=via,
        targets=tuple(_targets(plan, request)),
        record=_record(request, plan, config, expires_at, row, record_cache),
        shown={
            "complexity": classification.label.value,
            "confidence": round(classification.confidence, 4),
            "reasons": list(plan.reasons),
        },
    )
    return {
        "request_id": request.request_id,
        "tenant": request.tenant,
        "route": plan.tier,
        "via": via,
        "score": round(classification.score, 4),
        "call": call_to_json(call, http=via == "http"),
        "plan": run_plan.to_json(),
        "outcome": None,
    }


def _call(request: Request, plan: Plan, config: Config) -> ModelCall:
    first, asked, settings = plan.models[0], request.review, config.review
    return ModelCall(
        provider=first.provider,
        model=first.model,
        conversation=request.conversation,
        max_tokens=first.max_tokens,
        request_id=request.key,
        options=request.options,
        without=not_taken(first, request),
        review=asked.bands(settings) if asked and settings else None,
        prompt_cache=plan.prompt_cache,
        service_tier=first.service_tier,
        latency=first.latency,
        payload_s3=request.payload_s3,
        cache_points=plan.cache_points,
        cache_key=_cache_key(request) if config.cache_points else None,
    )


def _cache_key(request: Request) -> str | None:
    """Return what tells OpenAI that a session's calls share a prompt; it learns no name of ours."""
    if request.session is None:
        return None
    return hashlib.sha256(f"{request.tenant}#{request.session.session_id}".encode()).hexdigest()[
        :32
    ]


def _record(
    request: Request,
    plan: Plan,
    config: Config,
    expires_at: int,
    row: Mapping[str, Any],
    cache: Mapping[str, Any] | None,
) -> dict[str, Any]:
    reviewed = request.review is not None and config.review is not None
    return {
        "store_text": config.store_text,
        "expires_at": expires_at,
        "max_tokens": plan.models[0].max_tokens,
        "input_bytes": request.input_bytes,
        "earlier_attempts": int(row.get("earlier_attempts", 0)),
        "baseline": {
            "provider": plan.baseline.provider,
            "model": plan.baseline.model,
            "mode": plan.baseline.mode,
        },
        "budgets": row.get("budgets"),
        "review": config.review.record_json() if reviewed and config.review else None,
        "cache": cache,
        # Most requests are no step of a workflow: their plans stay as small as they were.
        **{name: row[name] for name in ("workflow", "session_id") if name in row},
    }


def _via(model: Model, request: Request, config: Config) -> str:
    if config.guardrail:
        return "lambda"  # the HTTP Task has no guardrail
    # What is checked is checked by the Lambda that called.
    checked = request.options.response_schema is not None or request.review is not None
    # The Lambda alone reads what is in S3.
    stored = request.payload_s3 or any(part.media.s3 for part in request.conversation.media)
    fits = model.max_tokens <= HTTP_TASK_MAX_TOKENS and model.service_tier != "flex"
    is_plain = fits and not checked and not stored
    return "http" if model.provider == "openai" and is_plain else "lambda"


def _targets(plan: Plan, request: Request) -> Iterator[Target]:
    first, *others = plan.models
    yield _target(first, request)
    for model in others:
        window = model.context_tokens or 0
        smaller = [o.model for o in plan.models if 0 < (o.context_tokens or 0) < window]
        yield _target(model, request, when=model.when, larger_than=tuple(smaller))
    if plan.stronger:
        yield _target(plan.stronger, request, when=("invalid",))


def _target(
    model: Model,
    request: Request,
    when: tuple[str, ...] = (),
    larger_than: tuple[str, ...] = (),
) -> Target:
    return Target(
        model.provider,
        model.model,
        model.max_tokens,
        model.service_tier,
        model.latency,
        when=when,
        larger_than=larger_than,
        without=not_taken(model, request),
    )


def repeated(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the plan for a request that was accepted before: no call, what is known of it.

    ``rows`` are the request's items by their ``item`` key, as plain values.
    """
    return nothing_to_call(rows["REQUEST"], "REPEATED", known_outcome(rows) | {"repeated": True})


def nothing_to_call(
    request: Mapping[str, Any], route: str, outcome: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the plan for a REQUEST row whose ``outcome`` is known: the workflow hands it on."""
    # The workflow reads every field of a plan, and JSONata has no value for a missing one.
    nothing = dict.fromkeys(("via", "score", "call", "plan"))
    return {
        **nothing,
        "request_id": request_id_of(request["request_id"]),
        "tenant": request["tenant"],
        "route": route,
        "outcome": dict(outcome),
    }
