"""Upper bounds in dollars for costs that are not known yet, or never will be. Pure.

A budget must hold before a call is made, and after a call whose usage never arrived: both use the
most that the call can cost. No token is shorter than a byte of the prompt, all input may be written
to the provider's prompt cache, and a model without a price counts as the most expensive one that
has a price. A provider may serve another service tier than the requested one: the more expensive of
the requested and the standard tier is used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from cost_calculator.book import PriceBook, PriceUnknown
from cost_calculator.overhead import (
    GUARDRAIL_POLICIES,
    GUARDRAIL_UNIT_CHARACTERS,
    AwsPrices,
    attempt_overhead,
    guardrail_usd,
    request_overhead,
)
from cost_calculator.price_entry import Rates
from cost_calculator.usage import TOKEN_CLASSES, Tokens

# What invoke_model may take of a Lambda, as the module sets it up.
_CALL_MS = 270_000
_CALL_MEMORY_MB = 256
_ANALYZE_MS = 15_000
# Of each call: itself, three retries, what plans the next. Of a request: the states around them, a
# human's review among them, and the nine more that send the HTTP Task's call again three times.
_TRANSITIONS_OF_CALL = 6
_TRANSITIONS = 12 + 9
# What is on a row beside texts, and a character of a text at worst, as JSON writes it.
_ROW_BYTES = 20_000
_ATTEMPT_BYTES = 4_000
_BYTES_OF_ESCAPED = 2
_MILLION = Decimal(10**6)


def most_of_call(
    provider: str,
    model: str,
    input_bytes: int,
    max_tokens: int,
    at: datetime,
    *,
    book: PriceBook,
    region: str = "",
    mode: str = "standard",
) -> Decimal:
    """Return the most that one billed call can cost that was asked for in ``mode``.

    Where it is served may not be known before the answer: the highest surcharge is counted.
    """
    return book.highest_factor(provider, model) * max(
        (_most_expensive_input(rates) * input_bytes + _rate(rates, "output") * max_tokens)
        / _MILLION
        for rates in (
            _rates(provider, model, at, each, input_bytes, book, region)
            for each in {mode, "standard"}
        )
    )


def _rates(
    provider: str,
    model: str,
    at: datetime,
    mode: str,
    input_bytes: int,
    book: PriceBook,
    region: str,
) -> Rates:
    try:
        return book.find(provider, model, at, mode, region).rates_for(input_bytes)
    except PriceUnknown:
        return book.most_expensive(at)


def most_of_tokens(tokens: Tokens, at: datetime, *, book: PriceBook) -> Decimal:
    """Return the most that tokens of a model without a price can cost."""
    rates = book.most_expensive(at)
    micros = (_rate(rates, name) * getattr(tokens, name) for name in TOKEN_CLASSES)
    return sum(micros, Decimal(0)) / _MILLION


def most_overhead(
    calls: int,
    workflow_type: str,
    workflow_seconds: int,
    analyze_mb: int,
    prices: AwsPrices,
    text_bytes: int,
) -> Decimal:
    """Return the most that workflow, Lambda time and tables cost a request with so many calls, and
    so many bytes of question and answer.
    """
    minutes, seconds = divmod(min(workflow_seconds, 3_599), 60)
    request = {
        "workflow_type": workflow_type,
        "accepted_at": "2026-01-01T00:00:00Z",
        "ended_at": f"2026-01-01T00:{minutes:02d}:{seconds:02d}Z",
        "transitions": _TRANSITIONS + _TRANSITIONS_OF_CALL * calls,
        "attempts": calls,
        "analyze_ms": _ANALYZE_MS,
        "analyze_mb": analyze_mb,
        "metadata": "-" * _ROW_BYTES,
        "content_bytes": _ROW_BYTES + text_bytes * _BYTES_OF_ESCAPED,
        "budgets": "tenant's day,tenant's month,day,month",
        "cache_key": "",
        "review": "",
        "output_s3": "",
    }
    call = {
        "lambda_ms": _CALL_MS,
        "lambda_mb": _CALL_MEMORY_MB,
        "usage": "-" * _ATTEMPT_BYTES,
        "draft_s3": "",
    }
    asked = {"purpose": "classify", "usage": "-" * _ATTEMPT_BYTES}
    parts = [request_overhead(request, prices), attempt_overhead(asked, prices)]
    parts += [attempt_overhead(call, prices)] * calls
    return sum((usd for part in parts for usd in part.values()), Decimal(0))


def most_of_guardrail(text_bytes: int, prices: AwsPrices) -> Decimal:
    """Return the most that a guardrail with every policy is billed for so much text."""
    units = -(-text_bytes // GUARDRAIL_UNIT_CHARACTERS) + 1
    counts = dict.fromkeys(GUARDRAIL_POLICIES, units)
    return guardrail_usd(json.dumps(counts), prices)


def _most_expensive_input(rates: Rates) -> Decimal:
    return max(_rate(rates, name) for name in ("input", "cache_write_5m", "cache_write_1h"))


def _rate(rates: Mapping[str, Decimal | None], name: str) -> Decimal:
    return rates.get(name) or Decimal(0)
