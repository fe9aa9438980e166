"""The exact cache and the provider's prompt cache: what is not called, and what is paid."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from local import client
from local.cloud import ROOT
from local.deployment import Deployment
from tests.local_cloud.cloud_control import fresh, states_entered
from tests.local_cloud.simulator import Simulator

HAIKU = "us.anthropic.claude-haiku-5-5"


def run(deployment: Deployment, request: Mapping[str, Any]) -> dict[str, Any]:
    [arn] = client.start(deployment, [{"tier": "SIMPLE", **request}])
    return client.wait_for_execution(deployment, arn, 60)


def settled(deployment: Deployment, request_id: str, tenant: str = "faq") -> client.Traced:
    [traced] = client.wait_until_settled(deployment, [request_id], 60, tenant)
    assert traced.settled
    return traced


def expire(deployment: Deployment, key: str) -> None:
    """Let a kept answer's time be over, though the table has not deleted it yet."""
    deployment.client("dynamodb").update_item(
        TableName=deployment.usage_table,
        Key={"request_id": {"S": key}, "item": {"S": "CONTENT"}},
        UpdateExpression="SET cache_until = :past",
        ExpressionAttributeValues={":past": {"N": "1"}},
    )


def reconciled(deployment: Deployment) -> bool:
    command = ["reconcile", "--usage-table", deployment.usage_table, "--spend-table",
               deployment.spend_table]  # fmt: skip
    control = ["--control-table", deployment.outputs["tables"]["control"]["name"]]
    done = subprocess.run(
        [sys.executable, "-m", "cost_calculator", *command, *control],
        cwd=ROOT, env=deployment.cloud.env(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode == 0


def test_the_same_question_is_answered_once_and_paid_once(
    deployment: Deployment, simulator: Simulator
) -> None:
    prompt = fresh("cache: what are your opening hours?")
    first = run(deployment, {"input": prompt, "tenant": "faq"})

    second = run(deployment, {"input": prompt + "  ", "tenant": "faq"})

    answered, again = json.loads(first["output"]), json.loads(second["output"])
    assert again["output"] == answered["output"]
    assert (again["cached"], again["attempts"][0]["cache_source"]) == (True, first["name"])
    assert len(simulator.calls_with(prompt)) == 1
    assert states_entered(deployment, second["executionArn"]) == [
        "AnalyzeComplexity", "RouteByComplexity", "AnswerKnown"
    ]  # fmt: skip
    paid, saved = settled(deployment, first["name"]), settled(deployment, second["name"])
    assert saved.request["status"] == "SUCCEEDED"
    assert (saved.attempts[0]["outcome"], saved.cost_usd) == ("CACHED", 0)
    assert saved.baseline_usd == paid.baseline_usd
    assert saved.overhead_usd is not None
    assert 0 < saved.overhead_usd < (paid.overhead_usd or 0)
    assert saved.output == paid.output
    assert reconciled(deployment)


def test_an_answer_is_asked_for_anew_when_its_time_is_over(
    deployment: Deployment, simulator: Simulator
) -> None:
    prompt = fresh("cache: what is the offer of the day?")
    first = run(deployment, {"input": prompt, "tenant": "faq"})
    expire(deployment, settled(deployment, first["name"]).request["cache_key"])

    second = run(deployment, {"input": prompt, "tenant": "faq"})
    third = run(deployment, {"input": prompt, "tenant": "faq"})

    assert "cached" not in json.loads(second["output"])
    assert json.loads(third["output"])["attempts"][0]["cache_source"] == second["name"]
    assert len(simulator.calls_with(prompt)) == 2


def test_no_tenant_gets_the_answer_of_another(deployment: Deployment, simulator: Simulator) -> None:
    prompt = fresh("cache: what is my balance?")

    for tenant in ("faq", "other"):
        run(deployment, {"input": prompt, "tenant": tenant, "cache": True})

    assert len(simulator.calls_with(prompt)) == 2


def test_a_failed_or_truncated_answer_is_never_given_again(
    deployment: Deployment, simulator: Simulator
) -> None:
    cut, refused = fresh("cache: a long story."), fresh("cache: something forbidden.")
    simulator.script(
        {"match": {"contains": cut}, "count": None, "ending": "length"},
        {"match": {"contains": refused}, "count": None, "ending": "guardrail"},
    )

    for prompt in (cut, cut, refused, refused):
        run(deployment, {"input": prompt, "tenant": "faq"})

    assert [len(simulator.calls_with(prompt)) for prompt in (cut, refused)] == [2, 2]


def test_instructions_that_come_again_are_written_once_and_read_at_a_tenth(
    deployment: Deployment, simulator: Simulator
) -> None:
    system = fresh("") + "Answer from the handbook of the house. " * 60
    asked = [{"input": f"handbook: rule {n}?", "system": system} for n in range(2)]

    first, second = (run(deployment, {**each, "tenant": "handbook"}) for each in asked)

    [wrote] = settled(deployment, first["name"], "handbook").attempts
    [read] = settled(deployment, second["name"], "handbook").attempts
    written = wrote["cache_write_5m_tokens"]
    assert (wrote["cache_read_tokens"], read["cache_write_5m_tokens"]) == (0, 0)
    assert written == read["cache_read_tokens"] > 512
    assert wrote["cost_parts"]["cache_write_5m"] * 8 == 100 * read["cost_parts"]["cache_read"]
    plain = run(deployment, {**asked[0], "tenant": "other"})
    [unmarked] = settled(deployment, plain["name"], "other").attempts
    assert unmarked["cache_write_5m_tokens"] == unmarked["cache_read_tokens"] == 0
