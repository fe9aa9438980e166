"""What a state that failed leaves of a call, and how a run ends."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from cost_calculator.rows import NOT_BILLED
from router.conversation.said import Said
from router.invocation.attempt import Attempt
from router.recording.record import Decision
from router.routing.next_step import AskHuman, Call, Finish
from router.routing.run_plan import Target
from router.runner.run import (
    Answered,
    Failure,
    error_of,
    failed_call,
    finish_answered,
    finish_failed,
    next_of,
    notice_of,
)
from tests.support.factories import HAIKU, SONNET
from tests.support.runs import (
    ARN,
    ASKED,
    ENDED,
    NOW,
    STARTED,
    attempt,
    failure_of,
    progress,
    run_plan,
)

PLAN = run_plan(Target("bedrock", SONNET, 4096, when=("throttled",)))
SPARE = Target("bedrock", SONNET, 4096, service_tier="flex")


def left_by(error: str, cause: Any = None, **of_state: Any) -> Attempt:
    failure = Failure.from_json(failure_of(error, cause, **of_state))
    return failed_call(PLAN, progress(), failure, NOW).attempts[-1]


def test_what_our_own_function_says_of_its_call_holds() -> None:
    said = attempt("UNKNOWN", "ModelTimeout", detail="no answer", lambda_ms=9, draft_s3=None)

    assert left_by("ModelTimeout", said, retries=2) == replace(said, retries=2)


@pytest.mark.parametrize(
    ("error", "cause", "outcome"),
    [
        # The function was not started; whatever else AWS says, the model may have been called.
        ("Lambda.TooManyRequestsException", "Lambda.TooManyRequestsException", "THROTTLED"),
        ("Lambda.ServiceException", "Lambda.ServiceException", "UNKNOWN"),
        ("Lambda.Unknown", "Lambda.Unknown", "UNKNOWN"),
        ("Runtime.ExitError", "Runtime.ExitError", "UNKNOWN"),
        ("Sandbox.Timedout", "Sandbox.Timedout", "UNKNOWN"),
        ("States.Timeout", "States.Timeout", "UNKNOWN"),
        ("States.DataLimitExceeded", "States.DataLimitExceeded", "UNKNOWN"),
        ("KeyError", "KeyError", "UNKNOWN"),
        # Of the HTTP Task.
        ("States.Http.Socket", "States.Http.Socket", "UNKNOWN"),
        ("States.Http.StatusCode.429", "Throttled", "THROTTLED"),
        ("States.Http.StatusCode.503", "Overloaded", "OVERLOADED"),
        ("States.Http.StatusCode.529", "Overloaded", "OVERLOADED"),
        ("States.Http.StatusCode.400", "InvalidModelRequest", "REJECTED"),
        ("States.Http.StatusCode.401", "AccessDenied", "REJECTED"),
        ("States.Http.StatusCode.404", "ModelNotFound", "REJECTED"),
        ("States.Http.StatusCode.408", "ModelTimeout", "UNKNOWN"),
        ("States.Http.StatusCode.500", "ModelError", "UNKNOWN"),
        ("Events.ConnectionResource.InternalError", "Unreachable", "UNREACHABLE"),
        ("Events.ConnectionResource.AccessDenied", "AccessDenied", "REJECTED"),
    ],
)
def test_else_the_name_of_the_error_says_what_may_be_on_the_bill(
    error: str, cause: str, outcome: str
) -> None:
    left = left_by(error, "the launch code is 0042", retries=1)

    assert (left.outcome, left.cause, left.retries) == (outcome, cause, 1)
    assert (left.served, left.usage) == (False, None)
    assert (left.provider, left.model, left.max_tokens) == ("bedrock", HAIKU, 2048)
    assert (left.started_at, left.ended_at) == (STARTED, NOW)
    assert "launch" not in str(left)


def test_an_error_that_is_not_known_is_never_taken_for_one_that_costs_nothing() -> None:
    for error in ("SomethingNew", "Lambda.SomethingNew", "Events.Something", "Unknown", ""):
        assert left_by(error).outcome not in NOT_BILLED


def test_a_failure_without_error_or_cause_is_still_one() -> None:
    data = {"output": {}, "state": "InvokeHaiku", "entered_at": STARTED, "retries": 0}
    nulls = {**data, "output": {"Error": None, "Cause": None}}

    for given in (data, nulls):
        failure = Failure.from_json(given)
        assert (failure.error, failure.cause) == ("Unknown", "")


def test_a_failed_step_leaves_the_model_that_it_asked_in_the_mode_it_was_asked_in() -> None:
    failure = Failure.from_json(failure_of("States.Timeout", state="InvokeModel"))
    before = progress(attempt("THROTTLED", "Throttled"), target=SPARE)

    first, last = failed_call(PLAN, before, failure, NOW).attempts

    assert first.model == HAIKU
    assert (last.model, last.mode, last.max_tokens) == (SONNET, "flex", 4096)


@pytest.mark.parametrize(
    ("state", "retries_of_state", "retries_of_attempt", "states", "retries"),
    [
        ("InvokeHaiku", 0, 0, 3, 0),  # itself, PlanNextStep, NextStep
        ("InvokeHaiku", 3, 0, 6, 3),
        ("InvokeOpenAI", 2, 0, 5, 2),
        # The HTTP Task ended well; RecordAnswer read its body. Its own tries are no wire calls.
        ("RecordAnswer", 0, 0, 4, 0),
        ("RecordAnswer", 2, 0, 4, 0),
        ("RecordAnswer", 1, 3, 7, 3),
    ],
)
def test_states_are_counted_as_they_were_entered_and_retried(
    state: str, retries_of_state: int, retries_of_attempt: int, states: int, retries: int
) -> None:
    said = attempt("REFUSED", "Refused", retries=retries_of_attempt)
    failure = Failure.from_json(failure_of("Refused", said, state=state, retries=retries_of_state))

    after = failed_call(PLAN, progress(entered=10), failure, NOW)

    assert after.entered == 10 + states
    assert after.attempts[-1].retries == retries


def test_what_follows_is_asked_of_all_attempts() -> None:
    throttled = attempt("THROTTLED", "Throttled")

    assert next_of(PLAN, progress(throttled)) == Call(PLAN.targets[1])
    assert next_of(PLAN, progress(throttled, replace(throttled, model=SONNET))) == Finish()
    assert next_of(PLAN, progress(attempt("OK", "ReviewRequired"))) == AskHuman()


def test_an_answered_run_gives_its_outcome_to_its_caller() -> None:
    before = attempt("THROTTLED", "Throttled", detail="HTTP 429")
    closing, outcome = finish_answered(
        PLAN, progress(before, ASKED, entered=4), Answered(Said("Paris.")), ARN, ENDED
    )

    assert outcome == {
        "request_id": "r-1",
        "status": "SUCCEEDED",
        "output": "Paris.",
        "complexity": "SIMPLE",
        "confidence": 0.9,
        "reasons": ["asks for one fact"],
        "model": HAIKU,
        "provider": "bedrock",
        "attempts": [before.to_json(), ASKED.to_json()],
    }
    assert (closing.request["transitions"], closing.request["ended_at"]) == (6, ENDED)
    assert closing.request["status"] == outcome["status"]


def test_a_large_answer_is_handed_on_by_its_address_and_a_review_is_told() -> None:
    decision = Decision("APPROVED", "ann", "fine")
    answer = Answered(output_s3="s3://b/a", truncated=True)

    _, outcome = finish_answered(PLAN, progress(ASKED), answer, ARN, NOW, decision)

    assert (outcome["status"], outcome["output_s3"]) == ("TRUNCATED", "s3://b/a")
    assert "output" not in outcome
    assert outcome["review"] == {"decision": "APPROVED", "by": "ann"}


def test_a_failed_run_ends_with_the_cause_of_its_last_call() -> None:
    run = progress(attempt("THROTTLED", "Throttled"), attempt("BLOCKED", "Blocked"), entered=6)

    closing = finish_failed(PLAN, run, ARN, NOW)

    assert (closing.request["status"], closing.request["cause"]) == ("BLOCKED", "Blocked")
    # Before, NotifyFailure and RequestFailed beside what it entered.
    assert closing.request["transitions"] == 2 + 6 + 2
    nameless = replace(attempt("UNKNOWN"), served=False)
    assert finish_failed(PLAN, progress(nameless), ARN, NOW).request["cause"] == "UNKNOWN"


def test_notice_and_error_tell_the_cause_and_no_text() -> None:
    run = progress(attempt("THROTTLED", "Throttled", detail="HTTP 429: rate_limit"))

    assert notice_of(PLAN, run) == {
        "request_id": "r-1", "tenant": "acme", "tier": "SIMPLE", "cause": "Throttled",
        "model": HAIKU, "attempts": 1,
    }  # fmt: skip
    error = error_of(PLAN, run)
    assert error["name"] == "Throttled"
    assert json.loads(error["cause"]) == {
        "request_id": "r-1", "model": HAIKU, "attempts": 1, "detail": "HTTP 429: rate_limit",
    }  # fmt: skip
    silent = error_of(PLAN, progress(attempt("THROTTLED", "Throttled")))
    assert json.loads(silent["cause"])["detail"] == "no detail"
