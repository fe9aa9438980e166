"""Applies a reviewer's decision, or its absence, to a waiting run. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from cost_calculator.clock import iso
from cost_calculator.rows import SCHEMA, Row, shard_of
from router.conversation.said import Said
from router.encoding import mapping_of
from router.recording.record import Decision
from router.review.decisions import REVIEW
from router.routing.run_plan import Progress, RunPlan
from router.runner.run import PLANNING, REVIEWING, Answered

_APPROVED = "APPROVED"
_EDITED = "EDITED"
# The whole time is over, or the time without a look.
_NOBODY_CAME = ("States.Timeout", "States.HeartbeatTimeout")
_REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The decision, the run's progress with it, and its answer; without one the run has failed."""

    decision: Decision
    progress: Progress
    answer: Answered | None


def default_decision(plan: RunPlan, progress: Progress) -> str:
    """Return the decision if nobody decides in time: ``approve`` or ``reject``.

    An answer that does not fit its schema is never approved by default.
    """
    misfit = progress.attempts[-1].outcome == "INVALID_ANSWER"
    return "reject" if misfit else str(plan.record["review"]["default"])


def review_row(plan: RunPlan, progress: Progress, execution_arn: str, token: str, at: str) -> Row:
    """Return the REVIEW row of the last attempt's draft; ``token`` wakes the run that waits."""
    last, settings = progress.attempts[-1], plan.record["review"]
    until = datetime.fromisoformat(at) + timedelta(seconds=int(settings["timeout_seconds"]))
    return {
        "request_id": plan.key,
        "item": REVIEW,
        "schema": SCHEMA,
        "tenant": plan.tenant,
        "tier": plan.tier,
        "queue": f"{REVIEW}#{shard_of(plan.key)}",
        "queued_at": at,
        "decide_before": iso(until),
        "by_default": default_decision(plan, progress),
        "cause": last.cause or last.outcome,
        "reason": last.detail or "no detail",
        "provider": last.provider,
        "model": last.model,
        "draft_s3": last.draft_s3 or "",
        "execution_arn": execution_arn,
        "task_token": token,
    }


def reviewed(plan: RunPlan, progress: Progress, given: Any) -> Reviewed:
    """Return the result of a review, from the output of AwaitReview.

    ``given`` is a reviewer's decision, or ``{"error"}`` if the wait itself ended. Anyone with the
    token may send anything: an invalid decision rejects the draft.
    """
    fields = mapping_of(given)
    progress = progress.after(REVIEWING + PLANNING)
    if "error" in fields:
        return _undecided(plan, progress, str(fields["error"]))
    decision = Decision(
        str(fields.get("decision") or _REJECTED),
        str(fields.get("by") or "nobody known"),
        str(fields.get("note") or ""),
    )
    last = progress.attempts[-1]
    approved = decision.decision == _APPROVED and last.outcome != "INVALID_ANSWER"
    if decision.decision == _EDITED and isinstance(fields.get("output"), str):
        return _answered(progress, decision, Answered(Said(fields["output"])))
    if approved:
        return _answered(progress, decision, _draft(progress, fields.get("output")))
    return _failed(progress, decision, "ReviewRejected")


def _undecided(plan: RunPlan, progress: Progress, error: str) -> Reviewed:
    if error not in _NOBODY_CAME:
        return _failed(progress, Decision(_REJECTED, "error"), "ReviewFailed")
    if default_decision(plan, progress) == "approve":
        return _answered(progress, Decision(_APPROVED, "time-out"), _draft(progress, None))
    return _failed(progress, Decision(_REJECTED, "time-out"), "ReviewTimedOut")


def _draft(progress: Progress, text: Any) -> Answered:
    last = progress.attempts[-1]
    truncated = last.outcome == "TRUNCATED"
    if isinstance(text, str):
        return Answered(Said(text), truncated=truncated, altered=last.altered)
    return Answered(output_s3=last.draft_s3, truncated=truncated, altered=last.altered)


def _answered(progress: Progress, decision: Decision, answer: Answered) -> Reviewed:
    *others, last = progress.attempts
    served = replace(last, served=True, cause=None)
    return Reviewed(decision, progress.with_attempts((*others, served)), answer)


def _failed(progress: Progress, decision: Decision, cause: str) -> Reviewed:
    *others, last = progress.attempts
    detail = f"{decision.decision} by {decision.by}"
    failed = replace(last, served=False, cause=cause, detail=detail)
    return Reviewed(decision, progress.with_attempts((*others, failed)), None)
