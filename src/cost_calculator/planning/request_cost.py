"""Computes what Faregate itself costs for one answered request of a kind, or of a mix. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from cost_calculator.overhead import AwsPrices, attempt_overhead, request_overhead
from cost_calculator.planning.mix import TYPICAL, Assumptions, Model, PromptKind
from cost_calculator.planning.typical_rows import typical_attempt, typical_request
from cost_calculator.usage import Tokens

WORKFLOWS = ("STANDARD", "EXPRESS")
_START = datetime(2026, 1, 1, tzinfo=UTC)  # of a run whose length alone matters
_ZERO = Decimal(0)


def per_request_overhead(
    workflow: str, model: Model, aws: AwsPrices, given: Assumptions, tokens: Tokens = TYPICAL
) -> Mapping[str, Decimal]:
    """Return what Faregate adds to one answered request, by cause."""
    named = {"provider": model.provider, "model": model.model}
    row = typical_request(
        tokens,
        **named,
        workflow_type=workflow,
        transitions=transitions_of(model),
        analyze_ms=given.analyze_ms,
        analyze_mb=given.analyze_mb,
        accepted_at=_START.isoformat(),
        ended_at=_after(given.answer_ms),
    )
    waits = {} if over_http(model) else {"lambda_ms": given.answer_ms, "lambda_mb": given.invoke_mb}
    attempt = typical_attempt(tokens, **named, mode=model.mode, **waits)
    causes: dict[str, Decimal] = {}
    for parts in (request_overhead(row, aws), attempt_overhead(attempt, aws)):
        for cause, usd in parts.items():
            causes[cause] = causes.get(cause, _ZERO) + usd
    return causes


def mean_overhead(
    workflow: str,
    mix: Mapping[str, PromptKind],
    tiers: Mapping[str, Model],
    aws: AwsPrices,
    given: Assumptions,
) -> Mapping[str, Decimal]:
    """Return what Faregate adds to the average request of a mix, by cause."""
    causes: dict[str, Decimal] = {}
    for tier, kind in mix.items():
        parts = per_request_overhead(workflow, tiers[tier], aws, given, kind.tokens)
        for cause, usd in parts.items():
            causes[cause] = causes.get(cause, _ZERO) + kind.share * usd
    return causes


def over_http(model: Model) -> bool:
    """Return whether the workflow calls the model itself, without a Lambda."""
    return model.provider == "openai" and model.mode != "flex"


def transitions_of(model: Model) -> int:
    """Return the state transitions of a request that the model answers at once."""
    return 4 if over_http(model) else 3


def _after(milliseconds: int) -> str:
    return (_START + timedelta(milliseconds=milliseconds)).isoformat()
