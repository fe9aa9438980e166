"""An answer that is given again costs nothing, and saves just what its tokens would cost afresh."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from cost_calculator.contributions import contribution
from cost_calculator.pricing import price
from cost_calculator.settlement import settle
from cost_calculator.usage import TOKEN_CLASSES, Tokens
from tests.support.cost_rows import HAIKU, PRICED_AT, RATES, SONNET, attempt

COUNTS = st.integers(0, 90_000)
AT = datetime(2026, 11, 21, 10, tzinfo=UTC)


@given(COUNTS, COUNTS, COUNTS)
def test_a_hit_saves_what_the_same_tokens_cost_on_the_baseline(
    fresh: int, read: int, output: int
) -> None:
    usage = {"inputTokens": fresh, "cacheReadInputTokens": read, "outputTokens": output}

    row = settle(attempt(outcome="CACHED", usage=json.dumps(usage)), RATES, PRICED_AT)

    tokens = Tokens(input=fresh, output=output, cache_read=read)
    assert row["cost_usd"] == 0
    assert row["baseline_usd"] == price(tokens, "bedrock", SONNET, AT, region=RATES.region).usd
    sums = contribution(row)
    assert sums["cache_hits"] == sums["attempts"] == 1
    assert not sums.keys() & {f"{name}_tokens" for name in TOKEN_CLASSES}


@given(st.text(max_size=40))
def test_whatever_stands_as_usage_a_hit_is_never_paid_for(usage: str) -> None:
    row = settle(attempt(outcome="CACHED", usage=usage or None, model=HAIKU), RATES, PRICED_AT)

    assert (row["cost_status"], row["cost_usd"]) == ("PRICED", 0)
