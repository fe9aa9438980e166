"""What must not be found anywhere: the keys, and the prompt outside of its rows and its history."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local import client, terraform
from local.deployment import (
    ANTHROPIC_API_KEY,
    API_KEY,
    API_KEY_PARAMETER,
    EXAMPLE,
    Deployment,
)
from tests.local_cloud.cloud_control import wait_for
from tests.local_cloud.simulator import Simulator
from tests.local_cloud.test_alarms import Alarms
from tests.local_cloud.test_fault_text import answers

CANARY = "canary-7f3b1c-prompt"
KEYS = (API_KEY, ANTHROPIC_API_KEY)


@pytest.fixture(scope="module")
def canary_runs(deployment: Deployment) -> list[str]:
    """Answered by each tier, answered at length by S3, failed, and refused."""
    simulator = Simulator(deployment.cloud.simulator_url)
    simulator.script(
        {"match": {"contains": f"{CANARY} at length"}, "body": answers("long " * 40_000)},
        {"match": {"contains": f"{CANARY} refused"}, "count": None, "status": 403},
    )
    requests: list[dict[str, Any]] = [
        {"input": f"{CANARY} what is 2 + 2?", "tier": tier}
        for tier in ("SIMPLE", "CALCULATION", "COMPLEX")
    ]
    requests += [{"input": f"{CANARY} {how}", "tier": "SIMPLE"} for how in ("at length", "refused")]
    requests.append({"input": CANARY, "no such field": CANARY})
    try:
        arns = client.start(deployment, requests)
        for arn in arns:
            client.wait_for_execution(deployment, arn, 90)
        accepted = [arn.rsplit(":", 1)[1] for arn in arns[:5]]
        client.wait_until_settled(deployment, accepted, 90)
    finally:
        simulator.clear_script()
    return arns


def logged(deployment: Deployment, _: Path) -> str:
    aws = deployment.client("logs")
    lines = []
    for group in aws.describe_log_groups()["logGroups"]:
        pages = aws.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
        lines += [event["message"] for page in pages for event in page["events"]]
    return "\n".join(lines)


def planned(deployment: Deployment, folder: Path) -> str:
    return terraform.plan_json(EXAMPLE, env=deployment.cloud.env(), folder=folder)


def state(_: Deployment, folder: Path) -> str:
    return "\n".join(path.read_text() for path in folder.rglob("*.tfstate*"))


def objects(deployment: Deployment, _: Path) -> str:
    """Every object of every bucket, by name and content."""
    aws = deployment.client("s3")
    found = ""
    for bucket in aws.list_buckets()["Buckets"]:
        for each in aws.list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
            body = aws.get_object(Bucket=bucket["Name"], Key=each["Key"])["Body"].read()
            found += f"{each['Key']} {body.decode(errors='replace')}\n"
    return found


def rows(deployment: Deployment, _: Path) -> str:
    """Every row of every table, but those that are there to hold text."""
    aws = deployment.client("dynamodb")
    found = []
    for table in aws.list_tables()["TableNames"]:
        for page in aws.get_paginator("scan").paginate(TableName=table):
            texts = ({"S": "CONTENT"}, {"S": "ANSWER"})
            found += [row for row in page["Items"] if row.get("item") not in texts]
    return json.dumps(found, default=str)


PLACES: dict[str, tuple[Callable[[Deployment, Path], str], str]] = {
    # What is looked at, and what shows that it was looked at rightly.
    "logs": (logged, "routed"),
    "plan": (planned, "aws_sfn_state_machine"),
    "state": (state, "aws_sfn_state_machine"),
    "objects": (objects, "long long"),
    "rows": (rows, "ATTEMPT#01"),
}


@pytest.mark.parametrize("place", PLACES)
def test_neither_key_nor_prompt_is_found_in(
    deployment: Deployment, canary_runs: list[str], terraform_folder: Path, place: str
) -> None:
    look, known = PLACES[place]
    text = look(deployment, terraform_folder)

    assert known in text
    assert [key for key in (*KEYS, CANARY) if key in text] == []


def test_the_local_clouds_own_logs_hold_neither(canary_runs: list[str], logs: Path) -> None:
    text = "\n".join(path.read_text(errors="replace") for path in logs.glob("*.log"))

    assert text
    assert [key for key in (*KEYS, CANARY) if key in text] == []


def test_the_histories_hold_no_key(deployment: Deployment, canary_runs: list[str]) -> None:
    aws = deployment.client("stepfunctions")
    for arn in canary_runs:
        history = aws.get_execution_history(executionArn=arn, includeExecutionData=True)
        text = json.dumps(history, default=str)
        assert CANARY in text  # its own input, for 90 days, under the deployment's key
        assert [key for key in KEYS if key in text] == []


def test_a_key_is_rotated_in_flight_by_one_put_parameter(deployment: Deployment) -> None:
    simulator, alarms = Simulator(deployment.cloud.simulator_url), Alarms(deployment)
    ssm = deployment.client("ssm")
    under_way = {"SIMPLE": "in flight on Bedrock", "CALCULATION": "in flight on OpenAI"}
    simulator.script({"match": {"contains": "in flight"}, "count": None, "delay_ms": 3000})
    requests = [{"input": prompt, "tier": tier} for tier, prompt in under_way.items()]
    running = client.start(deployment, requests)
    prompts = under_way.values()
    wait_for(lambda: all(map(simulator.calls_with, prompts)), "the models were never called")
    alarms.quiet("config-errors")
    try:
        simulator.accept_keys("openai", "sk-local-rotated")  # the old key is revoked

        [refused] = client.start(deployment, [{"input": "old key", "tier": "CALCULATION"}])
        assert client.wait_for_execution(deployment, refused, 60)["error"] == "AccessDenied"
        [bedrock] = client.start(deployment, [{"input": "no key needed", "tier": "SIMPLE"}])
        for arn in (*running, bedrock):
            assert client.wait_for_execution(deployment, arn, 60)["status"] == "SUCCEEDED"
        alarms.wait_until_on("config-errors")

        ssm.put_parameter(
            Name=API_KEY_PARAMETER, Type="SecureString", Value="sk-local-rotated", Overwrite=True
        )

        assert client.eventually(lambda: _asks(deployment) == "SUCCEEDED", 60)
    finally:
        simulator.clear_script()
        simulator.accept_keys("openai", API_KEY, "sk-local-rotated")
        ssm.put_parameter(
            Name=API_KEY_PARAMETER, Type="SecureString", Value=API_KEY, Overwrite=True
        )


def _asks(deployment: Deployment) -> str:
    [arn] = client.start(deployment, [{"input": "new key", "tier": "CALCULATION"}])
    return str(client.wait_for_execution(deployment, arn, 60)["status"])
