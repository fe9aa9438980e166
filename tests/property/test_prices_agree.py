"""Our price is genai-prices' price, to the last digit, wherever both know it."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from genai_prices import Usage, calc_price
from hypothesis import given, settings
from hypothesis import strategies as st

from cost_calculator.book import BOOK_PATH
from cost_calculator.pricing import CostStatus, price
from cost_calculator.usage import TOKEN_CLASSES, Tokens

BOOK = json.loads(BOOK_PATH.read_text(encoding="utf-8"))
NAMES = sorted({(row["provider"], row["model"]) for row in BOOK["rows"]})
NAMES += [(provider, alias) for provider, pairs in BOOK["aliases"].items() for alias in pairs]
THEIRS = {"bedrock": "aws", "openai": "openai", "anthropic": "anthropic"}

CONTEXTS = {
    "standard": None,
    "batch": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
    "fast": {"service_tier": "fast"},
}
COUNTS = st.one_of(
    st.integers(0, 50),
    st.integers(99_990, 100_010),
    st.integers(271_990, 272_010),
    st.integers(0, 3_000_000),
)
TOKENS = st.builds(Tokens, *[COUNTS] * len(TOKEN_CLASSES))
INSTANTS = st.integers(0, 365 * 24 * 60).map(
    lambda minutes: datetime(2025, 12, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def theirs(tokens, provider, model, at, mode):
    usage = Usage(
        input_tokens=tokens.total_input,
        cache_read_tokens=tokens.cache_read,
        cache_write_tokens=tokens.cache_write_5m + tokens.cache_write_1h,
        cache_write_1h_tokens=tokens.cache_write_1h,
        output_tokens=tokens.output,
    )
    return calc_price(
        usage,
        model,
        provider_id=THEIRS[provider],
        genai_request_timestamp=at,
        price_context=CONTEXTS[mode],
    ).total_price


def agree(tokens, name, at, mode):
    """Assert the same price, or a reason to have none; return whether there was a price."""
    provider, model = name
    cost = price(tokens, provider, model, at, mode, region="us-east-1")
    if cost.status is CostStatus.PRICED:
        assert cost.usd == theirs(tokens, provider, model, at, mode)
        return True
    # Only a mode or a class that the source has no price of its own for.
    assert cost.usd is None
    assert mode != "standard" or "has no cache_" in (cost.reason or "")
    return False


@settings(max_examples=400, deadline=None)
@given(TOKENS, st.sampled_from(NAMES), INSTANTS, st.sampled_from([*CONTEXTS]))
def test_price_agrees_with_genai_prices_to_the_last_digit(tokens, name, at, mode):
    agree(tokens, name, at, mode)


def test_price_agrees_on_thousands_of_random_usages_over_every_model():
    chance = random.Random(20261121)
    agreed = 0
    for number in range(4_000):
        counts = [chance.choice([0, 1, 99_999, chance.randrange(400_000)]) for _ in TOKEN_CLASSES]
        at = datetime(2025, 12, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(365 * 24 * 60))
        mode = chance.choice(["standard"] * 11 + [*CONTEXTS])
        agreed += agree(Tokens(*counts), NAMES[number % len(NAMES)], at, mode)

    assert agreed >= 2_000


@settings(max_examples=300, deadline=None)
@given(TOKENS, st.sampled_from(NAMES))
def test_parts_add_up_and_no_part_is_negative(tokens, name):
    cost = price(tokens, *name, datetime(2026, 11, 21, tzinfo=UTC), region="us-east-1")

    if cost.usd is not None:
        assert sum(cost.parts.values(), Decimal(0)) == cost.usd
        assert all(part > 0 for part in cost.parts.values())
