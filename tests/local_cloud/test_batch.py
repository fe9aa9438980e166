"""A file of prompts through the deployed batch; again, and nothing is paid twice."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from typing import Any

import pytest

from local import client
from local.deployment import Deployment
from tests.local_cloud.cloud_control import Emulator, limited_to, spend_totals, states_entered
from tests.local_cloud.simulator import Simulator

# Leaves thousands of rows, and some tests price again all that there is.
pytestmark = pytest.mark.runs("late")

PROMPTS = 300  # `make load` runs 10,000
MONEY = ("cost_usd", "baseline_usd", "overhead_usd")


def put(deployment: Deployment, batch_id: str, text: str, ending: str = "jsonl") -> str:
    key = f"batches/{batch_id}/input.{ending}"
    bucket = deployment.outputs["batch"]["bucket"]
    deployment.client("s3").put_object(Bucket=bucket, Key=key, Body=text.encode())
    return key


def run(deployment: Deployment, batch_id: str, key: str, seconds: float = 240) -> dict[str, Any]:
    """Run a batch; answer the execution's end."""
    started = deployment.client("stepfunctions").start_execution(
        stateMachineArn=deployment.outputs["batch"]["state_machine_arn"],
        name=f"{batch_id}-{uuid.uuid4().hex[:6]}",
        input=json.dumps({"batch_id": batch_id, "key": key}),
    )
    return client.wait_for_execution(deployment, started["executionArn"], seconds)


def summary_of(ended: dict[str, Any]) -> dict[str, Any]:
    assert ended["status"] == "SUCCEEDED", (ended.get("error"), ended.get("cause"))
    summary: dict[str, Any] = json.loads(ended["output"])
    return summary


def read(deployment: Deployment, key: str) -> str:
    bucket = deployment.outputs["batch"]["bucket"]
    body = deployment.client("s3").get_object(Bucket=bucket, Key=key)["Body"]
    return str(body.read().decode())


def results(deployment: Deployment, batch_id: str) -> list[dict[str, Any]]:
    manifest = json.loads(read(deployment, f"batches/{batch_id}/manifest.json"))
    return [
        json.loads(line)
        for key in manifest["results"]
        for line in read(deployment, key).splitlines()
    ]


def new_id() -> str:
    return f"b{uuid.uuid4().hex[:10]}"


def prompts(count: int, tag: str) -> str:
    lines = [
        {"id": f"own-{n}", "input": f"{tag}: what is {n} plus {n}?", "tier": "SIMPLE"}
        for n in range(count)
    ]
    return "\n".join(map(json.dumps, lines))


def test_every_prompt_has_a_result_and_is_summed_once_and_a_rerun_pays_nothing(
    deployment: Deployment, simulator: Simulator
) -> None:
    batch_id, before = new_id(), spend_totals(deployment)
    key = put(deployment, batch_id, prompts(PROMPTS, batch_id) + "\nno json\n")

    summary = summary_of(run(deployment, batch_id, key))
    answered = results(deployment, batch_id)
    calls = len(simulator.calls())
    again = summary_of(run(deployment, batch_id, key))

    assert summary["statuses"] == {"SUCCEEDED": PROMPTS}
    assert (summary["bad_lines"], summary["prompts_missing"]) == (1, 0)
    assert [record["id"] for record in answered] == [f"own-{n}" for n in range(PROMPTS)]
    assert all(record["output"] and record["model"] for record in answered)
    assert summary["cost_not_known"] == 0
    added = spend_totals(deployment) - before
    assert (added["requests"], added["attempts"]) == (PROMPTS, PROMPTS)
    assert [str(added[name].normalize()) for name in MONEY] == [summary[name] for name in MONEY]
    assert Counter(record["cost_status"] for record in answered) == {"PRICED": PROMPTS}
    bad = json.loads(read(deployment, f"batches/{batch_id}/bad-lines/0001.jsonl"))
    assert bad["line"] == PROMPTS + 1
    assert len(simulator.calls()) == calls
    assert again["cost_usd"] == summary["cost_usd"]


def test_a_chunk_whose_function_dies_is_run_to_its_end_and_no_prompt_twice(
    deployment: Deployment, emulator: Emulator
) -> None:
    batch_id = new_id()
    key = put(deployment, batch_id, prompts(20, batch_id))
    emulator.kill("run_chunk", count=1, after_ms=400)

    summary = summary_of(run(deployment, batch_id, key))

    assert emulator.deaths_to_come("run_chunk") == 0
    assert summary["statuses"] == {"SUCCEEDED": 20}
    for number in range(1, 21):
        assert len(client.trace(deployment, f"{batch_id}-{number}").attempts) == 1


def test_a_file_past_one_map_run_goes_on_with_the_next(
    deployment: Deployment, emulator: Emulator
) -> None:
    batch_id = new_id()
    key = put(deployment, batch_id, prompts(201, batch_id))

    with emulator.timeout("split_batch", 60):  # so little time ends a round after its first chunk
        ended = run(deployment, batch_id, key)

    assert summary_of(ended)["statuses"] == {"SUCCEEDED": 201}
    assert [record["id"] for record in results(deployment, batch_id)] == [
        f"own-{n}" for n in range(201)
    ]
    assert states_entered(deployment, ended["executionArn"]).count("RunChunks") == 3


def test_csv_runs_as_well_and_what_fails_is_a_result(
    deployment: Deployment, simulator: Simulator
) -> None:
    batch_id = new_id()
    rows = [f'1,"Say ""{batch_id}"",\nplease",SIMPLE', f"2,fail {batch_id},SIMPLE", "3,hi,NOPE"]
    key = put(deployment, batch_id, "id,input,tier\n" + "\n".join(rows) + "\n", "csv")
    simulator.script({"match": {"contains": f"fail {batch_id}"}, "status": 400, "count": None})

    summary = summary_of(run(deployment, batch_id, key))
    first, second, third = results(deployment, batch_id)

    assert (first["id"], first["line"], first["status"]) == ("1", 2, "SUCCEEDED")
    assert (second["status"], second["cause"]) == ("FAILED", "InvalidModelRequest")
    assert (third["status"], third["cause"]) == ("REJECTED", "InvalidRequest")
    assert "tier" in third["detail"]
    assert summary["complete"] is False


def test_what_a_tenants_rate_refused_is_missing_and_runs_when_the_file_is_submitted_again(
    deployment: Deployment, emulator: Emulator, simulator: Simulator
) -> None:
    batch_id = new_id()
    lines = [{"input": f"{batch_id} {n}", "tenant": batch_id, "tier": "SIMPLE"} for n in range(3)]
    key = put(deployment, batch_id, "\n".join(map(json.dumps, lines)))

    with emulator.impatient(), emulator.configured(tenants=limited_to(2, batch_id)):
        refused = summary_of(run(deployment, batch_id, key))
    calls = len(simulator.calls())
    whole = summary_of(run(deployment, batch_id, key))

    assert (refused["statuses"], refused["complete"]) == ({"SUCCEEDED": 2, "REJECTED": 1}, False)
    assert (whole["statuses"], whole["complete"]) == ({"SUCCEEDED": 3}, True)
    assert len(simulator.calls()) == calls + 1


def test_a_file_that_is_not_there_is_told_and_not_tried_again(deployment: Deployment) -> None:
    batch_id = new_id()

    ended = run(deployment, batch_id, f"batches/{batch_id}/input.jsonl", 60)

    assert (ended["status"], ended["error"]) == ("FAILED", "InvalidBatch")
    assert "put the file below" in ended["cause"]
