"""The LLM's opinion on the wire: one call, one priced row, and no request that fails for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from local import client
from local.deployment import Deployment
from router.catalog.models import Model
from router.llm_classifier.question import question
from tests.local_cloud.cloud_control import Emulator
from tests.local_cloud.simulator import Simulator
from tests.support.patience import HANGS_SECONDS

CLASSIFIER = Model("bedrock", "us.anthropic.claude-haiku-5-5", 24)
PROMPT = "Prove that the square root of {} is irrational, and explain each step of the proof."
WAIT = 90


@pytest.fixture(scope="module")
def asking(deployment: Deployment, emulator: Emulator) -> Iterator[Deployment]:
    """The deployment with a classifier that is always asked, and not for long."""
    asked = emulator.config_of()["analyzer"] | {"strategy": "llm", "timeout_ms": 2000}
    with emulator.configured(analyzer=asked):
        yield deployment


@pytest.fixture
def simulator(deployment: Deployment) -> Iterator[Simulator]:
    simulator = Simulator(deployment.cloud.simulator_url)
    yield simulator
    simulator.clear_script()


def asked(prompt: str) -> str:
    """Return what the classifier is sent in the user's role."""
    return question([{"role": "user", "content": prompt}], CLASSIFIER).conversation.turns[0].text


def asking_calls(simulator: Simulator, prompt: str) -> int:
    """Count the calls on the wire that asked about a prompt."""
    call = question([{"role": "user", "content": prompt}], CLASSIFIER)
    return len(
        simulator.calls_with(f"{call.conversation.system_text}\n{call.conversation.turns[0].text}")
    )


def routed(deployment: Deployment, request: dict[str, Any]) -> tuple[dict[str, Any], client.Traced]:
    [arn] = client.start(deployment, [request])
    finished = client.wait_for_execution(deployment, arn, WAIT)
    assert finished["status"] == "SUCCEEDED", finished
    answer = json.loads(finished["output"])
    [traced] = client.wait_until_settled(deployment, [answer["request_id"]], WAIT)
    assert traced.settled, traced
    return answer, traced


def test_a_verdict_moves_the_request_and_its_call_is_priced_beside_the_answer(
    asking: Deployment, simulator: Simulator
) -> None:
    prompt = PROMPT.format(2)
    simulator.script({"match": {"contains": asked(prompt)}, "text": '{"class": "CALCULATION"}'})

    answer, traced = routed(asking, {"input": prompt})

    opinion, reply = traced.attempts
    assert answer["complexity"] == "COMPLEX"
    assert answer["model"] == reply["model"] == "gpt-6-luna"
    assert answer["reasons"][0] == "the LLM said CALCULATION: moved from COMPLEX to CALCULATION"
    assert (opinion["item"], opinion["purpose"]) == ("ATTEMPT#00", "classify")
    assert (opinion["verdict"], opinion["tier"]) == ("CALCULATION", "CALCULATION")
    assert opinion["cost_status"] == "PRICED"
    assert opinion["cost_usd"] > 0
    assert opinion["baseline_usd"] == 0
    assert traced.cost_usd == opinion["cost_usd"] + reply["cost_usd"]
    assert asking_calls(simulator, prompt) == 1


def test_what_is_no_verdict_leaves_the_heuristics_choice(
    asking: Deployment, simulator: Simulator
) -> None:
    prompt = PROMPT.format(3)
    simulator.script({"match": {"contains": asked(prompt)}, "text": "SIMPLE! Trust me."})

    answer, traced = routed(asking, {"input": prompt})

    assert answer["model"] == "us.anthropic.claude-sonnet-5-5"
    assert answer["reasons"][0] == ("the LLM gave no opinion (BadResponse): the heuristic decides")
    assert traced.attempts[0]["outcome"] == "BAD_RESPONSE"
    assert traced.attempts[0]["cost_usd"] > 0


def test_a_late_opinion_is_not_waited_for_and_may_be_on_the_bill(
    asking: Deployment, simulator: Simulator
) -> None:
    prompt = PROMPT.format(5)
    simulator.script({"match": {"contains": asked(prompt)}, "count": None, "delay_ms": 9000})

    answer, traced = routed(asking, {"input": prompt})

    assert answer["model"] == "us.anthropic.claude-sonnet-5-5"
    assert (traced.attempts[0]["outcome"], traced.attempts[0]["cause"]) == (
        "UNKNOWN",
        "ModelTimeout",
    )
    assert traced.attempts[0]["cost_status"] == "UNKNOWN"
    assert traced.attempts[0]["upper_estimate_usd"] > 0
    assert asking_calls(simulator, prompt) == 1


def test_an_analysis_that_dies_after_asking_is_repeated_without_a_second_call(
    asking: Deployment, simulator: Simulator
) -> None:
    prompt = PROMPT.format(7)
    simulator.script({"match": {"contains": asked(prompt)}, "text": '{"class": "CALCULATION"}'})
    requests.post(
        f"{asking.cloud.emulator_url}/_local/kill",
        json={
            "function": asking.outputs["functions"]["analyze"]["name"],
            "count": 1,
            "after_ms": 9000,
        },
        timeout=HANGS_SECONDS,
    ).raise_for_status()

    answer, traced = routed(asking, {"input": prompt})

    assert answer["model"] == "gpt-6-luna"
    assert [row["item"] for row in traced.attempts] == ["ATTEMPT#00", "ATTEMPT#01"]
    assert asking_calls(simulator, prompt) == 1


def test_whoever_names_a_tier_pays_for_no_opinion(asking: Deployment, simulator: Simulator) -> None:
    prompt = PROMPT.format(11)

    _, traced = routed(asking, {"input": prompt, "tier": "COMPLEX"})

    assert [row["item"] for row in traced.attempts] == ["ATTEMPT#01"]
    assert asking_calls(simulator, prompt) == 0
