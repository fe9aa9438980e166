"""What every row of a request repeats, read from its plan or from its REQUEST row. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cost_calculator.rows import Row


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What rows need of a request that was accepted. ``request_id`` is the key of its rows.

    ``max_tokens`` and ``input_bytes`` apply to an attempt without its own. ``expires_at`` is when
    its texts go, in epoch seconds. ``cache`` is ``{"key", "ttl_seconds"}`` if the answer is to be
    cached. ``workflow`` is the one that it is a step of, ``session_id`` its session.
    """

    request_id: str
    tenant: str
    tier: str
    execution_arn: str
    input_bytes: int
    max_tokens: int
    baseline: tuple[str, str, str]
    budgets: str | None = None
    earlier_attempts: int = 0
    store_text: bool = False
    expires_at: int | None = None
    cache: Mapping[str, Any] | None = None
    workflow: str | None = None
    session_id: str | None = None

    @classmethod
    def from_record(
        cls, request_id: str, tenant: str, tier: str, record: Mapping[str, Any], execution_arn: str
    ) -> RequestFacts:
        """Return the facts in a plan's ``record``."""
        baseline = record["baseline"]
        return cls(
            request_id=request_id,
            tenant=tenant,
            tier=tier,
            execution_arn=execution_arn,
            input_bytes=int(record["input_bytes"]),
            max_tokens=int(record["max_tokens"]),
            baseline=(baseline["provider"], baseline["model"], baseline["mode"]),
            budgets=record.get("budgets"),
            earlier_attempts=int(record["earlier_attempts"]),
            store_text=bool(record["store_text"]),
            expires_at=int(record["expires_at"]),
            cache=record.get("cache"),
            workflow=record.get("workflow"),
            session_id=record.get("session_id"),
        )

    @classmethod
    def from_row(
        cls, request: Row, earlier_attempts: int, expires_at: int | None = None
    ) -> RequestFacts:
        """Return the facts in a REQUEST row, for a run of which nothing else is left."""
        return cls(
            request_id=str(request["request_id"]),
            tenant=str(request.get("tenant", "")),
            tier=str(request.get("route", "")),
            execution_arn=str(request["execution_arn"]),
            input_bytes=_count(request.get("input_bytes")),
            max_tokens=_count(request.get("max_tokens")),
            baseline=(
                str(request.get("baseline_provider", "")),
                str(request.get("baseline_model", "")),
                str(request.get("baseline_mode", "standard")),
            ),
            budgets=request.get("budgets"),
            workflow=request.get("workflow"),
            session_id=request.get("session_id"),
            earlier_attempts=earlier_attempts,
            expires_at=expires_at,
        )


def _count(value: Any) -> int:
    try:
        return max(0, int(value))
    except (TypeError, ValueError, ArithmeticError):
        return 0
