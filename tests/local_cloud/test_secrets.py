"""What must not be found anywhere: the key, and the prompt outside of its rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from local import routing
from local.deployment import API_KEY, API_KEY_PARAMETER, Deployment
from tests.local_cloud.simulator import Simulator

CANARY = "canary-7f3b1c-prompt"


@pytest.fixture(scope="module")
def canary_runs(deployment: Deployment) -> list[str]:
    requests = [{"input": f"{CANARY} what is 2 + 2?", "tier": tier}
                for tier in ("SIMPLE", "CALCULATION", "COMPLEX")]  # fmt: skip
    requests.append({"input": CANARY, "no such field": CANARY})
    arns = routing.start(deployment, requests)
    for arn in arns:
        routing.wait_for_execution(deployment, arn, 90)
    routing.wait_until_settled(deployment, [arn.rsplit(":", 1)[1] for arn in arns[:3]], 90)
    return arns


def logged(deployment: Deployment) -> str:
    client = deployment.client("logs")
    lines = []
    for group in client.describe_log_groups()["logGroups"]:
        pages = client.get_paginator("filter_log_events").paginate(
            logGroupName=group["logGroupName"]
        )
        lines += [event["message"] for page in pages for event in page["events"]]
    return "\n".join(lines)


def test_logs_hold_neither_prompt_nor_key(
    deployment: Deployment, canary_runs: list[str], logs: Path
) -> None:
    text = logged(deployment)

    assert "routed" in text
    assert CANARY not in text
    assert API_KEY not in text


def test_terraforms_state_holds_no_key(deployment: Deployment, terraform_folder: Path) -> None:
    states = list(terraform_folder.rglob("*.tfstate*"))

    assert states
    assert all(API_KEY not in state.read_text() for state in states)


def test_the_histories_hold_no_key(deployment: Deployment, canary_runs: list[str]) -> None:
    client = deployment.client("stepfunctions")
    for arn in canary_runs:
        history = client.get_execution_history(executionArn=arn, includeExecutionData=True)
        assert API_KEY not in json.dumps(history, default=str)


def test_a_key_is_rotated_by_one_put_parameter(deployment: Deployment) -> None:
    simulator = Simulator(deployment.cloud.simulator_url)
    ssm = deployment.client("ssm")
    simulator.accept_keys("openai", "sk-local-rotated")
    try:
        [refused] = routing.start(deployment, [{"input": "old key", "tier": "CALCULATION"}])
        assert routing.wait_for_execution(deployment, refused, 60)["error"] == "AccessDenied"

        ssm.put_parameter(
            Name=API_KEY_PARAMETER, Type="SecureString", Value="sk-local-rotated", Overwrite=True
        )

        assert routing.eventually(lambda: _asks(deployment) == "SUCCEEDED", 60)
    finally:
        simulator.accept_keys("openai", API_KEY, "sk-local-rotated")
        ssm.put_parameter(
            Name=API_KEY_PARAMETER, Type="SecureString", Value=API_KEY, Overwrite=True
        )


def _asks(deployment: Deployment) -> str:
    [arn] = routing.start(deployment, [{"input": "new key", "tier": "CALCULATION"}])
    return str(routing.wait_for_execution(deployment, arn, 60)["status"])
