"""Text that is too large, or that some part might take for more than text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local import client
from local.deployment import Deployment
from tests.local_cloud.cloud_control import Emulator, fresh, states_entered
from tests.local_cloud.fault_table import Tell
from tests.local_cloud.simulator import Simulator


def content(deployment: Deployment, request_id: str) -> dict[str, str]:
    asked, answered = (
        deployment.client("dynamodb").get_item(
            TableName=deployment.usage_table,
            Key={"request_id": {"S": request_id}, "item": {"S": item}},
        )["Item"]
        for item in ("CONTENT", "ANSWER")
    )
    prompt = json.loads(asked["input"]["S"])["messages"][0]["content"]
    return {"input": prompt, "output": answered["output"]["S"]}


def test_an_input_over_the_limit_is_refused_with_the_limit_and_never_accepted(
    deployment: Deployment, simulator: Simulator, tell: Tell
) -> None:
    told = tell("input-too-large", "230,000 bytes of text", "AnalyzeComplexity > RequestRejected")
    prompt = "x" * 230_000
    [arn] = client.start(deployment, [{"input": prompt}])

    run = client.wait_for_execution(deployment, arn, 60)

    assert (run["status"], run["error"]) == ("FAILED", "InvalidRequest")
    assert "212992" in run["cause"]
    traced = client.trace(deployment, run["name"])
    told.found(traced)
    assert traced.request == {}
    assert simulator.calls_with(prompt) == []


@pytest.mark.parametrize(
    ("prompt", "kept"),
    [
        ("a NUL \0 in the middle", "a NUL  in the middle"),
        ("a lone \ud800 surrogate", "a lone \ufffd surrogate"),
    ],
    ids=["nul", "lone-surrogate"],
)
def test_text_that_no_provider_takes_is_altered_and_marked(
    deployment: Deployment, simulator: Simulator, prompt: str, kept: str, tell: Tell
) -> None:
    told = tell("unsendable-text", "NUL; a lone surrogate", "InvokeHaiku")
    aws = deployment.client("stepfunctions")
    run = aws.start_execution(
        stateMachineArn=deployment.state_machine_arn,
        input=json.dumps({"input": prompt, "tier": "SIMPLE"}),
    )
    name = client.wait_for_execution(deployment, run["executionArn"], 60)["name"]

    [traced] = client.wait_until_settled(deployment, [name], 60)
    told.found(traced)
    assert traced.request["status"] == "SUCCEEDED"
    assert traced.request["text_altered"] is True
    assert content(deployment, name)["input"] == kept
    assert len(simulator.calls_with(kept)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "{% $states.input %} {{ jinja }} ${var} $x %s {0}",
        '"quoted" \\ back\\slash \n line \u2028 separator',
        "```json\n{\"a\": 1}\n``` 👩‍👩‍👧 \u202ertl\u202c e\u0301",
        "w" * 8_000,
    ],
    ids=["templates", "quotes", "markdown-and-emoji", "one-huge-word"],
)  # fmt: skip
def test_text_comes_back_as_it_went_in_prompt_and_answer_alike(
    deployment: Deployment, simulator: Simulator, text: str, tell: Tell
) -> None:
    told = tell("text-as-code", "templates, quotes, fences, emoji, one huge word", "round trip")
    simulator.script({"match": {"contains": text}, "count": None, "text": text})
    [arn] = client.start(deployment, [{"input": text, "tier": "SIMPLE"}])
    run = client.wait_for_execution(deployment, arn, 60)

    [traced] = client.wait_until_settled(deployment, [run["name"]], 60)
    told.found(traced)
    assert json.loads(run["output"])["output"] == text
    assert content(deployment, run["name"]) == {"input": text, "output": text}
    assert "text_altered" not in traced.request


LARGE = "é" * 150_000


def answers(text: str) -> dict[str, Any]:
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 10, "outputTokens": 75_000, "totalTokens": 75_010},
        "metrics": {"latencyMs": 1},
    }


def test_an_answer_too_large_for_the_workflow_is_stored_and_pointed_to(
    deployment: Deployment, simulator: Simulator, tell: Tell
) -> None:
    told = tell("answer-too-large", "300 KB of answer", "InvokeHaiku, s3://…")
    name = fresh("large")
    request = {"input": "say a lot", "tier": "SIMPLE", "request_id": name}
    simulator.script({"match": {"contains": "say a lot"}, "body": answers(LARGE)})
    [arn] = client.start(deployment, [request])
    outcome = json.loads(client.wait_for_execution(deployment, arn, 60)["output"])

    [traced] = client.wait_until_settled(deployment, [name], 60)
    told.found(traced)
    told.rows += f"; {outcome['output_s3'][:20]}…"
    bucket, key = outcome["output_s3"].removeprefix("s3://").split("/", 1)
    stored = deployment.client("s3").get_object(Bucket=bucket, Key=key)
    assert stored["Body"].read().decode() == LARGE
    assert stored["ServerSideEncryption"] == "aws:kms"
    assert "output" not in outcome
    assert traced.request["output_s3"] == outcome["output_s3"]
    assert traced.output is None
    assert traced.priced
    assert int(traced.attempts[0]["output_tokens"]) == 75_000

    [again] = client.start(deployment, [request])
    repeated = json.loads(client.wait_for_execution(deployment, again, 60)["output"])
    assert repeated["output_s3"] == outcome["output_s3"]


def test_a_large_answer_of_the_http_task_is_stored_and_pointed_to_as_well(
    deployment: Deployment, simulator: Simulator, tell: Tell
) -> None:
    told = tell(
        "http-answer-too-large", "200 KB from OpenAI", "InvokeOpenAI > RecordAnswer, s3://…"
    )
    body = {
        "model": "gpt-6-luna",
        "choices": [{"message": {"content": "x" * 200_000}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 50_000, "total_tokens": 50_010},
    }
    simulator.script({"match": {"contains": "say a lot over http"}, "body": body})
    [arn] = client.start(deployment, [{"input": "say a lot over http", "tier": "CALCULATION"}])
    run = client.wait_for_execution(deployment, arn, 60)

    [traced] = client.wait_until_settled(deployment, [run["name"]], 60)
    told.found(traced)
    assert traced.request["output_s3"] == json.loads(run["output"])["output_s3"]
    assert traced.priced


def test_an_answer_whose_rows_are_not_written_is_written_later_and_never_asked_for_again(
    deployment: Deployment, emulator: Emulator, simulator: Simulator, tell: Tell
) -> None:
    path = "InvokeHaiku > PlanNextStep > NextStep > RecordAnswer"
    told = tell("answer-not-recorded", "the table is down after the call", path)
    prompt = "answer me while the table is down"
    with emulator.settings("invoke_model", USAGE_TABLE="no-such-table"):
        [arn] = client.start(deployment, [{"input": prompt, "tier": "SIMPLE"}])
        run = client.wait_for_execution(deployment, arn, 60)

    [traced] = client.wait_until_settled(deployment, [run["name"]], 60)
    told.found(traced)
    [attempt] = traced.attempts
    assert json.loads(run["output"])["output"] == traced.output
    assert (attempt["outcome"], attempt["served"], attempt["cost_status"]) == ("OK", 1, "PRICED")
    assert len(simulator.calls_with(prompt)) == 1
    assert states_entered(deployment, arn)[2:] == path.split(" > ")
    assert traced.request["transitions"] == 6


def test_an_answer_that_cannot_be_stored_is_paid_for_and_another_model_answers(
    deployment: Deployment, emulator: Emulator, simulator: Simulator, tell: Tell
) -> None:
    path = "InvokeHaiku > PlanNextStep > NextStep > InvokeModel"
    told = tell("answer-not-stored", "300 KB of answer, and no bucket takes it", path)
    simulator.script({"match": {"contains": "say too much"}, "body": answers(LARGE)})
    with emulator.settings("invoke_model", ANSWERS_BUCKET="no-such-bucket"):
        [arn] = client.start(deployment, [{"input": "say too much", "tier": "SIMPLE"}])
        run = client.wait_for_execution(deployment, arn, 60)

    [traced] = client.wait_until_settled(deployment, [run["name"]], 60)
    told.found(traced)
    lost, served = traced.attempts
    assert (lost["outcome"], lost["cause"]) == ("BAD_RESPONSE", "AnswerNotStored")
    assert lost["cost_usd"] > 0
    assert served["served"] == 1
    assert traced.request["fallback_cause"] == "AnswerNotStored"
