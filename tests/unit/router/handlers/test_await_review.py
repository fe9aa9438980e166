"""await_review, and what follows when a reviewer has decided or nobody has."""

from __future__ import annotations

from typing import Any

import pytest

from router import errors
from router.errors import RequestClosed, StoreUnavailable
from router.review.bands import Review
from tests.fakes.dynamodb import timed_out
from tests.support.runs import DRAFT, REVIEW, attempt
from tests.unit.router.handlers.stage import (
    Stage,
    a_plan,
    failed,
)

ALWAYS = Review(None, 1, 0)


def waiting(stage: Stage, **review: Any) -> None:
    """Bring the run to its wait: the model has answered, and a reviewer is to see it."""
    stage.plan = a_plan(review={**REVIEW, **review})
    with pytest.raises(errors.ReviewRequired) as raised:
        stage.invoke(review=ALWAYS)
    assert stage.next(failed(raised.value))["step"] == "REVIEW"
    stage.wait()


def test_a_draft_waits_with_the_token_that_wakes_its_run(stage: Stage) -> None:
    waiting(stage)

    rows = stage.rows()
    assert rows["REQUEST"]["status"] == "PENDING_REVIEW"
    assert rows["REVIEW"]["task_token"] == "token-1"
    assert rows["REVIEW"]["queue"].startswith("REVIEW#")
    assert stage.bucket.kept == {rows["REVIEW"]["draft_s3"]: "Paris."}
    assert "Paris" not in str(rows["REVIEW"])


def test_a_repeated_wait_leaves_the_token_of_its_last_try(stage: Stage) -> None:
    waiting(stage)
    stage.wait(token="token-2")

    assert stage.rows()["REVIEW"]["task_token"] == "token-2"


def test_a_closed_request_is_put_on_no_list(stage: Stage) -> None:
    stage.plan = a_plan(review=REVIEW)
    stage.progress["attempts"] = [attempt("OK", "ReviewRequired", draft_s3=DRAFT).to_json()]
    stage.accept(status="FAILED")

    with pytest.raises(RequestClosed):
        stage.wait()

    assert "REVIEW" not in stage.rows()


def test_an_approved_draft_is_the_answer(stage: Stage) -> None:
    waiting(stage)
    stage.review = {"decision": "APPROVED", "by": "ann", "note": "fine"}

    step = stage.next()
    outcome = stage.record(answer=step["answer"])

    rows = stage.rows()
    assert step["step"] == "RECORD"
    assert (outcome["output"], outcome["review"]) == (
        "Paris.",
        {"decision": "APPROVED", "by": "ann"},
    )
    assert (rows["REQUEST"]["status"], rows["REQUEST"]["reviewer"]) == ("SUCCEEDED", "ann")
    assert rows["REQUEST"]["transitions"] == stage.entered == 10
    assert (rows["REVIEW"]["decision"], rows["REVIEW"]["note"]) == ("APPROVED", "fine")
    assert not {"task_token", "queue", "queued_at"} & rows["REVIEW"].keys()
    assert (rows["ATTEMPT#01"]["served"], "cause" in rows["ATTEMPT#01"]) == (1, False)
    assert rows["ANSWER"]["output"] == "Paris."
    assert len(stage.model.asked) == 1


def test_a_repeated_write_after_a_review_is_the_same_one(stage: Stage) -> None:
    waiting(stage)
    stage.review = {"decision": "EDITED", "by": "ann", "note": "", "output": "Rome."}
    answer = stage.next()["answer"]
    stage.after_the_next_write(timed_out())
    with pytest.raises(StoreUnavailable):
        stage.record(answer=answer)
    rows = stage.rows()

    assert stage.record(answer=answer)["output"] == "Rome."
    assert stage.rows() == rows


@pytest.mark.parametrize(
    ("told", "default", "cause"),
    [
        ({"decision": "REJECTED", "by": "ann", "note": "no"}, "approve", "ReviewRejected"),
        ({"error": "States.Timeout"}, "reject", "ReviewTimedOut"),
        ({"error": "States.HeartbeatTimeout"}, "reject", "ReviewTimedOut"),
        ({"error": "States.TaskFailed"}, "approve", "ReviewFailed"),
        # Whoever holds the token may answer it with any JSON: none of it approves.
        (None, "approve", "ReviewRejected"),
        ("APPROVED", "approve", "ReviewRejected"),
    ],
)
def test_a_draft_that_nobody_lets_pass_ends_the_run(
    stage: Stage, told: Any, default: str, cause: str
) -> None:
    waiting(stage, default=default)
    stage.review = told

    step = stage.next()

    rows = stage.rows()
    assert (step["step"], step["error"]["name"]) == ("FAIL", cause)
    assert (rows["REQUEST"]["status"], rows["REQUEST"]["cause"]) == ("FAILED", cause)
    assert rows["REQUEST"]["transitions"] == stage.entered == 11
    assert rows["REVIEW"]["decision"] == "REJECTED"
    assert (rows["ATTEMPT#01"]["served"], rows["ATTEMPT#01"]["draft_s3"]) == (
        0, rows["REVIEW"]["draft_s3"],
    )  # fmt: skip
    assert "ANSWER" not in rows


def test_nobody_in_time_approves_where_that_is_the_default(stage: Stage) -> None:
    waiting(stage, default="approve")
    stage.review = {"error": "States.Timeout"}

    outcome = stage.record(answer=stage.next()["answer"])

    assert outcome["review"] == {"decision": "APPROVED", "by": "time-out"}
    assert outcome["output"] == "Paris."


def test_a_decision_is_taken_at_the_time_of_its_state_so_that_a_repeat_is_the_same(
    stage: Stage,
) -> None:
    waiting(stage)
    stage.review = {"decision": "APPROVED", "by": "ann", "note": ""}
    answer = stage.next()["answer"]

    stage.record(answer=answer, at="2026-11-21T11:00:00.000Z")

    assert stage.rows()["REQUEST"]["ended_at"] == "2026-11-21T11:00:00.000Z"
