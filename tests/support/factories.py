"""Makes valid values for tests; each takes what the test is about."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from cost_calculator.rows import Row
from router.analyzer import Classification, Complexity
from router.config.settings import Config
from router.conversation.blocks import Conversation, Text, Turn
from router.intake.request import Request, parse_request

AT = datetime(2026, 11, 21, 10, 0, 0, tzinfo=UTC)
HAIKU = "us.anthropic.claude-haiku-5-5"
SONNET = "us.anthropic.claude-sonnet-5-5"


LLM = {"provider": "bedrock", "model": HAIKU, "max_tokens": 24, "timeout_ms": 3000}


def analyzer(strategy: str = "hybrid", **changes: Any) -> dict[str, Any]:
    return {"strategy": strategy, "unsure_below": 0.7, **LLM, **changes}


def config(**changes: Any) -> Config:
    data: dict[str, Any] = {
        "tiers": {
            "SIMPLE": _tier("bedrock", HAIKU, 2048, [("bedrock", SONNET, 4096)]),
            "CALCULATION": _tier("openai", "gpt-6-luna", 4096, [("bedrock", SONNET, 4096)]),
            "COMPLEX": _tier("bedrock", SONNET, 8192, []),
        },
        "routing": {"raise_above": 0.9, "lower_below": 0.05},
        "limits": {"input_bytes": 131072},
        "store_text": True,
        "text_ttl_days": 30,
        "workflow_type": "STANDARD",
        "workflow_seconds": 900,
    }
    return Config.from_json(json.dumps(data | changes))


def _tier(provider: str, model: str, max_tokens: int, fallbacks: list[Any]) -> dict[str, Any]:
    return {
        "provider": provider,
        "model": model,
        "max_tokens": max_tokens,
        "fallbacks": [
            {"provider": name, "model": other, "max_tokens": most}
            for name, other, most in fallbacks
        ],
    }


def classification(label: str = "SIMPLE", score: float = 0.5, **changes: Any) -> Classification:
    """Return a verdict; for an unsure one give ``confidence``, the rest is spread evenly."""
    confidence = changes.get("confidence", 0.9)
    others = (1 - confidence) / 2
    fields: dict[str, Any] = {
        "label": Complexity(label),
        "confidence": confidence,
        "probabilities": {kind: confidence if kind == label else others for kind in Complexity},
        "score": score,
        "reasons": ("asks for one fact",),
        "version": "test",
    }
    return Classification(**(fields | changes))


def asking(*texts: str, system: str | None = None) -> Conversation:
    """Return a conversation of texts, of the user and the assistant in turn."""
    turns = [Turn(("user", "assistant")[n % 2], (Text(text),)) for n, text in enumerate(texts)]
    return Conversation(tuple(turns), (Text(system),) if system else ())


def request(payload: Any = None, name: str = "run-1") -> Request:
    given = {"input": "What is the capital of France?"} if payload is None else payload
    return parse_request(given, execution_name=name, input_bytes_limit=131072)


def accepted(**changes: Any) -> Row:
    row: Row = {
        "request_id": "r-1",
        "item": "REQUEST",
        "schema": 1,
        "tenant": "default",
        "status": "ACCEPTED",
        "execution_arn": "arn:run-1",
        "payload_hash": "hash",
        "accepted_at": "2026-11-21T10:00:00.000Z",
        "complexity": "SIMPLE",
        "confidence": 0.9,
        "reasons": ["asks for one fact"],
        "route": "SIMPLE",
        "workflow_type": "STANDARD",
        "planned_provider": "bedrock",
        "planned_model": HAIKU,
        "max_tokens": 2048,
        "input_bytes": 60,
        "baseline_provider": "bedrock",
        "baseline_model": SONNET,
    }
    return row | changes
