"""The most that a request can cost, before anything of it is paid. Pure.

Each model of the plan is billed at most once, since only calls that cannot have been billed are
sent again: the sum over the plan holds every fallback. An answer that must fit a schema may be
repaired twice, by one of the plan's models or the stronger one, which reads its draft again. If an
LLM may still move the request, the most expensive tier that it can reach counts, and the question
itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from cost_calculator.book import default_book
from cost_calculator.max_cost import most_of_call, most_of_guardrail, most_overhead
from cost_calculator.overhead import aws_prices
from router.catalog.models import Model
from router.catalog.pricing_context import PricingContext
from router.catalog.tokens import BYTES_PER_TOKEN
from router.config.settings import Config
from router.intake.request import Request
from router.invocation.call import ModelCall
from router.llm_classifier.question import sent_bytes
from router.routing.next_step import MOST_REPAIRS
from router.routing.plan import Plan

# A draft's tokens come back as text, of about so many bytes each, with what is wrong with it.
_EVERY_TRACE = Decimal(1)
_COMPLAINT_BYTES = 13_000  # ten problems of 300 characters at most, and the instructions


def most_of_request(
    plans: Iterable[Plan],
    request: Request,
    question: ModelCall | None,
    config: Config,
    pricing: PricingContext,
) -> Decimal:
    """Return dollars for the most expensive of ``plans``, the question, workflow and Lambda."""
    total = max(_most_of_plan(plan, request, config, pricing) for plan in plans)
    if question:
        asked = Model(question.provider, question.model, question.max_tokens)
        total += _most_of_model(asked, sent_bytes(question), pricing)
    return total


def _most_of_plan(plan: Plan, request: Request, config: Config, pricing: PricingContext) -> Decimal:
    models = [*plan.models, *([plan.stronger] if plan.stronger else [])]
    calls = [_most_of_model(model, request.input_bytes, pricing) for model in models]
    if request.options.response_schema is not None:
        calls += [max(_most_of_repair(model, request, pricing) for model in models)] * MOST_REPAIRS
    if config.guardrail:
        longest = max(model.max_tokens for model in models) * BYTES_PER_TOKEN
        most = most_of_guardrail(request.input_bytes + longest, aws_prices())
        calls += [most] * len(calls)
    return sum(calls, Decimal(0)) + most_overhead(
        len(calls),
        config.workflow_type,
        config.workflow_seconds,
        pricing.memory_mb,
        aws_prices(_EVERY_TRACE),
        request.input_bytes + max(model.max_tokens for model in models) * BYTES_PER_TOKEN,
    )


def _most_of_repair(model: Model, request: Request, pricing: PricingContext) -> Decimal:
    draft = BYTES_PER_TOKEN * model.max_tokens + _COMPLAINT_BYTES
    return _most_of_model(model, request.input_bytes + draft, pricing)


def _most_of_model(model: Model, input_bytes: int, pricing: PricingContext) -> Decimal:
    return most_of_call(
        model.provider,
        model.model,
        input_bytes,
        model.max_tokens,
        pricing.at,
        book=default_book(),
        region=pricing.region,
        mode=model.mode,
    )
