"""The configuration of `analyze` as the module writes it for `examples/local`.

A test of the local cloud holds that it is the deployed one: both interpreters plan alike.
"""

from __future__ import annotations

from typing import Any

HAIKU = "us.anthropic.claude-haiku-5-5"
SONNET = "us.anthropic.claude-sonnet-5-5"
OLDER = "us.anthropic.claude-sonnet-5"
LUNA = "gpt-6-luna"
SOL = "gpt-6-sol"
DIRECT = "claude-sonnet-5-5"


def _tier(provider: str, model: str, max_tokens: int, *fallbacks: dict[str, Any]) -> dict[str, Any]:
    return {
        "provider": provider,
        "model": model,
        "max_tokens": max_tokens,
        "fallbacks": list(fallbacks),
    }


def _next(provider: str, model: str, max_tokens: int, *when: str) -> dict[str, Any]:
    found = {"provider": provider, "model": model, "max_tokens": max_tokens}
    return {**found, "when": list(when)} if when else found


CONFIG: dict[str, Any] = {
    "tiers": {
        "SIMPLE": _tier("bedrock", HAIKU, 2048, _next("bedrock", SONNET, 4096)),
        "CALCULATION": _tier("openai", LUNA, 4096, _next("bedrock", SONNET, 4096)),
        "COMPLEX": _tier(
            "bedrock", SONNET, 8192,
            _next("anthropic", DIRECT, 8192, "throttled", "timeout"),
            _next("openai", SOL, 8192, "too_long", "refused"),
            _next("bedrock", OLDER, 8192),
        ),
    },
    "providers": ["bedrock", "openai", "anthropic"],
    "routing": {"raise_above": 1, "lower_below": 0},
    "limits": {"input_bytes": 1048576, "payload_bytes": 20971520},
    "store_text": True,
    "text_ttl_days": 30,
    "workflow_type": "STANDARD",
    "workflow_seconds": 900,
    "tenants": {
        "frugal": {"budget": {"day_usd": 1, "month_usd": 10}},
        "hasty": {"rate": {"requests": 2}},
        "faq": {"cache": {"shared": False, "ttl_seconds": 600}},
        "handbook": {"prompt_cache": True},
    },
    "review": {
        "answer_above": 0.8, "fail_below": 0.3, "timeout_seconds": 3600, "default": "reject",
    },
    "on_store_failure": "refuse",
    "breaker": {"throttles": 1000, "min_calls": 1000},
}  # fmt: skip
