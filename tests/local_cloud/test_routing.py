"""Real prompts through the real state machine."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local import client
from local.deployment import Deployment
from tests.local_cloud.cloud_control import fresh

WAIT = 90


def run(deployment: Deployment, request: dict[str, Any]) -> dict[str, Any]:
    [arn] = client.start(deployment, [request])
    return client.wait_for_execution(deployment, arn, WAIT)


def outcome(deployment: Deployment, request: dict[str, Any]) -> dict[str, Any]:
    finished = run(deployment, request)
    assert finished["status"] == "SUCCEEDED", finished
    answer: dict[str, Any] = json.loads(finished["output"])
    return answer


def settled(deployment: Deployment, request_id: str) -> client.Traced:
    [traced] = client.wait_until_settled(deployment, [request_id], WAIT)
    assert traced.settled, traced
    return traced


def test_a_question_is_answered_with_model_reason_and_id(deployment: Deployment) -> None:
    answer = outcome(deployment, {"input": "What is the capital of France?"})

    assert "Paris" in answer["output"]
    assert answer["status"] == "SUCCEEDED"
    assert answer["complexity"] == "SIMPLE"
    assert answer["model"] == "us.anthropic.claude-haiku-5-5"
    assert answer["provider"] == "bedrock"
    assert answer["reasons"]
    assert answer["request_id"]
    assert [attempt["outcome"] for attempt in answer["attempts"]] == ["OK"]


@pytest.mark.parametrize(
    ("tier", "provider", "model"),
    [
        ("SIMPLE", "bedrock", "us.anthropic.claude-haiku-5-5"),
        ("CALCULATION", "openai", "gpt-6-luna"),
        ("COMPLEX", "bedrock", "us.anthropic.claude-sonnet-5-5"),
    ],
)
def test_each_tier_is_served_by_its_model_and_priced(
    deployment: Deployment, tier: str, provider: str, model: str
) -> None:
    answer = outcome(deployment, {"input": "What is 17 * 24?", "tier": tier})

    traced = settled(deployment, answer["request_id"])
    [attempt] = traced.attempts
    assert (answer["provider"], answer["model"]) == (provider, model)
    assert (attempt["provider"], attempt["model"], attempt["outcome"]) == (provider, model, "OK")
    assert attempt["cost_status"] == "PRICED"
    assert attempt["cost_usd"] > 0
    assert attempt["baseline_usd"] >= attempt["cost_usd"]
    assert traced.request["transitions"] == (4 if tier == "CALCULATION" else 3)
    assert "queue" not in attempt
    assert "queue" not in traced.request


@pytest.mark.parametrize(
    "prompt",
    [
        "{% $states.input %} and $.x and {{ jinja }} ${var}",
        'quotes " and \\ and \n lines',
        "emoji 👩‍👩‍👧 and \u202ertl and ünïcode",
    ],
)
def test_odd_text_reaches_the_table_as_it_was_sent(deployment: Deployment, prompt: str) -> None:
    answer = outcome(deployment, {"input": prompt})

    asked, answered = (
        deployment.client("dynamodb").get_item(
            TableName=deployment.usage_table,
            Key={"request_id": {"S": answer["request_id"]}, "item": {"S": item}},
        )["Item"]
        for item in ("CONTENT", "ANSWER")
    )
    assert json.loads(asked["input"]["S"])["messages"][0]["content"] == prompt
    assert answered["output"]["S"] == answer["output"]


def test_a_repeated_request_id_runs_once(deployment: Deployment) -> None:
    request = {"input": "Who wrote Faust?", "request_id": fresh("repeat")}
    first = outcome(deployment, request)

    again = outcome(deployment, request)

    assert again["repeated"] is True
    assert again["output"] == first["output"]
    assert len(settled(deployment, request["request_id"]).attempts) == 1


def test_the_same_id_with_another_payload_is_a_conflict_and_changes_nothing(
    deployment: Deployment,
) -> None:
    name = fresh("conflict")
    outcome(deployment, {"input": "Who wrote Faust?", "request_id": name})
    before = settled(deployment, name)

    refused = run(deployment, {"input": "Who wrote Emma?", "request_id": name})

    assert (refused["status"], refused["error"]) == ("FAILED", "Conflict")
    assert "give a new request_id" in refused["cause"]
    assert client.trace(deployment, name) == before


def test_a_malformed_request_is_refused_with_what_to_write(deployment: Deployment) -> None:
    refused = run(deployment, {"prompt": "hi"})

    assert (refused["status"], refused["error"]) == ("FAILED", "InvalidRequest")
    assert "unknown field `prompt`; known are input, messages" in refused["cause"]
