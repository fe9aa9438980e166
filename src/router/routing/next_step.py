"""Decides what follows a call without an answer for its caller. Pure.

A wrong configuration or request is not tried on other models, and no fallback bypasses a guardrail.
An answer that does not fit its schema is repaired, twice at most. Otherwise the plan's next model
for this kind of failure is called, none twice; finally a human, if the request asks for review.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from router.invocation.attempt import Attempt
from router.routing.run_plan import RunPlan, Target

MOST_REPAIRS = 2
_NOT_STARTED = frozenset({"THROTTLED", "OVERLOADED", "UNREACHABLE"})
_WITHHELD_BY_MODEL = frozenset({"REFUSED", "FILTERED"})
_TIMEOUTS = frozenset({"ModelTimeout", "States.Timeout", "Sandbox.Timedout", "States.Http.Socket"})
# These failures apply to every model.
_FINAL = frozenset(
    {"AnswerNotRecorded", "BelowConfidence", "ReviewRejected", "ReviewTimedOut", "ReviewFailed"}
)


# A larger window, and another account's or model's quota.
_HELPED_BY_ANOTHER = frozenset({"ContextTooLong", "QuotaExhausted"})


@dataclass(frozen=True, slots=True)
class Call:
    """Ask this model."""

    target: Target


@dataclass(frozen=True, slots=True)
class AskHuman:
    """Let a reviewer decide about the draft of the last attempt."""


@dataclass(frozen=True, slots=True)
class Finish:
    """Give up: the last attempt's cause is that of the request."""


def next_step(plan: RunPlan, attempts: Sequence[Attempt]) -> Call | AskHuman | Finish:
    """Return what follows the last of ``attempts``, which did not answer the caller."""
    last = attempts[-1]
    if _is_final(last):
        return Finish()
    if last.cause == "ReviewRequired":
        return AskHuman()
    misfits = sum(attempt.outcome == "INVALID_ANSWER" for attempt in attempts)
    if last.outcome == "INVALID_ANSWER" and misfits <= MOST_REPAIRS:
        return Call(replace(plan.target_of(last), draft_s3=last.draft_s3))
    if (fallback := _fallback(plan, attempts)) is not None:
        return Call(fallback)
    if last.outcome == "INVALID_ANSWER" and plan.reviewed and last.draft_s3:
        return AskHuman()
    return Finish()


def _is_final(last: Attempt) -> bool:
    if last.outcome == "REJECTED":
        return last.cause not in _HELPED_BY_ANOTHER
    return last.outcome == "BLOCKED" or last.cause in _FINAL


def _fallback(plan: RunPlan, attempts: Sequence[Attempt]) -> Target | None:
    last, kind = attempts[-1], kind_of(attempts[-1])
    tried = {f"{attempt.provider}/{attempt.model}" for attempt in attempts}
    for target in plan.targets[1:]:
        large_enough = kind != "too_long" or last.model in target.larger_than
        if kind in target.when and target.name not in tried and large_enough:
            return target
    return None


def kind_of(attempt: Attempt) -> str:
    """Return the kind of a failure, as a fallback's ``when`` names it."""
    if attempt.cause == "ContextTooLong":
        return "too_long"
    if attempt.outcome in _NOT_STARTED or attempt.cause == "QuotaExhausted":
        return "throttled"
    if attempt.outcome in _WITHHELD_BY_MODEL:
        return "refused"
    if attempt.outcome == "INVALID_ANSWER":
        return "invalid"
    return "timeout" if attempt.cause in _TIMEOUTS else "error"
