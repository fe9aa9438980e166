"""The same requests under two interpreters: the local cloud's, and the one of `tests/workflow`.

Neither is AWS. Where they differ, one of them has a habit of its own, or the definition leans on
something that nobody has written down: a difference fails.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from local import client, cloud_time
from local.cloud import ROOT
from local.deployment import Deployment
from tests.local_cloud.cloud_control import Emulator, wait_for
from tests.local_cloud.simulator import Simulator
from tests.support.patience import HANGS_SECONDS
from tests.workflow.comparing import differences
from tests.workflow.interpreter import runs
from tests.workflow.interpreter.runs import Ran
from tests.workflow.interpreter.world import world
from tests.workflow.performing import perform
from tests.workflow.scenarios import FITS, SCENARIOS, Scenario
from tests.workflow.settings import CONFIG

SHOWN = [scenario for scenario in SCENARIOS if not scenario.second_alone]
WAIT = 180
REVIEW_SECONDS = 3
# More of them at a time would outlast time limits of their own on a busy machine.
SIDE_BY_SIDE = 24


@pytest.fixture(scope="module")
def second() -> Mapping[str, Ran]:
    """What the other interpreter makes of each; it is over before anyone else uses boto3."""
    with world(CONFIG) as made:
        return {scenario.name: perform(made, scenario) for scenario in SHOWN}


@pytest.fixture(scope="module")
def first(deployment: Deployment, emulator: Emulator) -> Iterator[Mapping[str, Ran]]:
    """What the local cloud made of each scenario; all run side by side."""
    simulator = Simulator(deployment.cloud.simulator_url)
    simulator.script(*(rule for scenario in SHOWN for rule in scenario.scripted))
    with emulator.settings("invoke_model", MODEL_TIMEOUT_SECONDS="4"):
        yield _all(deployment)
    simulator.clear_script()


def test_both_plan_by_the_same_configuration(deployment: Deployment, emulator: Emulator) -> None:
    deployed = emulator.config_of()

    assert {name: deployed[name] for name in CONFIG} == CONFIG


@pytest.mark.parametrize("scenario", SHOWN, ids=lambda scenario: scenario.name)
def test_both_interpreters_do_the_same(
    scenario: Scenario, first: Mapping[str, Ran], second: Mapping[str, Ran]
) -> None:
    assert differences(first[scenario.name], second[scenario.name]) == []


def _all(deployment: Deployment) -> dict[str, Ran]:
    started: dict[str, str] = {}
    with _impatient_reviews(deployment):
        for scenario in SHOWN:
            if scenario.human == "nobody":
                [started[scenario.name]] = client.start(deployment, [scenario.input])
        wait_for(
            lambda: all(_waits(deployment, arn) for arn in started.values()), "no review waits"
        )
    others = [scenario for scenario in SHOWN if scenario.name not in started]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        started |= pool.map(partial(_performed, deployment), others)
    until = cloud_time.now() + WAIT
    return {it.name: _ran(deployment, it, started[it.name], until) for it in SHOWN}


def _performed(deployment: Deployment, scenario: Scenario) -> tuple[str, str]:
    """Run a scenario and what must have been before it; return its name and its run's ARN."""
    for earlier in client.start(deployment, scenario.earlier):
        client.wait_for_execution(deployment, earlier, WAIT)
    [arn] = client.start(deployment, [scenario.input])
    if scenario.human:
        _decide(deployment, scenario, arn)
    client.wait_for_execution(deployment, arn, WAIT)
    return scenario.name, arn


def _decide(deployment: Deployment, scenario: Scenario, arn: str) -> None:
    wait_for(lambda: _waits(deployment, arn), f"{scenario.name} waits for nobody")
    if scenario.human == "abort":
        deployment.client("stepfunctions").stop_execution(executionArn=arn)
        return
    text = ["-"] if scenario.human == "edit" else []
    decision = [str(scenario.human), arn.rsplit(":", 1)[-1], *text, "--by", "ann"]
    subprocess.run(
        [sys.executable, "-m", "router", "review", *decision],
        cwd=ROOT, env=deployment.cloud.env(), input=FITS, text=True, check=True,
        timeout=HANGS_SECONDS, capture_output=True,
    )  # fmt: skip


def _waits(deployment: Deployment, arn: str) -> bool:
    review = _rows(deployment, arn.rsplit(":", 1)[-1]).get("REVIEW", {})
    return "task_token" in review or "decision" in review


def _ran(deployment: Deployment, scenario: Scenario, arn: str, until: float) -> Ran:
    run = client.wait_for_execution(deployment, arn, WAIT)
    key = runs.key_of(scenario.input, run["name"])
    if scenario.status is not None:
        # One that never settles is a difference of its own, and no reason to know no other.
        client.eventually(lambda: _is_settled(_rows(deployment, key)), until - cloud_time.now())
    pages = (
        deployment.client("stepfunctions")
        .get_paginator("get_execution_history")
        .paginate(executionArn=arn)
    )
    events = [event for page in pages for event in page["events"]]
    return Ran(
        run["name"],
        arn,
        run["status"],
        run.get("error"),
        run.get("cause"),
        json.loads(run["output"]) if "output" in run else None,
        tuple(runs.entered(events)),
        tuple(runs.retried(events)),
        _rows(deployment, key),
    )


def _is_settled(rows: Mapping[str, Mapping[str, Any]]) -> bool:
    open_still = rows.get("REQUEST", {}).get("status") in (None, "ACCEPTED", "PENDING_REVIEW")
    return not open_still and all(row.get("cost_status") != "PENDING" for row in rows.values())


def _rows(deployment: Deployment, key: str) -> dict[str, dict[str, Any]]:
    found = deployment.client("dynamodb").query(
        TableName=deployment.usage_table,
        KeyConditionExpression="request_id = :id",
        ExpressionAttributeValues={":id": {"S": key}},
        ConsistentRead=True,
    )
    return runs.by_item(found["Items"])


@contextmanager
def _impatient_reviews(deployment: Deployment) -> Iterator[None]:
    """Let the tasks that wait for a human wait for less long, for a while."""
    machines = deployment.client("stepfunctions")
    arn = deployment.state_machine_arn
    before = machines.describe_state_machine(stateMachineArn=arn)["definition"]
    changed = json.loads(before)
    for state in changed["States"].values():
        if str(state.get("Resource")).endswith(".waitForTaskToken"):
            state["TimeoutSeconds"] = REVIEW_SECONDS
    machines.update_state_machine(stateMachineArn=arn, definition=json.dumps(changed))
    try:
        yield
    finally:
        machines.update_state_machine(stateMachineArn=arn, definition=before)
