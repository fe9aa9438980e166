"""The row of the embeddings that a workflow's function paid for: a call of a model. Pure."""

from __future__ import annotations

import json
from typing import Any

from cost_calculator.row_keys import tenant_of
from cost_calculator.rows import EMBED, SCHEMA, Row
from router.recording.attempt_rows import pending

_NO_TIER = "none"


def embedding_row(
    key: str,
    workflow: str,
    invocation: str,
    *,
    model: str,
    calls: int,
    tokens: int,
    started_at: str,
    ended_at: str,
) -> Row:
    """Return the row of the calls that one invocation made for the run with that key.

    Each invocation has a row of its own: one that is repeated has paid again.
    """
    usage = {"inputTokens": tokens, "outputTokens": 0, "totalTokens": tokens}
    row: dict[str, Any] = {
        "request_id": key,
        "item": f"ATTEMPT#{EMBED}-{invocation}",
        "schema": SCHEMA,
        "tenant": tenant_of(key),
        "tier": _NO_TIER,
        "workflow": workflow,
        "purpose": EMBED,
        "provider": "bedrock",
        "model": model,
        "outcome": "OK",
        "retries": 0,
        "calls": calls,
        "served": 0,
        "usage": json.dumps(usage),
        "started_at": started_at,
        "ended_at": ended_at,
    }
    return row | pending(key, ended_at)
