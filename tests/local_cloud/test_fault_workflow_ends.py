"""A run of a workflow on top that ends without its own last state, on the deployed module."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal
from typing import Any

from cost_calculator.aws.items import from_item
from cost_calculator.row_keys import key_of
from local import client
from local.deployment import Deployment
from tests.local_cloud.cloud_control import Emulator, wait_for
from tests.local_cloud.door import door_of
from tests.local_cloud.fault_table import Tell
from tests.local_cloud.simulator import Simulator
from tests.local_cloud.test_fault_workflows import assert_sums, report

LONG_AGO = "2026-01-01T00:00:00.000Z"
WAIT = 90


class Run:
    """A run of variants, of a tenant of its own, whose second variant hangs."""

    def __init__(self, deployment: Deployment, simulator: Simulator) -> None:
        self.deployment, self.simulator = deployment, simulator
        self.id = f"run-{uuid.uuid4().hex[:8]}"
        self.tenant = f"ends-{uuid.uuid4().hex[:8]}"
        self.slow = f"Name a river of {self.id}."
        simulator.script({"match": {"contains": self.slow}, "count": None, "delay_ms": 6000})
        self.arn: str = deployment.client("stepfunctions").start_execution(
            stateMachineArn=deployment.outputs["workflows"]["variants"]["state_machine_arn"],
            input=json.dumps(
                {
                    "id": self.id,
                    "tenant": self.tenant,
                    "prompt": f"Name a {{{{kind}}}} of {self.id}.",
                    "variants": [{"kind": "city"}, {"kind": "river"}],
                    "tier": "SIMPLE",
                }
            ),
        )["executionArn"]

    def stop(self) -> None:
        """Stop it while one variant has answered and the other is asked."""
        wait_for(lambda: self.simulator.calls_with(self.slow), "the model was never asked")
        wait_for(self.has_answer, "the first variant has no answer")
        self.deployment.client("stepfunctions").stop_execution(executionArn=self.arn)

    def has_answer(self) -> bool:
        step = client.trace(self.deployment, f"{self.id}-variant-01", self.tenant)
        return step.request.get("status") == "SUCCEEDED"

    @property
    def row(self) -> dict[str, Any]:
        name = self.arn.rsplit(":", 1)[1]
        found = self.deployment.client("dynamodb").get_item(
            TableName=self.deployment.usage_table, Key=self.key(name), ConsistentRead=True
        )
        return from_item(found.get("Item", {}))

    def key(self, name: str) -> Any:
        key = key_of(self.tenant, self.id)
        return {"request_id": {"S": key}, "item": {"S": f"WORKFLOW#{name}"}}

    def closed(self, status: str) -> dict[str, Any]:
        wait_for(lambda: self.row.get("status") == status, f"the run is not {status}", WAIT)
        wait_for(lambda: "overhead_usd" in self.row, "the run has no price", WAIT)
        steps = [f"{self.id}-variant-0{number}" for number in (1, 2)]
        client.wait_until_settled(self.deployment, steps, WAIT, self.tenant)
        return self.row

    def shown(self) -> dict[str, Any]:
        return report(self.deployment, "--workflow", self.id, "--tenant", self.tenant)


def test_a_run_that_is_aborted_says_so_with_what_its_steps_cost(
    deployment: Deployment, emulator: Emulator, simulator: Simulator, tell: Tell
) -> None:
    told = tell("workflow-aborted", "StopExecution in mid-call", "AskVariants > (record_outcome)")
    run = Run(deployment, simulator)
    wait_for(lambda: run.row, "the run has no row from its beginning")
    assert run.row["status"] == "RUNNING"

    run.stop()

    row = run.closed("ABORTED")
    assert row["cause"] == "Aborted"
    assert row["transitions"] >= 4
    assert_sums(deployment, emulator)
    shown = run.shown()
    assert shown == door_of(deployment, run.tenant).call("GET", f"/workflows/{run.id}").json()
    assert (shown["status"], shown["cause"]) == ("ABORTED", "Aborted")
    assert Decimal(shown["own_overhead_usd"]) == row["overhead_usd"] > 0
    # AWS also stops its children; the emulator lets them end.
    assert shown["steps"][0]["status"] == "SUCCEEDED"
    assert Decimal(shown["total"]["cost_usd"]) > 0
    told.rows = "the run's own, ABORTED; a row for each step"
    told.money = f"${shown['total']['total_usd']}, as the rows add up"


def test_a_run_over_its_time_says_so(
    deployment: Deployment, emulator: Emulator, simulator: Simulator, tell: Tell
) -> None:
    told = tell("workflow-over-time", "TimeoutSeconds of the machine: 3", "AskVariants (TIMED_OUT)")
    with emulator.workflow_limit(3, "variants"):
        run = Run(deployment, simulator)
        row = run.closed("TIMED_OUT")

    assert row["cause"] == "WorkflowTimedOut"
    assert_sums(deployment, emulator)
    assert run.shown()["status"] == "TIMED_OUT"
    told.rows = "the run's own, TIMED_OUT; a row for each step"
    told.money = f"${run.shown()['total']['total_usd']}, as the rows add up"


def test_the_sweep_closes_a_run_whose_end_no_event_told(
    deployment: Deployment, emulator: Emulator, simulator: Simulator, tell: Tell
) -> None:
    told = tell("workflow-event-lost", "StopExecution, no event; 17 minutes pass", "(sweep)")
    with emulator.no_events():
        run = Run(deployment, simulator)
        run.stop()
    assert run.row["status"] == "RUNNING"
    deployment.client("dynamodb").update_item(
        TableName=deployment.usage_table,
        Key=run.key(run.arn.rsplit(":", 1)[1]),
        UpdateExpression="SET queued_at = :then",
        ExpressionAttributeValues={":then": {"S": LONG_AGO}},
    )

    assert emulator.sweep()["closed"] >= 1

    assert run.closed("ABORTED")["cause"] == "Aborted"
    assert_sums(deployment, emulator)
    told.rows = "the run's own, ABORTED"
    told.money = f"${run.shown()['total']['total_usd']}, as the rows add up"
