"""invoke_model: the call and the rows of the run that it answers, in one invocation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from router import errors
from router.encoding import STATE_BYTES
from router.handlers import invoke_model
from router.invocation.call import Answer
from tests.support.runs import USAGE
from tests.unit.router.handlers.stage import (
    Stage,
    a_plan,
)

CHAT = {
    "model": "gpt-6-luna-2026",
    "choices": [{"message": {"content": "Paris."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1},
    "service_tier": "default",
}
LARGE = "x" * STATE_BYTES


def written(error: BaseException) -> dict[str, Any]:
    """Return the attempt that an error carries as its message."""
    found: dict[str, Any] = json.loads(str(error))
    return found


def test_a_call_that_answers_closes_its_request(stage: Stage) -> None:
    outcome = stage.invoke(retries=2)

    rows = stage.rows()
    assert (outcome["status"], outcome["output"]) == ("SUCCEEDED", "Paris.")
    assert rows["REQUEST"]["status"] == "SUCCEEDED"
    assert rows["REQUEST"]["transitions"] == stage.entered == 5  # three states, two retries
    assert rows["ANSWER"]["output"] == "Paris."
    assert (rows["ATTEMPT#01"]["retries"], rows["ATTEMPT#01"]["served"]) == (2, 1)
    assert json.loads(rows["ATTEMPT#01"]["usage"]) == USAGE
    assert rows["ATTEMPT#01"]["lambda_mb"] == 256
    assert len(stage.model.asked) == stage.writes == 1


def test_a_trial_call_without_a_run_is_made_and_writes_nothing(stage: Stage) -> None:
    told = invoke_model.handler({"call": stage.call(), "plan": None}, None)

    assert told["attempt"]["usage"] == USAGE
    assert (len(stage.model.asked), stage.writes) == (1, 0)


def test_a_large_answer_travels_and_is_recorded_by_its_address(stage: Stage) -> None:
    stage.model.says = [Answer(LARGE, False, USAGE, None)]

    outcome = stage.invoke()

    assert stage.bucket.kept == {outcome["output_s3"]: LARGE}
    assert "output" not in outcome
    assert stage.rows()["REQUEST"]["output_s3"] == outcome["output_s3"]
    assert "ANSWER" not in stage.rows()


def test_a_large_answer_that_s3_does_not_take_is_on_the_bill(stage: Stage) -> None:
    stage.model.says, stage.bucket.down = [Answer(LARGE, False, USAGE, None)], True

    with pytest.raises(errors.AnswerNotStored) as raised:
        stage.invoke()

    assert (written(raised.value)["usage"], written(raised.value)["served"]) == (USAGE, False)


def test_a_text_that_no_store_takes_is_marked_as_altered(stage: Stage) -> None:
    stage.model.says = [Answer("Par\0is\ud800", False, USAGE, None)]

    assert stage.invoke()["output"] == "Paris\ufffd"
    assert stage.rows()["REQUEST"]["output_altered"] is True


@pytest.mark.parametrize(
    "error",
    [errors.Throttled("HTTP 429"), errors.ModelTimeout(), errors.Refused("no", usage=USAGE)],
    ids=lambda error: type(error).__name__,
)
def test_a_call_without_an_answer_says_so_by_its_own_name_and_writes_nothing(
    stage: Stage, error: errors.CallError
) -> None:
    stage.model.says = [error]

    with pytest.raises(type(error)) as raised:
        stage.invoke()

    assert written(raised.value)["outcome"] == error.outcome
    assert stage.writes == 0
    assert stage.rows()["REQUEST"]["status"] == "ACCEPTED"


def test_a_provider_that_is_none_is_recorded_like_any_failure(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from router.handlers import invoke_model
    from router.providers import provider

    monkeypatch.setattr(invoke_model, "provider", provider)
    stage.plan = a_plan()
    call = stage.call()
    monkeypatch.setattr(stage, "call", lambda **_: {**call, "provider": "acme"})

    with pytest.raises(errors.InvalidModelRequest) as raised:
        stage.invoke()

    assert written(raised.value)["cause"] == "InvalidModelRequest"
