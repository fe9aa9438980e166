"""A guardrail of the account sees every prompt and every answer, whichever provider serves."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from local import client
from local.deployment import Deployment
from local.simulator.bedrock import GUARDRAIL_STOPS
from tests.local_cloud.cloud_control import Emulator, states_entered
from tests.local_cloud.fault_table import Tell
from tests.local_cloud.simulator import Simulator


@pytest.fixture(scope="module")
def guardrail(deployment: Deployment, emulator: Emulator) -> Iterator[None]:
    """The settings that `bedrock.guardrail` makes of the functions."""
    with (
        emulator.configured(guardrail=True),
        emulator.settings(
            "invoke_model", BEDROCK_GUARDRAIL_ID="gr1", BEDROCK_GUARDRAIL_VERSION="1"
        ),
    ):
        yield


def ask(deployment: Deployment, prompt: str, tier: str) -> tuple[client.Traced, dict[str, str]]:
    [arn] = client.start(deployment, [{"input": prompt, "tier": tier}])
    run = client.wait_for_execution(deployment, arn, 60)
    [traced] = client.wait_until_settled(deployment, [run["name"]], 60)
    return traced, run


@pytest.mark.parametrize(
    ("name", "tier", "path"),
    [
        ("guardrail-prompt", "SIMPLE", "InvokeHaiku"),
        ("guardrail-prompt-openai", "CALCULATION", "InvokeModel"),
    ],
)
def test_a_prompt_that_the_guardrail_stops_is_blocked_and_costs_nothing(
    name: str,
    tier: str,
    path: str,
    deployment: Deployment,
    simulator: Simulator,
    guardrail: None,
    tell: Tell,
) -> None:
    told = tell(
        name,
        "a phrase that the guardrail stops, in the prompt",
        f"{path} > PlanNextStep > NextStep > …",
    )
    prompt = f"Where does the {GUARDRAIL_STOPS} grow? {uuid4().hex[:8]}"

    traced, run = ask(deployment, prompt, tier)

    told.found(traced)
    [attempt] = traced.attempts
    assert (traced.request["status"], traced.request["cause"]) == ("BLOCKED", "Blocked")
    assert (attempt["outcome"], attempt["cost_status"], attempt["cost_usd"]) == (
        "BLOCKED", "PRICED", 0,
    )  # fmt: skip
    assert "topicPolicy Orchards" in run["cause"]
    assert GUARDRAIL_STOPS not in run["cause"]
    assert states_entered(deployment, run["executionArn"])[2:5] == [
        path, "PlanNextStep", "NextStep",
    ]  # fmt: skip
    models = [call for call in simulator.calls_with(prompt) if call["provider"] == "openai"]
    assert models == []


def test_an_answer_that_the_guardrail_stops_is_blocked_and_paid_for(
    deployment: Deployment, simulator: Simulator, guardrail: None, tell: Tell
) -> None:
    told = tell(
        "guardrail-answer-openai",
        "gpt-6-luna's answer holds what the guardrail stops",
        "InvokeModel > PlanNextStep > NextStep > …",
    )
    prompt = f"a harmless sum {uuid4().hex[:8]}"
    text = f"It is a {GUARDRAIL_STOPS}."
    simulator.script({"match": {"contains": prompt, "provider": "openai"}, "text": text})

    traced, _ = ask(deployment, prompt, "CALCULATION")

    told.found(traced)
    [attempt] = traced.attempts
    assert traced.request["status"] == "BLOCKED"
    assert attempt["cost_usd"] > 0
    assert traced.output is None


def test_a_guardrail_that_cannot_be_asked_keeps_the_prompt_from_the_model(
    deployment: Deployment, simulator: Simulator, guardrail: None, tell: Tell
) -> None:
    told = tell(
        "guardrail-denied",
        "ApplyGuardrail: 403",
        "InvokeModel > PlanNextStep > NextStep > …",
    )
    prompt = f"another harmless sum {uuid4().hex[:8]}"
    simulator.script(
        {"match": {"contains": prompt, "provider": "guardrail"}, "count": None, "status": 403}
    )

    traced, _ = ask(deployment, prompt, "CALCULATION")

    told.found(traced)
    assert (traced.request["status"], traced.request["cause"]) == ("FAILED", "AccessDenied")
    assert [call["provider"] for call in simulator.calls_with(prompt)] == ["guardrail"]


def test_what_the_guardrail_lets_pass_is_answered(deployment: Deployment, guardrail: None) -> None:
    for tier in ("SIMPLE", "CALCULATION", "COMPLEX"):
        traced, _ = ask(deployment, f"What is the capital of France? {tier}", tier)
        assert traced.request["status"] == "SUCCEEDED"
        assert traced.priced
