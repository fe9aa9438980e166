"""What a reviewer's decision, or the want of one, makes of a run that waits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from router.conversation.said import Said
from router.invocation.attempt import Attempt
from router.recording.record import Decision
from router.review.decisions import approval, edition, rejection
from router.runner.review import default_decision, review_row, reviewed
from router.runner.run import Answered
from tests.support.factories import HAIKU
from tests.support.runs import ARN, DRAFT, KEY, NOW, REVIEW, attempt, progress, run_plan
from tests.support.strategies import JSON, shaped

APPROVING = {**REVIEW, "default": "approve"}
GOOD = attempt("OK", "ReviewRequired", draft_s3=DRAFT, detail="confidence 0.5")
CUT = attempt("TRUNCATED", "ReviewRequired", draft_s3=DRAFT)
MISFIT = attempt("INVALID_ANSWER", "InvalidAnswer", draft_s3=DRAFT)
TIME_OUT = {"error": "States.Timeout"}
WAITING = {"item": "REVIEW", "task_token": "t", "cause": "ReviewRequired"}


def decide(last: Attempt, told: Any, review: Any = REVIEW) -> tuple[Any, ...]:
    """Return decision, by whom, the answer, and the attempt's cause and whether it was served."""
    found = reviewed(run_plan(review=review), progress(last), told)
    ended = found.progress.attempts[-1]
    return found.decision.decision, found.decision.by, found.answer, ended.cause, ended.served


@pytest.mark.parametrize(
    ("last", "told", "review", "ends"),
    [
        # A reviewer approves: the text as the command read it, or where the draft is.
        (GOOD, approval(WAITING, "Paris", "ann", "fine"), REVIEW,
         ("APPROVED", "ann", Answered(Said("Paris")), None, True)),
        (GOOD, {"decision": "APPROVED", "by": "ann"}, REVIEW,
         ("APPROVED", "ann", Answered(output_s3=DRAFT), None, True)),
        (CUT, approval(WAITING, "Par", "ann", ""), REVIEW,
         ("APPROVED", "ann", Answered(Said("Par"), truncated=True), None, True)),
        # Edits: what is written is whole.
        (GOOD, edition(WAITING, "Rome", "ann", ""), REVIEW,
         ("EDITED", "ann", Answered(Said("Rome")), None, True)),
        (CUT, edition(WAITING, "Rome", "ann", ""), REVIEW,
         ("EDITED", "ann", Answered(Said("Rome")), None, True)),
        (MISFIT, edition(WAITING, "{}", "ann", ""), REVIEW,
         ("EDITED", "ann", Answered(Said("{}")), None, True)),
        # Rejects.
        (GOOD, rejection(WAITING, "ann", "wrong"), APPROVING,
         ("REJECTED", "ann", None, "ReviewRejected", False)),
        # Nobody decides: the default does, and is never for what does not fit.
        (GOOD, TIME_OUT, APPROVING,
         ("APPROVED", "time-out", Answered(output_s3=DRAFT), None, True)),
        (CUT, TIME_OUT, APPROVING,
         ("APPROVED", "time-out", Answered(output_s3=DRAFT, truncated=True), None, True)),
        (GOOD, TIME_OUT, REVIEW, ("REJECTED", "time-out", None, "ReviewTimedOut", False)),
        (MISFIT, TIME_OUT, APPROVING, ("REJECTED", "time-out", None, "ReviewTimedOut", False)),
        (MISFIT, TIME_OUT, REVIEW, ("REJECTED", "time-out", None, "ReviewTimedOut", False)),
        # The wait itself fails: nobody has seen the draft.
        (GOOD, {"error": "RequestClosed"}, APPROVING,
         ("REJECTED", "error", None, "ReviewFailed", False)),
        (GOOD, {"error": "States.TaskFailed"}, APPROVING,
         ("REJECTED", "error", None, "ReviewFailed", False)),
    ],
)  # fmt: skip
def test_a_decision_makes_this_of_the_run(
    last: Attempt, told: Any, review: Any, ends: tuple[Any, ...]
) -> None:
    assert decide(last, told, review) == ends


def test_what_does_not_fit_its_schema_is_never_approved_by_anybody() -> None:
    told = {"decision": "APPROVED", "by": "ann", "output": "not JSON"}

    assert decide(MISFIT, told)[2:] == (None, "ReviewRejected", False)


@pytest.mark.parametrize(
    "told",
    [None, {}, [], "APPROVED", 7, {"decision": "approved"}, {"decision": "EDITED"},
     {"decision": "EDITED", "output": 7}, {"decision": ["APPROVED"]}, {"by": "ann"}],
    ids=str,
)  # fmt: skip
def test_what_is_no_decision_rejects_the_draft(told: Any) -> None:
    assert decide(GOOD, told, APPROVING)[2:] == (None, "ReviewRejected", False)


@given(JSON | shaped({"decision": "EDITED", "by": "ann", "note": "", "output": "Rome"}))
def test_whoever_has_the_token_may_send_anything(told: Any) -> None:
    found = reviewed(run_plan(review=REVIEW), progress(GOOD), told)

    assert found.answer is None or isinstance(found.answer.said.text, str)
    assert all(isinstance(it, str) for it in (found.decision.by, found.decision.note))


def test_a_reviewers_note_is_kept() -> None:
    found = reviewed(
        run_plan(review=REVIEW), progress(GOOD), rejection(WAITING, "ann", "wrong city")
    )

    assert found.decision == Decision("REJECTED", "ann", "wrong city")


def test_earlier_attempts_stay_as_they_were_and_the_states_are_counted() -> None:
    first = attempt("THROTTLED", "Throttled")

    found = reviewed(run_plan(review=REVIEW), progress(first, GOOD, entered=6), TIME_OUT)

    assert found.progress.attempts[0] == first
    # NotifyReviewers, AwaitReview, PlanNextStep, NextStep
    assert found.progress.entered == 6 + 4


@pytest.mark.parametrize(
    ("last", "review", "default"),
    [
        (GOOD, APPROVING, "approve"),
        (GOOD, REVIEW, "reject"),
        (MISFIT, APPROVING, "reject"),
        (MISFIT, REVIEW, "reject"),
    ],
)
def test_the_row_says_what_the_time_out_will_decide(
    last: Attempt, review: Any, default: str
) -> None:
    plan, run = run_plan(review=review), progress(last)

    row = review_row(plan, run, ARN, "token-1", NOW)
    decided = reviewed(plan, run, TIME_OUT).decision.decision

    assert row["by_default"] == default_decision(plan, run) == default
    assert decided == {"approve": "APPROVED", "reject": "REJECTED"}[default]


def test_the_row_of_a_draft_has_what_a_reviewer_needs_and_not_the_text() -> None:
    row = review_row(run_plan(review=REVIEW), progress(GOOD), ARN, "token-1", NOW)

    assert row | {"queue": ""} == {
        "request_id": KEY,
        "item": "REVIEW",
        "schema": 1,
        "tenant": "acme",
        "tier": "SIMPLE",
        "queue": "",
        "queued_at": NOW,
        "decide_before": "2026-11-21T11:00:02.000Z",
        "by_default": "reject",
        "cause": "ReviewRequired",
        "reason": "confidence 0.5",
        "provider": "bedrock",
        "model": HAIKU,
        "draft_s3": DRAFT,
        "execution_arn": ARN,
        "task_token": "token-1",
    }
    assert row["queue"].startswith("REVIEW#")
