"""Every provider's way of counting the same call leads to the same disjoint tokens."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost_calculator.usage import InvalidUsage, Tokens, from_provider

COUNTS = st.integers(0, 10**9)
TOKENS = st.builds(Tokens, *[COUNTS] * 5)


def bedrock(tokens):
    by_ttl = {"5m": tokens.cache_write_5m, "1h": tokens.cache_write_1h}
    return {
        "inputTokens": tokens.input,
        "outputTokens": tokens.output,
        "totalTokens": tokens.total_input + tokens.output,
        "cacheReadInputTokens": tokens.cache_read,
        "cacheWriteInputTokens": sum(by_ttl.values()),
        "cacheDetails": [{"ttl": ttl, "inputTokens": count} for ttl, count in by_ttl.items()],
    }


def anthropic(tokens):
    return {
        "input_tokens": tokens.input,
        "output_tokens": tokens.output,
        "cache_read_input_tokens": tokens.cache_read,
        "cache_creation_input_tokens": tokens.cache_write_5m + tokens.cache_write_1h,
        "cache_creation": {
            "ephemeral_5m_input_tokens": tokens.cache_write_5m,
            "ephemeral_1h_input_tokens": tokens.cache_write_1h,
        },
    }


def openai(tokens, sent="prompt_tokens", received="completion_tokens"):
    return {
        sent: tokens.total_input,
        received: tokens.output,
        "total_tokens": tokens.total_input + tokens.output,
        f"{sent}_details": {
            "cached_tokens": tokens.cache_read,
            "cache_write_tokens": tokens.cache_write_5m + tokens.cache_write_1h,
        },
        f"{received}_details": {"reasoning_tokens": tokens.output // 2},
    }


@given(TOKENS)
def test_all_providers_lead_to_the_same_tokens(tokens):
    written = tokens.cache_write_5m + tokens.cache_write_1h
    one_price = Tokens(tokens.input, tokens.output, tokens.cache_read, written)

    assert from_provider("bedrock", bedrock(tokens)) == tokens
    assert from_provider("anthropic", anthropic(tokens)) == tokens
    assert from_provider("openai", openai(tokens)) == one_price
    assert from_provider("openai", openai(tokens, "input_tokens", "output_tokens")) == one_price


NONSENSE = st.one_of(
    st.integers(max_value=-1),
    st.integers(min_value=10**12 + 1),
    st.booleans(),
    st.floats(),
    st.text(),
    st.lists(st.integers(), max_size=2),
)
REQUIRED = [
    ("bedrock", bedrock, "inputTokens"),
    ("bedrock", bedrock, "outputTokens"),
    ("bedrock", bedrock, "cacheReadInputTokens"),
    ("anthropic", anthropic, "input_tokens"),
    ("anthropic", anthropic, "cache_creation_input_tokens"),
    ("openai", openai, "prompt_tokens"),
    ("openai", openai, "completion_tokens"),
]


@pytest.mark.parametrize(("provider", "shape", "field"), REQUIRED)
@given(tokens=TOKENS, nonsense=NONSENSE)
def test_nonsense_in_any_field_is_refused(provider, shape, field, tokens, nonsense):
    with pytest.raises(InvalidUsage, match=field):
        from_provider(provider, {**shape(tokens), field: nonsense})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*bedrock(Tokens(0, 0)), "ttl", "prompt_tokens"]), inner)
    ),
    max_leaves=8,
)


@given(st.sampled_from(["bedrock", "openai", "anthropic", "else"]), JSON)
def test_any_json_is_read_or_refused_and_never_crashes(provider, raw):
    try:
        tokens = from_provider(provider, json.loads(json.dumps(raw)))
    except InvalidUsage:
        return
    assert min(tokens.input, tokens.output, tokens.cache_read, tokens.cache_write_5m) >= 0
    assert tokens.cache_write_1h >= 0
