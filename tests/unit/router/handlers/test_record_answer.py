"""record_answer: what the HTTP Task got, read by OpenAI's own reader."""

from __future__ import annotations

from typing import Any

import pytest

from router import errors
from router.encoding import STATE_BYTES
from tests.support.factories import asking
from tests.unit.router.handlers.stage import (
    QUESTION,
    Stage,
    a_plan,
    failed,
    http,
    spare,
)

CHAT = {
    "model": "gpt-6-luna-2026",
    "choices": [{"message": {"content": "Paris."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1},
    "service_tier": "default",
}
LARGE = "x" * STATE_BYTES


def through_http(stage: Stage, **record: Any) -> None:
    stage.plan = a_plan(spare(), via="http", **record)
    stage.entered += 1  # InvokeOpenAI


def test_what_the_http_task_got_closes_the_request_in_four_states(stage: Stage) -> None:
    through_http(stage)

    outcome = stage.record(http=http(CHAT))

    rows = stage.rows()
    assert (outcome["output"], outcome["model"]) == ("Paris.", "gpt-6-luna")
    assert rows["REQUEST"]["transitions"] == stage.entered == 4
    row = rows["ATTEMPT#01"]
    assert (row["response_model"], row["mode"], row["latency_ms"]) == (
        "gpt-6-luna-2026", "standard", 2000,
    )  # fmt: skip
    assert not {"lambda_ms", "lambda_mb"} & row.keys()  # no Lambda waited for the model


def test_retries_of_the_http_task_are_counted(stage: Stage) -> None:
    through_http(stage)
    stage.entered += 3

    stage.record(http=http(CHAT, retries=3))

    assert stage.rows()["ATTEMPT#01"]["retries"] == 3
    assert stage.rows()["REQUEST"]["transitions"] == stage.entered == 7


def test_a_write_that_was_repeated_is_counted_with_its_retries(stage: Stage) -> None:
    through_http(stage)

    stage.record(http=http(CHAT), retries=2)

    assert stage.rows()["REQUEST"]["transitions"] == stage.entered == 6


def test_a_body_of_the_http_task_loses_what_no_store_takes(stage: Stage) -> None:
    through_http(stage)
    choice = {"message": {"content": "Par\0is\ud800"}, "finish_reason": "stop"}

    assert stage.record(http=http(CHAT | {"choices": [choice]}))["output"] == "Paris\ufffd"
    assert stage.rows()["REQUEST"]["output_altered"] is True


def test_a_large_body_of_the_http_task_goes_to_s3(stage: Stage) -> None:
    through_http(stage)
    choice = {"message": {"content": LARGE}, "finish_reason": "stop"}

    outcome = stage.record(http=http(CHAT | {"choices": [choice]}))

    assert stage.bucket.kept == {outcome["output_s3"]: LARGE}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (CHAT | {"choices": []}, errors.BadResponse),
        (CHAT | {"choices": [{"finish_reason": "content_filter"}]}, errors.Filtered),
        (CHAT | {"choices": [{"message": {"refusal": "no"}}]}, errors.Refused),
        (CHAT | {"choices": [{"finish_reason": {"stop": 1}}]}, errors.BadResponse),
        ("<html>", errors.BadResponse),
        (None, errors.BadResponse),
    ],
)
def test_a_body_without_an_answer_is_paid_for_and_another_model_is_asked(
    stage: Stage, body: Any, error: type[errors.CallError]
) -> None:
    through_http(stage)

    with pytest.raises(error) as raised:
        stage.record(http=http(body, retries=1))
    stage.entered += 1
    step = stage.next(failed(raised.value, state="RecordAnswer", retries=2))
    assert (step["step"], step["progress"]["target"]["model"]) == ("INVOKE", "claude-spare")
    stage.invoke()

    rows = stage.rows()
    first = rows["ATTEMPT#01"]
    assert (first["outcome"], first["retries"], first["model"]) == (error.outcome, 1, "gpt-6-luna")
    assert ("usage" in first) is isinstance(body, dict)
    assert (rows["REQUEST"]["model"], rows["REQUEST"]["attempts"]) == ("claude-spare", 2)
    assert rows["REQUEST"]["fallback_cause"] == error.__name__
    assert rows["REQUEST"]["transitions"] == stage.entered == 8
    # The body that the HTTP Task sent holds the question: the other model gets it from there.
    assert stage.model.asked[0].conversation == asking(QUESTION)


def test_a_status_of_the_http_task_goes_through_the_same_table(stage: Stage) -> None:
    through_http(stage)
    failure = failed(errors.ModelError(), state="InvokeOpenAI")
    failure["output"] = {"Error": "States.Http.StatusCode.402", "Cause": QUESTION}

    step = stage.next(failure)

    assert (step["step"], step["error"]["name"]) == ("FAIL", "AccessDenied")
    rows = stage.rows()
    assert (rows["ATTEMPT#01"]["outcome"], rows["REQUEST"]["cause"]) == ("REJECTED", "AccessDenied")
    assert QUESTION not in str(step)
