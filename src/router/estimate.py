"""The most that a request can cost, before anything of it is paid. Pure.

Each model of the plan is asked once at most, and only what cannot have been billed is sent again:
the sum over the plan holds every fallback. Where an LLM may still move the request, the dearest of
the tiers it can end in counts, and the question itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from cost_calculator.book import default_book
from cost_calculator.bounds import most_of_call, most_overhead
from cost_calculator.overhead import aws_prices
from router.config import Config, Model
from router.invoke import ModelCall
from router.llm_classifier import sent_bytes
from router.market import Market


def most_of_request(
    plans: Iterable[Sequence[Model]],
    input_bytes: int,
    question: ModelCall | None,
    config: Config,
    market: Market,
) -> Decimal:
    """Return dollars for the dearest of ``plans`` and the question, with workflow and Lambda."""
    total = max(_most_of_plan(models, input_bytes, config, market) for models in plans)
    if question:
        asked = Model(question.provider, question.model, question.max_tokens)
        total += _most_of_model(asked, sent_bytes(question), market)
    return total


def _most_of_plan(
    models: Sequence[Model], input_bytes: int, config: Config, market: Market
) -> Decimal:
    calls = sum((_most_of_model(model, input_bytes, market) for model in models), Decimal(0))
    return calls + most_overhead(
        len(models),
        config.workflow_type,
        config.workflow_seconds,
        market.memory_mb,
        aws_prices(),
    )


def _most_of_model(model: Model, input_bytes: int, market: Market) -> Decimal:
    return most_of_call(
        model.provider,
        model.model,
        input_bytes,
        model.max_tokens,
        market.at,
        book=default_book(),
        region=market.region,
    )
