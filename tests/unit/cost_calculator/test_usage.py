"""Each provider's usage becomes the same disjoint classes, or is refused by name."""

import pytest

from cost_calculator.usage import MAX_TOKENS, InvalidUsage, Tokens, from_classes, from_provider

CACHED = Tokens(input=10, output=7, cache_read=100, cache_write_5m=30, cache_write_1h=20)


@pytest.mark.parametrize(
    ("provider", "raw", "tokens"),
    [
        ("bedrock", {"inputTokens": 12, "outputTokens": 9, "totalTokens": 21}, Tokens(12, 9)),
        (
            "bedrock",
            {
                "inputTokens": 10,
                "outputTokens": 7,
                "totalTokens": 167,
                "cacheReadInputTokens": 100,
                "cacheWriteInputTokens": 50,
                "cacheDetails": [
                    {"ttl": "5m", "inputTokens": 30},
                    {"ttl": "1h", "inputTokens": 20},
                ],
            },
            CACHED,
        ),
        (
            "anthropic",
            {
                "input_tokens": 10,
                "output_tokens": 7,
                "cache_read_input_tokens": 100,
                "cache_creation_input_tokens": 50,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": 30,
                    "ephemeral_1h_input_tokens": 20,
                },
                "service_tier": "standard",
            },
            CACHED,
        ),
        (
            "anthropic",
            {"input_tokens": 3, "output_tokens": 4, "cache_read_input_tokens": None},
            Tokens(3, 4),
        ),
        (
            "openai",
            {
                "prompt_tokens": 140,
                "completion_tokens": 7,
                "total_tokens": 147,
                "prompt_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 30},
                "completion_tokens_details": {"reasoning_tokens": 5},
            },
            Tokens(10, 7, 100, 30),
        ),
        (
            "openai",
            {
                "input_tokens": 140,
                "output_tokens": 7,
                "input_tokens_details": {"cached_tokens": 100},
                "output_tokens_details": {"reasoning_tokens": 5},
            },
            Tokens(40, 7, 100),
        ),
    ],
)
def test_usage_becomes_disjoint(provider, raw, tokens):
    assert from_provider(provider, raw) == tokens


def test_cache_write_without_details_is_the_short_lived_one():
    raw = {"inputTokens": 1, "outputTokens": 1, "cacheWriteInputTokens": 5}

    assert from_provider("bedrock", raw).cache_write_5m == 5


BEDROCK = {"inputTokens": 12, "outputTokens": 9}
OPENAI = {"prompt_tokens": 12, "completion_tokens": 9}


@pytest.mark.parametrize(
    ("provider", "raw"),
    [
        *(
            ("bedrock", {**BEDROCK, "outputTokens": bad})
            for bad in (
                -1,
                True,
                False,
                "9",
                9.0,
                float("nan"),
                float("inf"),
                None,
                [],
                MAX_TOKENS * 2,
            )
        ),
        ("bedrock", {"outputTokens": 9}),
        ("bedrock", {**BEDROCK, "totalTokens": 20}),
        ("bedrock", {**BEDROCK, "cacheReadInputTokens": "5"}),
        (
            "bedrock",
            {
                **BEDROCK,
                "cacheWriteInputTokens": 5,
                "cacheDetails": [{"ttl": "1h", "inputTokens": 4}],
            },
        ),
        (
            "bedrock",
            {
                **BEDROCK,
                "cacheWriteInputTokens": 5,
                "cacheDetails": [{"ttl": "2h", "inputTokens": 5}],
            },
        ),
        ("bedrock", {**BEDROCK, "cacheDetails": 3}),
        ("openai", {**OPENAI, "prompt_tokens_details": {"cached_tokens": 13}}),
        (
            "openai",
            {**OPENAI, "prompt_tokens_details": {"cached_tokens": 7, "cache_write_tokens": 6}},
        ),
        ("openai", {**OPENAI, "completion_tokens_details": {"reasoning_tokens": 10}}),
        ("openai", {**OPENAI, "total_tokens": 22}),
        ("openai", {"completion_tokens": 9}),
        (
            "anthropic",
            {
                "input_tokens": 1,
                "output_tokens": 1,
                "cache_creation_input_tokens": 3,
                "cache_creation": {"ephemeral_5m_input_tokens": 2},
            },
        ),
        ("anthropic", {}),
        ("bedrock", None),
        ("bedrock", []),
        ("bedrock", "12"),
        ("somebody", BEDROCK),
    ],
)
def test_usage_that_cannot_be_true_is_refused(provider, raw):
    with pytest.raises(InvalidUsage):
        from_provider(provider, raw)


def test_disjoint_usage_with_an_unknown_class_is_refused_by_name():
    with pytest.raises(InvalidUsage, match="reasoning_tokens"):
        from_classes({"input_tokens": 1, "output_tokens": 1, "reasoning_tokens": 5})
