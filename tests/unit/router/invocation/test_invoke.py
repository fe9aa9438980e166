from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from router import errors
from router.invocation.call import Answer, ModelCall
from router.invocation.invoke import invoke
from tests.support.factories import AT, HAIKU

CALL = ModelCall(
    "bedrock", HAIKU, ({"role": "user", "content": "the launch code is 0042"},), None, 9
)


class Scripted:
    def __init__(self, does: Answer | Exception) -> None:
        self.does = does

    def complete(self, call: ModelCall) -> Answer:
        if isinstance(self.does, Exception):
            raise self.does
        return self.does


def run(does: Answer | Exception) -> dict[str, Any]:
    moments = iter([AT, AT + timedelta(milliseconds=812)])
    return invoke(CALL, Scripted(does), lambda: next(moments), 256)


def attempt_of(error: errors.CallError) -> dict[str, Any]:
    with pytest.raises(type(error)) as raised:
        run(error)
    attempt: dict[str, Any] = json.loads(str(raised.value))
    return attempt


def test_an_answer_comes_with_its_attempt_and_the_usage_untouched() -> None:
    usage = {"inputTokens": 3, "outputTokens": 1, "somethingNew": {"a": 1}}

    reply = run(Answer("Paris", truncated=False, usage=usage, response_model="m"))

    assert (reply["answer"], reply["status"]) == ("Paris", "SUCCEEDED")
    assert reply["attempt"] == {
        "provider": "bedrock",
        "model": HAIKU,
        "max_tokens": 9,
        "mode": "standard",
        "response_model": "m",
        "outcome": "OK",
        "served": True,
        "usage": usage,
        "latency_ms": 812,
        "lambda_ms": 812,
        "lambda_mb": 256,
        "started_at": "2026-11-21T10:00:00.000Z",
        "ended_at": "2026-11-21T10:00:00.812Z",
    }


def test_a_truncated_answer_says_so() -> None:
    reply = run(Answer("Par", truncated=True, usage=None, response_model=None))

    assert (reply["status"], reply["attempt"]["outcome"]) == ("TRUNCATED", "TRUNCATED")
    assert "usage" not in reply["attempt"]


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (errors.Throttled, "THROTTLED"),
        (errors.Overloaded, "OVERLOADED"),
        (errors.Unreachable, "UNREACHABLE"),
        (errors.AccessDenied, "REJECTED"),
        (errors.ContextTooLong, "REJECTED"),
        (errors.ModelTimeout, "UNKNOWN"),
        (errors.ModelError, "UNKNOWN"),
        (errors.Refused, "REFUSED"),
        (errors.Filtered, "FILTERED"),
        (errors.Blocked, "BLOCKED"),
        (errors.BadResponse, "BAD_RESPONSE"),
    ],
)
def test_every_failure_is_an_attempt_with_its_outcome(
    kind: type[errors.CallError], outcome: str
) -> None:
    attempt = attempt_of(kind("why"))

    assert (attempt["outcome"], attempt["cause"]) == (outcome, kind.__name__)
    assert attempt["served"] is False


def test_usage_survives_a_billed_call_without_an_answer() -> None:
    assert attempt_of(errors.Refused("no", usage={"inputTokens": 3}))["usage"] == {"inputTokens": 3}


def test_a_providers_message_that_quotes_the_prompt_is_left_out() -> None:
    attempt = attempt_of(errors.InvalidModelRequest("bad value 'the launch code is 0042'"))

    assert "launch" not in attempt["detail"]


def test_a_providers_own_message_is_kept_for_the_caller() -> None:
    assert attempt_of(errors.AccessDenied("no access to the model"))["detail"] == (
        "no access to the model"
    )
