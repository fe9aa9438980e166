"""The end of a request, as one transaction: its REQUEST row, its attempts, its answer. Pure.

Every way a request can end goes through here: answered, failed, decided by a reviewer, or closed
for a run that died. What is returned is written all or nothing, see ``UsageStore.record``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from cost_calculator.item_size import item_bytes
from cost_calculator.rows import PENDING, SCHEMA, Row
from router.conversation.said import NOTHING, Said
from router.invocation.attempt import Attempt
from router.recording.answer_row import answer_row
from router.recording.attempt_rows import attempt_rows, pending
from router.recording.facts import RequestFacts

_STATUS_OF_OUTCOME = {"REFUSED", "FILTERED", "BLOCKED"}


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reviewer decided, or what was decided for want of one."""

    decision: str
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended. Without a ``cause`` it was answered, by ``said`` or at ``output_s3``.

    ``transitions`` counts the states that it has entered, up to its last; 0 if none were.
    """

    at: str
    transitions: int
    cause: str | None = None
    said: Said = NOTHING
    output_s3: str | None = None
    truncated: bool = False
    altered: bool = False
    review: Decision | None = None

    @property
    def answered(self) -> bool:
        return self.cause is None


@dataclass(frozen=True, slots=True)
class Closing:
    """One transaction. ``request`` are changes of the REQUEST row, on the condition that it is open
    and the run's own; ``review`` are changes of the row of that name. ``answer`` and ``cached`` are
    rows with text.
    """

    request_id: str
    execution_arn: str
    request: Mapping[str, Any]
    attempts: Sequence[Row]
    answer: Row | None = None
    review: Mapping[str, Any] = field(default_factory=dict)
    cached: Row | None = None

    @property
    def has_text(self) -> bool:
        return self.answer is not None or self.cached is not None

    def without_text(self) -> Closing:
        """Return what is left to write of a request whose texts were erased meanwhile."""
        gone = ("cache_key", "answer_bytes")
        request = {name: value for name, value in self.request.items() if name not in gone}
        return replace(self, request=request, answer=None, cached=None)


def record(facts: RequestFacts, attempts: Sequence[Attempt], end: End) -> Closing:
    """Return what writes down the end of a run: the row is terminal, and waits for its price.

    It keeps its place in the queue from when it was accepted: to move in an index is paid twice.
    """
    changes: dict[str, Any] = {
        "status": status_of(attempts, end),
        "ended_at": end.at,
        "tier": facts.tier,
        "attempts": facts.earlier_attempts + len(attempts),
        "transitions": end.transitions,
        "cost_status": PENDING,
    }
    if end.review is not None:
        changes |= {"review": end.review.decision, "reviewer": end.review.by}
        # Its place in the queue is as late as the decision might have been.
        changes |= pending(facts.request_id, end.at)
    cached = answer = None
    if end.answered:
        changes |= _served(attempts, end)
        cached = _kept_for_others(facts, attempts, end)
        if cached is not None:
            changes["cache_key"] = cached["request_id"]
        if facts.store_text and end.output_s3 is None:
            answer = answer_row(facts, end.said)
            changes["answer_bytes"] = item_bytes(answer)
    else:
        changes["cause"] = end.cause
    return Closing(
        request_id=facts.request_id,
        execution_arn=facts.execution_arn,
        request=changes,
        attempts=attempt_rows(facts, attempts, end.at),
        answer=answer,
        review=_decided(end) if end.review else {},
        cached=cached,
    )


def status_of(attempts: Sequence[Attempt], end: End) -> str:
    """Return the terminal status of a request."""
    if end.answered:
        return "TRUNCATED" if end.truncated else "SUCCEEDED"
    outcome = attempts[-1].outcome if attempts else ""
    return outcome if outcome in _STATUS_OF_OUTCOME else "FAILED"


def _served(attempts: Sequence[Attempt], end: End) -> dict[str, Any]:
    first, last = attempts[0], attempts[-1]
    served: dict[str, Any] = {"provider": last.provider, "model": last.model}
    if end.output_s3 is not None:
        served["output_s3"] = end.output_s3
    if end.altered:
        served["output_altered"] = True
    if _fell_back(attempts):
        served["fallback_cause"] = first.cause or first.outcome
    return served


def _fell_back(attempts: Sequence[Attempt]) -> bool:
    first, last = attempts[0], attempts[-1]
    return (first.provider, first.model) != (last.provider, last.model)


def _decided(end: End) -> dict[str, Any]:
    assert end.review
    return {
        "decision": end.review.decision,
        "reviewer": end.review.by,
        "decided_at": end.at,
        "note": end.review.note,
    }


def _kept_for_others(facts: RequestFacts, attempts: Sequence[Attempt], end: End) -> Row | None:
    """Return the item of the exact cache: only what went well, and as planned, is given again."""
    went_well = end.review is None and end.output_s3 is None and not end.truncated
    if facts.cache is None or not went_well or _fell_back(attempts):
        return None
    last, seconds = attempts[-1], int(facts.cache["ttl_seconds"])
    until = int(datetime.fromisoformat(end.at).timestamp()) + seconds
    [row] = attempt_rows(facts, [last], end.at)
    return {
        "request_id": facts.cache["key"],
        "item": "CONTENT",
        "schema": SCHEMA,
        "tenant": facts.tenant,
        "tier": facts.tier,
        "provider": last.provider,
        "model": last.model,
        **end.said.to_row(),
        "source": facts.request_id,
        "cached_at": end.at,
        "cache_until": until,
        "expires_at": until,
        **({"usage": row["usage"]} if "usage" in row else {}),
    }
