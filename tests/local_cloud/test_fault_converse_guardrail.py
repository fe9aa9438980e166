"""A guardrail of the account, where one function carries the run."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from local.deployment import Deployment
from local.simulator.bedrock import GUARDRAIL_STOPS
from tests.local_cloud.cloud_control import Emulator
from tests.local_cloud.direct_calls import chat, direct, error_of, settled
from tests.local_cloud.door import Door, door_of
from tests.local_cloud.fault_table import Tell
from tests.local_cloud.simulator import Simulator


@pytest.fixture(scope="module")
def guarded(deployment: Deployment, emulator: Emulator) -> Iterator[Door]:
    door = door_of(deployment, "guarded")
    settings = {"BEDROCK_GUARDRAIL_ID": "gr1", "BEDROCK_GUARDRAIL_VERSION": "1"}
    with (
        emulator.configured("converse", guardrail=True),
        emulator.settings("converse", **settings),
    ):
        yield door


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("fault", ["guardrail-prompt", "guardrail-prompt-openai"])
def test_a_prompt_that_the_guardrail_stops_is_withheld_and_costs_nothing(
    fault: str, stream: bool, deployment: Deployment, guarded: Door, simulator: Simulator,
    tell: Tell,
) -> None:  # fmt: skip
    direct(tell, fault)
    tier = "CALCULATION" if "openai" in fault else "SIMPLE"
    prompt, key = f"Where does the {GUARDRAIL_STOPS} grow? {uuid4().hex[:8]}", uuid4().hex

    answer = chat(guarded, prompt, key, model=tier, stream=stream)

    traced = settled(deployment, key, "guarded")
    [attempt] = traced.attempts
    assert answer.status_code == 200, answer.text
    assert '"finish_reason":"content_filter"' in answer.text.replace(": ", ":")
    assert (traced.request["status"], traced.request["cause"]) == ("BLOCKED", "Blocked")
    assert (attempt["outcome"], attempt["cost_status"], attempt["cost_usd"]) == (
        "BLOCKED", "PRICED", 0,
    )  # fmt: skip
    assert [c for c in simulator.calls_with(prompt) if c["provider"] == "openai"] == []


def test_an_answer_that_the_guardrail_stops_is_withheld_and_paid_for(
    deployment: Deployment, guarded: Door, simulator: Simulator, tell: Tell
) -> None:
    direct(tell, "guardrail-answer-openai")
    prompt, key = f"a harmless sum {uuid4().hex[:8]}", uuid4().hex
    text = f"It is a {GUARDRAIL_STOPS}."
    simulator.script({"match": {"contains": prompt, "provider": "openai"}, "text": text})

    answer = chat(guarded, prompt, key, model="CALCULATION")

    traced = settled(deployment, key, "guarded")
    assert traced.request["status"] == "BLOCKED"
    assert traced.attempts[0]["cost_usd"] > 0
    assert GUARDRAIL_STOPS not in answer.text


def test_a_guardrail_that_cannot_be_asked_keeps_the_prompt_from_the_model(
    deployment: Deployment, guarded: Door, simulator: Simulator, tell: Tell
) -> None:
    direct(tell, "guardrail-denied")
    prompt, key = f"another harmless sum {uuid4().hex[:8]}", uuid4().hex
    rule = {"match": {"contains": prompt, "provider": "guardrail"}, "count": None, "status": 403}
    simulator.script(rule)

    answer = chat(guarded, prompt, key, model="CALCULATION")

    assert error_of(answer) == (400, "AccessDenied")
    traced = settled(deployment, key, "guarded")
    assert (traced.request["status"], traced.request["cause"]) == ("FAILED", "AccessDenied")
    assert [call["provider"] for call in simulator.calls_with(prompt)] == ["guardrail"]
