"""Prices the same attempts with our calculator, genai-prices and LiteLLM, and prints the ratios.

Run by ``make bench``; LiteLLM comes with the ``bench`` extra and is left out, by name, without it.
Each calculator gets its own input, made before the clock starts; runs take turns, the best counts.
Times are those of this process on the processor, so that a busy machine does not blur them.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from cost_calculator.pricing import price
from cost_calculator.rates import default_rates
from cost_calculator.settlement import settle
from cost_calculator.usage import Tokens, from_provider

AT = datetime(2026, 11, 21, 10, tzinfo=UTC)
MODELS = (
    ("bedrock", "us.anthropic.claude-haiku-5-5"),
    ("bedrock", "us.anthropic.claude-sonnet-5-5"),
    ("openai", "gpt-6-luna"),
)
SIZES = (1, 10, 100, 1_000, 10_000, 100_000)

Attempt = tuple[str, str, dict[str, int]]
Calculator = Callable[[Sequence[Any]], Any]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.price_bench", description=__doc__)
    parser.add_argument("--attempts", type=int, default=5_000, help="of the comparison")
    parser.add_argument("--runs", type=int, default=5, help="the best of so many counts")
    parser.add_argument("--json", help="write the figures to this file")
    arguments = parser.parse_args()
    attempts = make_attempts(arguments.attempts)
    contenders = {"faregate": ours(attempts), "genai-prices": genai_prices(attempts)}
    litellm = with_litellm(attempts)
    if litellm:
        contenders["litellm"] = litellm
    seconds, totals = race(contenders, arguments.runs)
    micros = {name: taken / len(attempts) * 1e6 for name, taken in seconds.items()}
    for name, taken in micros.items():
        ratio = taken / micros["faregate"]
        print(f"{name:14} {taken:9.2f} us an attempt  {ratio:6.1f} x ours  total {totals[name]}")
    if not litellm:
        print("litellm        not installed: pip install '.[bench]'", file=sys.stderr)
    growth = flat()
    print("one attempt among n, as price_rows settles it (us):")
    print("  ".join(f"{size:,}: {taken:.1f}" for size, taken in growth.items()))
    faster = min(taken for name, taken in micros.items() if name != "faregate")
    figures = {"us_per_attempt": micros, "faster_peer_over_ours": faster / micros["faregate"],
               "us_per_attempt_by_size": growth}  # fmt: skip
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(figures, indent=1), encoding="utf-8")
    print(f"the faster peer takes {figures['faster_peer_over_ours']:.1f} times as long as ours")
    return 0 if faster >= 5 * micros["faregate"] else 1


def make_attempts(count: int) -> list[Attempt]:
    """Return attempts as the providers report them, below every long-context tier."""
    chance = random.Random(1)
    attempts: list[Attempt] = []
    for _ in range(count):
        provider, model = chance.choice(MODELS)
        fresh, read, out = (chance.randrange(1, 20_000) for _ in range(3))
        if provider == "openai":
            details = {"cached_tokens": read}
            usage: dict[str, Any] = {
                "prompt_tokens": fresh + read,
                "completion_tokens": out,
                "prompt_tokens_details": details,
            }
        else:
            usage = {"inputTokens": fresh, "outputTokens": out, "cacheReadInputTokens": read}
        attempts.append((provider, model, usage))
    return attempts


def ours(attempts: Sequence[Attempt]) -> Calculator:
    """Price from the provider's own usage: made disjoint, looked up, multiplied, explained."""

    def run(todo: Sequence[Attempt]) -> Decimal:
        total = Decimal(0)
        for provider, model, usage in todo:
            total += price(from_provider(provider, usage), provider, model, AT).usd or 0
        return total

    return lambda _: run(attempts)


def genai_prices(attempts: Sequence[Attempt]) -> Calculator:
    """Price from disjoint tokens, the form that costs it least."""
    from genai_prices import Usage, calc_price

    theirs = []
    for provider, model, usage in attempts:
        tokens = from_provider(provider, usage)
        name = "aws" if provider == "bedrock" else provider
        theirs.append((name, model, tokens))

    def run() -> Decimal:
        total = Decimal(0)
        for name, model, tokens in theirs:
            usage = Usage(
                input_tokens=tokens.total_input,
                cache_read_tokens=tokens.cache_read,
                output_tokens=tokens.output,
            )
            total += calc_price(
                usage, model, provider_id=name, genai_request_timestamp=AT
            ).total_price
        return total

    return lambda _: run()


def with_litellm(attempts: Sequence[Attempt]) -> Calculator | None:
    """Price by ``cost_per_token``, LiteLLM's calculator; None if it is not installed."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    try:
        import litellm
    except ImportError:
        return None
    theirs = []
    for provider, model, usage in attempts:
        tokens: Tokens = from_provider(provider, usage)
        theirs.append((provider, model, tokens.total_input, tokens.cache_read, tokens.output))

    def run() -> float:
        total = 0.0
        for provider, model, sent, read, out in theirs:
            parts = litellm.cost_per_token(
                model=model,
                custom_llm_provider=provider,
                prompt_tokens=sent,
                completion_tokens=out,
                cache_read_input_tokens=read,
            )
            total += sum(parts)
        return total

    return lambda _: run()


def race(contenders: dict[str, Calculator], runs: int) -> tuple[dict[str, float], dict[str, Any]]:
    """Return each one's best time in seconds, and its total as a check on its work."""
    best: dict[str, float] = {}
    totals: dict[str, Any] = {}
    for _ in range(runs):
        for name, calculate in contenders.items():
            gc.collect()
            start = time.process_time()
            totals[name] = calculate(())
            taken = time.process_time() - start
            best[name] = min(best.get(name, taken), taken)
    return best, totals


def flat() -> dict[int, float]:
    """Return microseconds per attempt when so many rows are settled one after the other.

    Every size is measured over at least 1,000 rows, in turns; the best of its turns counts.
    """
    best: dict[int, float] = {}
    for _ in range(3):
        for size in SIZES:
            turns = max(1, 1_000 // size)
            taken = sum(settle_rows(size) for _ in range(turns)) / turns / size * 1e6
            best[size] = min(best.get(size, taken), taken)
    return best


def settle_rows(count: int) -> float:
    """Return the seconds it takes to settle ``count`` rows."""
    rates = default_rates()
    row = {
        "request_id": "r", "item": "ATTEMPT#01", "schema": 1, "tenant": "default",
        "tier": "SIMPLE", "provider": "bedrock", "model": MODELS[0][1], "outcome": "OK",
        "cost_status": "PENDING", "served": True, "lambda_ms": 800, "lambda_mb": 256,
        "ended_at": "2026-11-21T10:00:00.000Z", "baseline_provider": "bedrock",
        "baseline_model": MODELS[1][1], "usage": '{"inputTokens": 12, "outputTokens": 9}',
    }  # fmt: skip
    start = time.process_time()
    for _ in range(count):
        settle(row, rates, "2026-11-21T10:00:00.000Z")
    return time.process_time() - start


if __name__ == "__main__":
    raise SystemExit(main())
