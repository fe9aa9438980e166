"""A plan, attempts and events of a run, for tests of what carries it and writes it down."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from router.invocation.attempt import Attempt
from router.recording.facts import RequestFacts
from router.routing.run_plan import Progress, RunPlan, Target
from tests.support.factories import HAIKU, SONNET

STARTED, ENDED = "2026-11-21T10:00:00.000Z", "2026-11-21T10:00:01.000Z"
NOW = "2026-11-21T10:00:02.000Z"
ARN = "arn:run-1"
KEY = "acme/r-1"  # of the rows: an id is its tenant's own
EXPIRES_AT = 4_102_444_800  # when its texts go: 2100
USAGE = {"inputTokens": 12, "outputTokens": 9, "totalTokens": 21}
DRAFT = "s3://answers-1/drafts/r-1/1.txt"
REVIEW = {"timeout_seconds": 3600, "default": "reject"}

ASKED = Attempt(
    provider="bedrock", model=HAIKU, outcome="OK", started_at=STARTED, ended_at=ENDED,
    max_tokens=2048, served=True, usage=USAGE, latency_ms=812, lambda_ms=830, lambda_mb=256,
)  # fmt: skip


def attempt(outcome: str = "OK", cause: str | None = None, **changes: Any) -> Attempt:
    """Return an attempt; one with a ``cause`` was served to nobody."""
    return replace(ASKED, outcome=outcome, cause=cause, served=cause is None, **changes)


def facts(**changes: Any) -> RequestFacts:
    known = RequestFacts(
        request_id="r-1", tenant="acme", tier="SIMPLE", execution_arn=ARN, input_bytes=60,
        max_tokens=2048, baseline=("bedrock", SONNET, "standard"), store_text=True,
        expires_at=EXPIRES_AT,
    )  # fmt: skip
    return replace(known, **changes)


def record_of(**changes: Any) -> dict[str, Any]:
    """Return ``plan.record`` as analyze writes it."""
    return {
        "store_text": True,
        "expires_at": EXPIRES_AT,
        "max_tokens": 2048,
        "input_bytes": 60,
        "earlier_attempts": 0,
        "baseline": {"provider": "bedrock", "model": SONNET, "mode": "standard"},
        "budgets": None,
        "review": None,
        "cache": None,
    } | changes


def run_plan(*others: Target, via: str = "lambda", **record: Any) -> RunPlan:
    """Return a plan of Haiku, or of Luna through the HTTP Task, and what else may be asked."""
    first = (
        Target("openai", "gpt-6-luna", 2048) if via == "http" else Target("bedrock", HAIKU, 2048)
    )
    return RunPlan(
        request_id="r-1",
        tenant="acme",
        tier="SIMPLE",
        via=via,
        targets=(first, *others),
        record=record_of(**record),
        shown={"complexity": "SIMPLE", "confidence": 0.9, "reasons": ["asks for one fact"]},
    )


def progress(*attempts: Attempt, entered: int = 0, target: Target | None = None) -> Progress:
    return Progress(attempts, target, entered)


def output_of(error: str, cause: Any = None) -> dict[str, Any]:
    """Return ``$states.errorOutput`` of a Lambda that raised; an attempt is its message."""
    message = json.dumps(cause.to_json()) if isinstance(cause, Attempt) else cause
    return {"Error": error, "Cause": json.dumps({"errorType": error, "errorMessage": message})}


def failure_of(
    error: str, cause: Any = None, *, state: str = "InvokeHaiku", retries: int = 0
) -> dict[str, Any]:
    """Return the variable ``failure`` after a state that failed."""
    return {
        "output": output_of(error, cause),
        "state": state,
        "entered_at": STARTED,
        "retries": retries,
    }
