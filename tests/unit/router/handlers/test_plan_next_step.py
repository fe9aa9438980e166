"""plan_next_step: fallback, the end, and what a repeat of either is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from router import errors
from router.errors import StoreUnavailable
from tests.fakes.dynamodb import timed_out
from tests.support.runs import STARTED, attempt
from tests.unit.router.handlers.stage import (
    QUESTION,
    Stage,
    a_plan,
    failed,
    http,
    spare,
)
from tests.unit.router.handlers.test_record_answer import CHAT


def test_a_fallback_is_asked_the_same_question_in_its_own_words(stage: Stage) -> None:
    stage.plan = a_plan(spare(service_tier="standard_only"))
    stage.model.says = [errors.Throttled("HTTP 429")]
    with pytest.raises(errors.Throttled) as raised:
        stage.invoke(retries=3)

    step = stage.next(failed(raised.value, retries=3))
    stage.invoke()

    first, second = stage.model.asked
    assert step["step"] == "INVOKE"
    assert (second.provider, second.model, second.max_tokens) == ("anthropic", "claude-spare", 99)
    assert second.service_tier == "standard_only"
    assert second.conversation == first.conversation
    rows = stage.rows()
    assert rows["REQUEST"]["fallback_cause"] == "Throttled"
    assert rows["REQUEST"]["transitions"] == stage.entered == 9
    assert [rows[f"ATTEMPT#0{n}"]["served"] for n in (1, 2)] == [0, 1]


def test_a_run_that_nobody_could_answer_is_closed_before_anybody_is_told(stage: Stage) -> None:
    stage.model.says = [errors.AccessDenied("HTTP 403")]
    with pytest.raises(errors.AccessDenied) as raised:
        stage.invoke()

    step = stage.next(failed(raised.value), retries=2)

    row = stage.rows()["REQUEST"]
    assert (row["status"], row["cause"]) == ("FAILED", "AccessDenied")
    assert row["transitions"] == stage.entered == 9  # seven states, PlanNextStep tried three times
    assert step["step"] == "FAIL"
    assert step["error"]["name"] == step["notice"]["cause"] == "AccessDenied"
    assert QUESTION not in str(step)


def test_a_failure_whose_write_was_done_and_not_answered_is_the_same_failure(
    stage: Stage,
) -> None:
    failure = failed(errors.AccessDenied(json.dumps(attempt("REJECTED", "AccessDenied").to_json())))
    event = stage.progress
    stage.after_the_next_write(timed_out())
    with pytest.raises(StoreUnavailable):
        stage.next(failure)
    rows, stage.progress = stage.rows(), event

    assert stage.next(failure)["step"] == "FAIL"
    assert stage.rows() == rows


def test_attempts_of_an_earlier_run_stand_and_are_counted_on(stage: Stage) -> None:
    stage.plan = a_plan(earlier_attempts=2)

    stage.invoke()

    rows = stage.rows()
    assert "ATTEMPT#03" in rows
    assert rows["REQUEST"]["attempts"] == 3


@pytest.mark.parametrize("error", ["States.Timeout", "Lambda.Unknown", "Sandbox.Timedout"])
def test_a_function_that_died_after_it_had_recorded_the_end_leads_to_no_second_call(
    stage: Stage, error: str
) -> None:
    stage.plan = a_plan(spare())
    recorded = stage.invoke()

    step = stage.next(
        {
            "output": {"Error": error, "Cause": "the function was ended"},
            "state": "InvokeHaiku",
            "entered_at": recorded["attempts"][0]["started_at"],
            "retries": 0,
        }
    )

    assert step["step"] == "KNOWN"
    assert {name: step["outcome"][name] for name in ("status", "output", "model")} == {
        name: recorded[name] for name in ("status", "output", "model")
    }
    assert len(stage.model.asked) == 1


def test_a_function_that_died_before_it_recorded_anything_is_followed_by_the_next_model(
    stage: Stage,
) -> None:
    stage.plan = a_plan(spare())

    step = stage.next(
        {
            "output": {"Error": "Runtime.ExitError", "Cause": ""},
            "state": "InvokeHaiku",
            "entered_at": "2026-11-21T10:00:00.000Z",
            "retries": 0,
        }
    )

    assert step["step"] == "INVOKE"


def refused(body: Any, retries: int = 0) -> dict[str, Any]:
    """Return the variable `failure` after the HTTP Task got a 429 with this body."""
    failure = failed(errors.Throttled(), state="InvokeOpenAI", retries=retries)
    cause = json.dumps({"StatusCode": 429, "ResponseBody": {"error": body}})
    return failure | {"output": {"Error": "States.Http.StatusCode.429", "Cause": cause}}


def test_a_used_up_quota_is_not_asked_again_through_the_http_task(stage: Stage) -> None:
    stage.plan = a_plan(spare(), via="http")
    stage.entered += 1  # InvokeOpenAI

    step = stage.next(refused({"code": "insufficient_quota"}))
    stage.invoke()

    rows = stage.rows()
    first = rows["ATTEMPT#01"]
    assert step["step"] == "INVOKE"
    assert (first["outcome"], first["cause"], first["retries"]) == ("REJECTED", "QuotaExhausted", 0)
    assert rows["REQUEST"]["transitions"] == stage.entered


def test_a_rate_is_waited_for_and_every_call_of_it_is_one_attempt(stage: Stage) -> None:
    stage.plan = a_plan(spare(), via="http")
    waits = []
    for _ in range(2):
        stage.entered += 1
        step = stage.next(refused({"code": "rate_limit_exceeded"}))
        assert step["step"] == "AGAIN"
        waits.append(step["wait"])
        stage.entered += 1  # AskAgainLater
    stage.entered += 1

    stage.record(http=http(CHAT, retries=1))

    rows = stage.rows()
    first = rows["ATTEMPT#01"]
    assert (first["outcome"], first["retries"], first["started_at"]) == ("OK", 3, STARTED)
    assert rows["REQUEST"]["transitions"] == stage.entered + 1  # and the task's own retry
    assert 1 <= waits[0] <= 1
    assert 1 <= waits[1] <= 2


@pytest.mark.parametrize("retries", [[0, 0, 0, 0], [3], [0, 2], [1, 1]])
def test_a_call_is_on_the_wire_four_times_at_most(stage: Stage, retries: list[int]) -> None:
    stage.plan = a_plan(spare(), via="http")
    for of_task in retries:
        stage.entered += 1 + of_task
        step = stage.next(refused({"code": "rate_limit_exceeded"}, of_task))
        if step["step"] == "AGAIN":
            stage.entered += 1
    stage.invoke()

    rows = stage.rows()
    first = rows["ATTEMPT#01"]
    assert step["step"] == "INVOKE"
    assert (first["outcome"], first["cause"], first["retries"]) == ("THROTTLED", "Throttled", 3)
    assert rows["REQUEST"]["transitions"] == stage.entered


def test_a_body_without_an_answer_after_a_wait_is_counted_once(stage: Stage) -> None:
    stage.plan = a_plan(spare(), via="http")
    stage.entered += 1
    stage.next(refused({"code": "rate_limit_exceeded"}))
    stage.entered += 2  # AskAgainLater, InvokeOpenAI
    with pytest.raises(errors.BadResponse) as raised:
        stage.record(http=http({"choices": []}))

    stage.next(failed(raised.value, state="RecordAnswer"))
    stage.invoke()

    rows = stage.rows()
    assert rows["ATTEMPT#01"]["retries"] == 1
    assert rows["REQUEST"]["transitions"] == stage.entered
