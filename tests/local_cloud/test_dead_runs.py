"""Runs that end where the workflow cannot catch it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from local import routing
from local.deployment import Deployment
from tests.local_cloud.simulator import Simulator


@pytest.fixture
def simulator(deployment: Deployment) -> Iterator[Simulator]:
    simulator = Simulator(deployment.cloud.simulator_url)
    yield simulator
    simulator.clear_script()


def wait_for_call(simulator: Simulator, prompt: str) -> None:
    deadline = time.monotonic() + 60
    while not simulator.calls_with(prompt):
        assert time.monotonic() < deadline, "the model was never called"
        time.sleep(0.05)


def test_an_aborted_run_is_closed_with_the_call_that_may_be_billed(
    deployment: Deployment, simulator: Simulator
) -> None:
    prompt = "aborted in mid-call"
    simulator.script({"match": {"contains": prompt}, "count": None, "delay_ms": 8000})
    [arn] = routing.start(deployment, [{"input": prompt, "tier": "SIMPLE"}])
    wait_for_call(simulator, prompt)

    deployment.client("stepfunctions").stop_execution(executionArn=arn)

    [traced] = routing.wait_until_settled(deployment, [arn.rsplit(":", 1)[1]], 60)
    assert (traced.request["status"], traced.request["cause"]) == ("FAILED", "Aborted")
    [attempt] = traced.attempts
    assert (attempt["outcome"], attempt["cost_status"]) == ("UNKNOWN", "UNKNOWN")
    assert attempt["upper_estimate_usd"] > 0


def test_the_sweep_closes_and_prices_what_events_and_stream_lost(deployment: Deployment) -> None:
    answer = deployment.client("lambda").invoke(
        FunctionName=deployment.outputs["functions"]["sweep"]["name"], Payload=b"{}"
    )

    assert "FunctionError" not in answer
