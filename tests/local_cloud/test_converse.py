"""Chat completions without a workflow: the same rows, costs and guards, in one function."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from local import client
from local.deployment import Deployment
from tests.local_cloud.cloud_control import Emulator, wait_for
from tests.local_cloud.door import Door, door_of
from tests.local_cloud.simulator import Simulator
from tests.local_cloud.test_fault_text import answers

HAIKU = "us.anthropic.claude-haiku-5-5"
SONNET = "us.anthropic.claude-sonnet-5-5"
TENANT = "talks"
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["city"],
    "properties": {"city": {"type": "string"}},
}


@pytest.fixture(scope="module")
def door(deployment: Deployment) -> Door:
    return door_of(deployment, TENANT)


@pytest.fixture
def prompt() -> str:
    return f"Name a river. {uuid.uuid4()}"


def chat(door: Door, prompt: str, key: str | None = None, **asked: Any) -> requests.Response:
    body = {"model": "SIMPLE", "messages": [{"role": "user", "content": prompt}], **asked}
    headers = {"idempotency-key": key} if key else None
    return door.call("POST", "/chat/completions", body, headers=headers)


def said(answer: requests.Response) -> str:
    assert answer.status_code == 200, answer.text
    return str(answer.json()["choices"][0]["message"]["content"])


def settled(deployment: Deployment, answer: requests.Response) -> client.Traced:
    name = answer.headers.get("x-faregate-request-id") or answer.json()["error"]["request_id"]
    [traced] = client.wait_until_settled(deployment, [name], 60, TENANT)
    assert traced.settled
    return traced


def outcomes(traced: client.Traced) -> list[tuple[str, str]]:
    return [(row["model"], row["outcome"]) for row in traced.attempts]


def test_an_answer_leaves_the_rows_of_a_run_and_pays_for_no_workflow(
    deployment: Deployment, door: Door, prompt: str
) -> None:
    answer = chat(door, prompt)

    traced = settled(deployment, answer)
    assert traced.request["workflow_type"] == "DIRECT"
    assert traced.request["execution_arn"].startswith("direct:")
    assert (traced.request["status"], traced.request["transitions"]) == ("SUCCEEDED", 0)
    # Three transitions alone cost 75 millionths.
    assert float(traced.request["overhead_usd"]) < 0.000075
    assert traced.output == said(answer)
    [attempt] = traced.attempts
    assert (attempt["outcome"], attempt["cost_status"]) == ("OK", "PRICED")
    assert float(answer.headers["x-faregate-cost-usd"]) == pytest.approx(float(attempt["cost_usd"]))


def test_what_cannot_have_been_billed_is_sent_again(
    deployment: Deployment, door: Door, simulator: Simulator, prompt: str
) -> None:
    simulator.script({"match": {"contains": prompt}, "status": 429, "count": 1})

    traced = settled(deployment, chat(door, prompt))

    assert outcomes(traced) == [(HAIKU, "OK")]
    assert traced.attempts[0]["retries"] == 1


def test_another_model_answers_where_the_first_one_failed(
    deployment: Deployment, door: Door, simulator: Simulator, prompt: str
) -> None:
    rule = {"match": {"contains": prompt, "model": SONNET}, "status": 500, "count": None}
    simulator.script(rule)

    answer = chat(door, prompt, model="COMPLEX")

    traced = settled(deployment, answer)
    assert answer.headers["x-faregate-model"] == traced.request["model"] != SONNET
    assert [outcome for _, outcome in outcomes(traced)] == ["UNKNOWN", "OK"]
    assert traced.request["fallback_cause"] == "ModelError"


def test_a_misfit_is_repaired(
    deployment: Deployment, door: Door, simulator: Simulator, prompt: str
) -> None:
    simulator.script(
        {"match": {"contains": prompt}, "text": "a town", "count": 1},
        {"match": {"contains": prompt}, "text": '{"city": "Ulm"}', "count": 1},
    )
    form = {"type": "json_schema", "json_schema": {"name": "city", "schema": SCHEMA}}

    answer = chat(door, prompt, response_format=form)

    assert json.loads(said(answer)) == {"city": "Ulm"}
    assert outcomes(settled(deployment, answer)) == [(HAIKU, "INVALID_ANSWER"), (HAIKU, "OK")]


def test_a_large_answer_comes_whole_and_again(
    door: Door, simulator: Simulator, prompt: str
) -> None:
    text, key = "long " * 50_000, uuid.uuid4().hex
    simulator.script({"match": {"contains": prompt}, "body": answers(text)})

    assert said(chat(door, prompt, key)) == text
    assert said(chat(door, prompt, key)) == text
    assert len(simulator.calls_with(prompt)) == 1


def test_the_openai_and_anthropic_models_of_a_plan_are_called(
    deployment: Deployment, door: Door, simulator: Simulator, prompt: str
) -> None:
    openai = chat(door, prompt, model="CALCULATION")
    other = f"{prompt} again"
    rule = {"match": {"contains": other, "model": SONNET}, "status": 429, "count": 4}
    simulator.script(rule)
    anthropic = chat(door, other, model="COMPLEX")

    assert settled(deployment, openai).request["provider"] == "openai"
    assert settled(deployment, anthropic).request["provider"] == "anthropic"


def test_a_request_that_nobody_answers_is_closed_and_paid_once(
    deployment: Deployment, door: Door, simulator: Simulator, prompt: str
) -> None:
    simulator.script({"match": {"contains": prompt}, "status": 500, "count": None})

    refused = chat(door, prompt)

    assert (refused.status_code, refused.json()["error"]["type"]) == (400, "ModelError")
    traced = settled(deployment, refused)
    assert traced.request["status"] == "FAILED"
    assert {outcome for _, outcome in outcomes(traced)} == {"UNKNOWN"}


def test_the_same_body_twice_at_once_is_one_call(
    door: Door, simulator: Simulator, prompt: str
) -> None:
    simulator.script({"match": {"contains": prompt}, "delay_ms": 8000, "text": "Rhine"})

    with ThreadPoolExecutor() as pool:
        got = list(pool.map(lambda _: said(chat(door, prompt)), range(3)))

    assert got == ["Rhine"] * 3
    assert len(simulator.calls_with(prompt)) == 1


def test_a_cached_answer_is_given_again(
    deployment: Deployment, simulator: Simulator, prompt: str
) -> None:
    door = door_of(deployment, "faq")

    first, again = (said(chat(door, prompt, uuid.uuid4().hex)) for _ in range(2))

    assert first == again
    assert len(simulator.calls_with(prompt)) == 1


def test_a_tenant_over_its_rate_is_told_when_to_come_again(
    deployment: Deployment, prompt: str
) -> None:
    door = door_of(deployment, "hasty")

    answered = [chat(door, f"{prompt} {number}") for number in range(4)]

    refused = answered[-1]
    assert (refused.status_code, refused.json()["error"]["type"]) == (429, "RateLimited")
    assert int(refused.headers["retry-after"]) > 0


def test_a_budget_is_reserved_and_settled(deployment: Deployment, prompt: str) -> None:
    answer = chat(door_of(deployment, "frugal"), prompt)
    name = answer.headers["x-faregate-request-id"]

    [traced] = client.wait_until_settled(deployment, [name], 60, "frugal")

    assert traced.request["budgets"]
    assert traced.settled


def test_a_classifier_is_asked_where_it_is_worth_it(
    deployment: Deployment, emulator: Emulator, door: Door
) -> None:
    question = f"Prove that the square root of 7 is irrational, step by step. {uuid.uuid4()}"
    asked = emulator.config_of("converse")["analyzer"] | {"strategy": "llm", "timeout_ms": 2000}
    with emulator.configured("converse", analyzer=asked):
        traced = settled(deployment, chat(door, question, model="auto"))

    assert {row["purpose"] for row in traced.attempts} == {"classify", "answer"}


def test_a_function_that_dies_leaves_one_row_that_the_sweep_closes(
    deployment: Deployment, emulator: Emulator, door: Door, simulator: Simulator, prompt: str
) -> None:
    simulator.script({"match": {"contains": prompt}, "delay_ms": 3000, "text": "Rhine"})
    key = f"dies-{uuid.uuid4().hex}"
    emulator.kill("converse", after_ms=1500)

    refused = chat(door, prompt, key)

    assert (refused.status_code, refused.json()["error"]["type"]) == (502, "InternalError")
    before = client.trace(deployment, key, TENANT)
    assert (before.request["status"], before.attempts) == ("ACCEPTED", [])
    deployment.client("dynamodb").update_item(
        TableName=deployment.usage_table,
        Key={"request_id": {"S": before.request["request_id"]}, "item": {"S": "REQUEST"}},
        UpdateExpression="SET queued_at = :past",
        ExpressionAttributeValues={":past": {"S": "2026-01-01T00:00:00.000Z"}},
    )
    emulator.sweep()
    [traced] = client.wait_until_settled(deployment, [key], 60, TENANT)
    assert (traced.request["status"], traced.request["cause"]) == ("FAILED", "Abandoned")
    assert outcomes(traced) == [(HAIKU, "UNKNOWN")]
    assert traced.attempts[0]["upper_estimate_usd"] > 0


@contextmanager
def most_at_once(deployment: Deployment, name: str, most: int) -> Iterator[None]:
    aws = deployment.client("lambda")
    aws.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=most)
    try:
        yield
    finally:
        aws.delete_function_concurrency(FunctionName=name)


def test_a_call_beyond_max_concurrent_is_a_429(
    deployment: Deployment, emulator: Emulator, door: Door, simulator: Simulator, prompt: str
) -> None:
    simulator.script({"match": {"contains": prompt}, "delay_ms": 4000, "text": "Rhine"})

    with (
        most_at_once(deployment, emulator.name_of("converse"), 1),
        ThreadPoolExecutor() as pool,
    ):
        first = pool.submit(chat, door, prompt)
        wait_for(lambda: simulator.calls_with(prompt), "the first call never came")
        refused = chat(door, f"{prompt} beside")

        assert (refused.status_code, refused.json()["error"]["type"]) == (429, "RateLimited")
        assert refused.headers["retry-after"] == "1"
        assert said(first.result()) == "Rhine"


@pytest.mark.parametrize(("path", "let_in"), [("/models", 200), ("/messages/count_tokens", 400)])
def test_anthropics_header_opens_its_paths_and_no_wrong_key_does(
    door: Door, path: str, let_in: int
) -> None:
    verb = "GET" if path == "/models" else "POST"

    def status(**headers: str) -> int:
        with requests.Session() as session:
            session.trust_env = False
            return session.request(verb, door.url + path, headers=headers, timeout=60).status_code

    assert status(**{"x-api-key": door.key}) == let_in
    assert status(authorization=f"Bearer {door.key}") == let_in
    assert status(**{"x-api-key": door.key[:-1]}) == 401
    assert status() == 401
