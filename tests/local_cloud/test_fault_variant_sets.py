"""A file of variants on the deployed module: groups, each a run of the same machine."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal
from typing import Any

from cost_calculator.aws.items import from_item
from local import client
from local.deployment import Deployment
from tests.local_cloud.cloud_control import Emulator, wait_for
from tests.local_cloud.fault_table import Tell
from tests.local_cloud.simulator import Simulator
from tests.local_cloud.test_fault_workflows import assert_sums, report

WAIT = 120
KINDS = ("city", "river", "hill")
# Two requests of this size are a group: no state has room for a third.
FILLER = "x" * 80_000


class FileRun:
    """A run over a file of three variants in two groups: the first two, and the third."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.id = f"run-{uuid.uuid4().hex[:8]}"
        self.states = deployment.client("stepfunctions")
        self.machine = deployment.outputs["workflows"]["variants"]["state_machine_arn"]
        self.bucket = deployment.outputs["answers_bucket"]["name"]
        self.file = f"s3://{self.bucket}/variants/{self.id}.jsonl"
        lines = "".join(json.dumps({"kind": kind}) + "\n" for kind in KINDS)
        self.s3 = deployment.client("s3")
        self.s3.put_object(Bucket=self.bucket, Key=f"variants/{self.id}.jsonl", Body=lines.encode())

    def prompt(self, kind: str) -> str:
        return f"Name a {kind} of {self.id}. {FILLER}"

    def start(self) -> str:
        arn: str = self.states.start_execution(
            stateMachineArn=self.machine,
            input=json.dumps(
                {
                    "id": self.id,
                    "prompt": self.prompt("{{kind}}"),
                    "variants_s3": self.file,
                    "tier": "SIMPLE",
                    "max_tokens": 60,
                }
            ),
        )["executionArn"]
        return arn

    def ended(self, arn: str) -> dict[str, Any]:
        return client.wait_for_execution(self.deployment, arn, WAIT)

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows of the run's own executions: the whole's first, then the groups'."""
        found = self.deployment.client("dynamodb").query(
            TableName=self.deployment.usage_table,
            KeyConditionExpression="request_id = :key AND begins_with(#item, :run)",
            ExpressionAttributeNames={"#item": "item"},
            ExpressionAttributeValues={":key": {"S": self.id}, ":run": {"S": "WORKFLOW#"}},
            ConsistentRead=True,
        )
        return sorted(map(from_item, found["Items"]), key=lambda row: row.get("group", 0))

    def execution_of(self, group: int) -> str | None:
        """Return the execution of a group, if it has begun."""
        arns = (row["execution_arn"] for row in self.rows() if row.get("group") == group)
        return next(arns, None)

    def settled(self) -> dict[str, Any]:
        names = [f"{self.id}-variant-0{number}" for number in (1, 2, 3)]
        client.wait_until_settled(self.deployment, names, WAIT)
        return report(self.deployment, "--workflow", self.id)


def test_a_file_is_compared_by_groups_and_its_tree_is_what_its_rows_add_up_to(
    deployment: Deployment, emulator: Emulator, simulator: Simulator, tell: Tell
) -> None:
    told = tell("variants-file", "a run over a file, twice", "AskGroups > AskGroup, twice")
    run = FileRun(deployment)

    done = run.ended(run.start())

    assert done["status"] == "SUCCEEDED", done
    out = json.loads(done["output"])
    assert (out["status"], out["variants"]) == (
        "JUDGED", {"asked": 3, "answered": 3, "failed": 0}
    )  # fmt: skip
    assert [each["first"] for each in out["groups"]] == [1, 3]
    tree = run.settled()
    assert_sums(deployment, emulator)
    assert (tree["workflow"], tree["status"], len(tree["steps"])) == ("variants", "SUCCEEDED", 7)
    assert Decimal(tree["total"]["cost_usd"]) == Decimal(out["total"]["cost_usd"])
    assert [row.get("group") for row in run.rows()] == [None, 1, 3]
    key = out["results_s3"].removeprefix(f"s3://{run.bucket}/")
    every = json.loads(run.s3.get_object(Bucket=run.bucket, Key=key)["Body"].read())
    assert {line["variant"] for line in every["ranking"]} == {1, 2, 3}
    # Again, it pays nothing.
    calls = len(simulator.calls())
    again = json.loads(run.ended(run.start())["output"])
    assert len(simulator.calls()) == calls
    assert (again["total"], again["best"]) == (out["total"], out["best"])
    told.rows = "one for each request, three for the states of each run and its groups"
    told.money = f"${out['total']['cost_usd']} for models, once"


def test_a_group_that_is_stopped_fails_the_run_which_then_does_what_is_missing(
    deployment: Deployment, emulator: Emulator, simulator: Simulator, tell: Tell
) -> None:
    told = tell("variants-group", "the run of a group is stopped", "AskGroup > ReadGroupFailure")
    run = FileRun(deployment)
    slow = run.prompt("river")
    match = {"contains": f"Name a river of {run.id}."}
    simulator.script({"match": match, "count": 1, "delay_ms": 4000})
    arn = run.start()
    wait_for(lambda: simulator.calls_with(slow), "the model was never asked", WAIT)
    execution = run.execution_of(1)
    assert execution

    run.states.stop_execution(executionArn=execution)
    done = run.ended(arn)

    assert (done["status"], done["error"]) == ("FAILED", "GroupFailed")
    assert "from variant 1 on" in done["cause"]
    wait_for(lambda: run.rows()[1]["status"] == "ABORTED", "the group is not closed", WAIT)
    run.settled()
    again = run.ended(run.start())
    assert again["status"] == "SUCCEEDED", again
    out = json.loads(again["output"])
    assert out["variants"]["answered"] == 3
    assert len(simulator.calls_with(slow)) == 1
    tree = run.settled()
    assert_sums(deployment, emulator)
    assert Decimal(tree["total"]["cost_usd"]) == Decimal(out["total"]["cost_usd"])
    told.rows = "the group's own, ABORTED; each request once"
    told.money = f"${out['total']['cost_usd']} for models, once"
