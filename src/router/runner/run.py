"""The steps of a run, for every way to carry one: what a call leaves, and what follows it. Pure.

A runner makes the calls and the writes; every decision and every row comes from here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from router import errors
from router.conversation.said import NOTHING, Said
from router.executions.names import is_direct
from router.invocation.attempt import UNKNOWN, Attempt, attempt_in_error
from router.invocation.call import Answer
from router.providers.http_task import error_of_task
from router.recording.facts import RequestFacts
from router.recording.record import Closing, Decision, End, record, status_of
from router.routing.next_step import AskHuman, Call, Finish, next_step
from router.routing.run_plan import Progress, RunPlan, Target

# States that a run enters around its calls.
BEFORE = 2  # AnalyzeComplexity, RouteByComplexity
PLANNING = 2  # PlanNextStep, NextStep
WAITING = 1  # AskAgainLater
REVIEWING = 2  # NotifyReviewers, AwaitReview
FAILING = 2  # NotifyFailure, RequestFailed

# Seconds before a call that cannot have been billed is sent again, at most: as InvokeModel retries.
BEFORE_A_CALL = (1, 2, 4)

# A Lambda's failure that our own code cannot report: the function was not started.
_NEVER_STARTED = "Lambda.TooManyRequestsException"


@dataclass(frozen=True, slots=True)
class Failure:
    """A state that failed: its name, its error as AWS reports it, and its time and retries."""

    state: str
    error: str
    cause: str
    entered_at: str
    retries: int

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Failure:
        """Parse the variable ``failure``: ``$states.errorOutput`` and the state's context."""
        output = data["output"]
        return cls(
            state=str(data["state"]),
            error=str(output.get("Error") or "Unknown"),
            cause=str(output.get("Cause") or ""),
            entered_at=str(data["entered_at"]),
            retries=int(data["retries"]),
        )


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer to record: what was said, or its ``s3://`` address."""

    said: Said = NOTHING
    output_s3: str | None = None
    truncated: bool = False
    altered: bool = False

    @classmethod
    def by(cls, answer: Answer) -> Answered:
        """Return a model's answer, without what its attempt keeps of it."""
        return cls(answer.said, answer.output_s3, answer.truncated, answer.altered)


def facts_of(plan: RunPlan, execution_arn: str) -> RequestFacts:
    """Return what the rows of a run repeat."""
    return RequestFacts.from_record(plan.key, plan.tenant, plan.tier, plan.record, execution_arn)


def finish_answered(
    plan: RunPlan,
    progress: Progress,
    answer: Answered,
    execution_arn: str,
    at: str,
    review: Decision | None = None,
) -> tuple[Closing, dict[str, Any]]:
    """Return the transaction that closes an answered run, and its outcome for the caller.

    The last attempt is the one that answered.
    """
    end = End(
        at,
        _transitions(progress, execution_arn),
        said=answer.said,
        output_s3=answer.output_s3,
        truncated=answer.truncated,
        altered=answer.altered,
        review=review,
    )
    closing = record(facts_of(plan, execution_arn), progress.attempts, end)
    return closing, outcome_of(plan, progress, end)


def outcome_of(plan: RunPlan, progress: Progress, end: End) -> dict[str, Any]:
    """Return the outcome of an answered run, as its caller reads it."""
    last = progress.attempts[-1]
    said = {"output": end.said.text, **end.said.beside_text}
    where = said if end.output_s3 is None else {"output_s3": end.output_s3}
    review = end.review
    decided = {"review": {"decision": review.decision, "by": review.by}} if review else {}
    return {
        "request_id": plan.request_id,
        "status": status_of(progress.attempts, end),
        **where,
        **decided,
        **plan.shown,
        "model": last.model,
        "provider": last.provider,
        "attempts": [attempt.to_json() for attempt in progress.attempts],
    }


def finish_failed(
    plan: RunPlan,
    progress: Progress,
    execution_arn: str,
    at: str,
    review: Decision | None = None,
) -> Closing:
    """Return the transaction that closes a run which nobody could answer."""
    last = progress.attempts[-1]
    end = End(
        at,
        _transitions(progress, execution_arn, FAILING),
        cause=last.cause or last.outcome,
        review=review,
    )
    return record(facts_of(plan, execution_arn), progress.attempts, end)


def _transitions(progress: Progress, execution_arn: str, after: int = 0) -> int:
    return 0 if is_direct(execution_arn) else BEFORE + progress.entered + after


def call_to_send_again(progress: Progress, failure: Failure) -> Progress | None:
    """Return the progress after a refusal of the HTTP Task's call which a moment's wait may help.

    OpenAI uses one status for a rate and for a quota that is used up; only its body tells which.
    The workflow's own Retry does not see the body, so that it leaves 429 to this.
    """
    refusal = error_of_task(failure.error, failure.cause)
    sent = progress.sent + 1 + failure.retries
    if not isinstance(refusal, errors.Throttled) or sent > len(BEFORE_A_CALL):
        return None
    entered = 1 + failure.retries + PLANNING + WAITING
    since = progress.since or failure.entered_at
    return replace(progress.after(entered), sent=sent, since=since)


def failed_call(plan: RunPlan, progress: Progress, failure: Failure, at: str) -> Progress:
    """Return the progress with the attempt that a failed state leaves.

    If our own code reported it, that counts; otherwise the error's name decides what may be on the
    bill.
    """
    failure = replace(failure, entered_at=progress.since or failure.entered_at)
    attempt = attempt_of_failure(failure, progress.target or plan.targets[0], at)
    is_read = failure.state == "RecordAnswer"  # its attempt counts what was sent before as well
    retries = attempt.retries if is_read else progress.sent + failure.retries
    entered = 1 + (retries - progress.sent) + is_read + PLANNING
    attempts = (*progress.attempts, replace(attempt, retries=retries))
    return progress.with_attempts(attempts).after(entered)


def next_of(plan: RunPlan, progress: Progress) -> Call | AskHuman | Finish:
    """Return what follows the last attempt."""
    return next_step(plan, progress.attempts)


def notice_of(plan: RunPlan, progress: Progress) -> dict[str, Any]:
    """Return the notice about the last attempt, without text."""
    last = progress.attempts[-1]
    return {
        "request_id": plan.request_id,
        "tenant": plan.tenant,
        "tier": plan.tier,
        "cause": last.cause or last.outcome,
        "model": last.model,
        "attempts": len(progress.attempts),
    }


def error_of(plan: RunPlan, progress: Progress) -> dict[str, str]:
    """Return the error with which a failed run ends: a name to act on, and its cause."""
    last = progress.attempts[-1]
    cause = {
        "request_id": plan.request_id,
        "model": last.model,
        "attempts": len(progress.attempts),
        "detail": last.detail or "no detail",
    }
    return {"name": last.cause or last.outcome, "cause": json.dumps(cause)}


def attempt_of_failure(failure: Failure, target: Target, at: str) -> Attempt:
    """Return the attempt that a failed state leaves: without its retries, and served to nobody."""
    base = Attempt(
        provider=target.provider,
        model=target.model,
        outcome="THROTTLED" if failure.error == _NEVER_STARTED else UNKNOWN,
        started_at=failure.entered_at,
        ended_at=at,
        max_tokens=target.max_tokens,
        mode=target.mode,
        cause=failure.error,
    )
    if (attempt := attempt_in_error(failure.cause, base)) is not None:
        return attempt
    if (known := error_of_task(failure.error, failure.cause)) is not None:
        return replace(
            base,
            outcome=known.outcome,
            cause=type(known).__name__,
            detail=known.detail or None,
            usage=known.usage,
        )
    return base
