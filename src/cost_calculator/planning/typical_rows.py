"""The rows of a typical request, as the product leaves them: what a plan counts its units by. Pure.

``tests/local_cloud/test_own_cost.py`` holds their units against rows that requests really left.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cost_calculator.usage import Tokens

BYTES_PER_TOKEN = 4
"""Of English prose."""

_TEXT_ROW_BYTES = 200  # keys, times and JSON around a text
_REQUEST_ID = "2c755009-5eb9-4c41-9773-0bf9b8bf1bd1"
_ARN = (
    "arn:aws:states:us-east-1:123456789012:execution:faregate:"
    f"{_REQUEST_ID}-0123456789abcdef0123456789abcdef"
)


def typical_request(tokens: Tokens, **changes: Any) -> Mapping[str, Any]:
    """Return a REQUEST row that waits for its price, with texts of so many tokens stored."""
    return {
        **_common("REQUEST"),
        "status": "SUCCEEDED",
        "execution_arn": _ARN,
        "payload_hash": "0" * 64,
        "accepted_at": "2026-11-21T10:00:00.000Z",
        "day_shard": "2026-11-21#4",
        "queue": "ACCEPTED#4",
        "queued_at": "2026-11-21T10:00:00.000Z",
        "complexity": "SIMPLE",
        "confidence": 0,
        "score": 0,
        "classifier_version": "heuristic-2026.12.0",
        "workflow_type": "STANDARD",
        "input_bytes": tokens.total_input * BYTES_PER_TOKEN,
        "content_bytes": tokens.total_input * BYTES_PER_TOKEN + _TEXT_ROW_BYTES,
        "baseline_provider": "bedrock",
        "baseline_model": "us.anthropic.claude-sonnet-5-5",
        "route": "SIMPLE",
        "reasons": ["one sentence of the text holds what is asked", "asks for a fact"],
        "planned_provider": "bedrock",
        "planned_model": "us.anthropic.claude-haiku-5-5",
        "max_tokens": 2048,
        "ended_at": "2026-11-21T10:00:02.000Z",
        "attempts": 1,
        "cost_status": "PENDING",
        "provider": "bedrock",
        "model": "us.anthropic.claude-haiku-5-5",
        "answer_bytes": tokens.output * BYTES_PER_TOKEN + _TEXT_ROW_BYTES,
        **changes,
    }


def typical_attempt(tokens: Tokens, **changes: Any) -> Mapping[str, Any]:
    """Return the ATTEMPT row of its one call, as it is priced."""
    return {
        **_common("ATTEMPT#01"),
        "baseline_provider": "bedrock",
        "baseline_model": "us.anthropic.claude-sonnet-5-5",
        "purpose": "answer",
        "provider": "bedrock",
        "model": "us.anthropic.claude-haiku-5-5",
        "mode": "standard",
        "outcome": "OK",
        "started_at": "2026-11-21T10:00:00.000Z",
        "ended_at": "2026-11-21T10:00:02.000Z",
        "max_tokens": 2048,
        "retries": 0,
        "latency_ms": 2_000,
        "usage": '{"inputTokens": 300, "outputTokens": 200, "totalTokens": 500}',
        "served": 1,
        "input_bytes": tokens.total_input * BYTES_PER_TOKEN,
        "cost_status": "PRICED",
        "input_tokens": tokens.input,
        "output_tokens": tokens.output,
        "price_version": "bedrock/us.anthropic.claude-haiku-5-5/standard@start",
        "baseline_price_version": "bedrock/us.anthropic.claude-sonnet-5-5/standard@start",
        "priced_at": "2026-11-21T10:00:03.000Z",
        **changes,
    }


def _common(item: str) -> dict[str, Any]:
    return {
        "request_id": _REQUEST_ID,
        "item": item,
        "schema": 1,
        "tenant": "default",
        "tier": "SIMPLE",
    }
