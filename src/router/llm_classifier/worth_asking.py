"""Decides whether asking an LLM for its opinion can save more than it costs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from cost_calculator.overhead import attempt_overhead, aws_prices, lambda_time
from cost_calculator.pricing import price
from cost_calculator.usage import Tokens
from router.catalog.models import Model
from router.catalog.pricing_context import PricingContext
from router.catalog.tokens import estimated_tokens
from router.invocation.call import ModelCall

# Estimates, on the side of asking less: a token of prose is about four bytes, answers are short
# rather than long, and analyze waits a second for the opinion.
_ANSWER_TOKENS = 400
_WAIT_MS = 1000


@dataclass(frozen=True, slots=True)
class Move:
    """A model to which an opinion could move the request, and how probable that is."""

    model: Model
    probability: float


def why_not_ask(
    question: ModelCall,
    question_bytes: int,
    input_bytes: int,
    chosen: Model,
    possible: Iterable[Move],
    pricing: PricingContext,
) -> str | None:
    """Return why asking does not pay, or ``None`` if it does.

    A wrong tier is assumed to cost the price difference in either direction: too expensive a tier
    wastes it; too cheap a tier forgoes what the stronger model is worth to the people who
    configured it.
    """
    asking = _usd(question, question_bytes, question.max_tokens, pricing)
    here = _answer(chosen, input_bytes, pricing)
    if asking is None:
        return _unpriced(question.model)
    if here is None:
        return _unpriced(chosen.model)
    stake = Decimal(0)
    for move in possible:
        there = _answer(move.model, input_bytes, pricing)
        if there is None:
            return _unpriced(move.model.model)
        stake += abs(here - there) * Decimal(move.probability)
    prices = aws_prices()
    asking += sum(attempt_overhead({"purpose": "classify"}, prices).values())
    asking += lambda_time(_WAIT_MS, pricing.memory_mb, prices)
    if stake > asking:
        return None
    return f"unsure; no LLM was asked: that costs ${asking:.6f}, and ${stake:.6f} are at stake"


def _unpriced(model: str) -> str:
    return f"unsure; no LLM was asked: no price is known of {model}"


def _answer(model: Model, input_bytes: int, pricing: PricingContext) -> Decimal | None:
    output = min(_ANSWER_TOKENS, model.max_tokens)
    return _usd(model, input_bytes, output, pricing)


def _usd(
    asked: Model | ModelCall, sent: int, output: int, pricing: PricingContext
) -> Decimal | None:
    tokens = Tokens(input=estimated_tokens(sent), output=output)
    found = price(
        tokens, asked.provider, asked.model, pricing.at, asked.mode, region=pricing.region
    )
    return found.usd
