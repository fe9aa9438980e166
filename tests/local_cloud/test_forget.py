"""Forgetting on the local cloud: the texts of a request are gone, and its money stands."""

from __future__ import annotations

import json
import subprocess
import sys

from cost_calculator.row_keys import folder_of, key_of
from local import client
from local.cloud import ROOT
from local.deployment import Deployment
from tests.local_cloud.simulator import Simulator
from tests.support.patience import HANGS_SECONDS

SECRET = "forget: my name is Ada."


def forget(deployment: Deployment, *arguments: str) -> dict[str, int]:
    bucket = deployment.outputs["answers_bucket"]["name"]
    done = subprocess.run(
        [sys.executable, "-m", "router", "forget", "--usage-table", deployment.usage_table,
         "--answers-bucket", bucket, *arguments],
        cwd=ROOT, env=deployment.cloud.env(), capture_output=True, text=True, timeout=HANGS_SECONDS,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout)
    return found


def stored(deployment: Deployment, request_id: str, tenant: str = "faq") -> str:
    """Return everything that table and bucket hold of a request and its kept answer."""
    key = key_of(tenant, request_id)
    table = deployment.client("dynamodb").get_paginator("scan")
    rows = [
        item
        for page in table.paginate(TableName=deployment.usage_table, ConsistentRead=True)
        for item in page["Items"]
        if key in (item["request_id"]["S"], item.get("source", {}).get("S"))
    ]
    objects = deployment.client("s3").list_objects_v2(
        Bucket=deployment.outputs["answers_bucket"]["name"], Prefix=f"drafts/{folder_of(key)}/"
    )
    return json.dumps([rows, [found["Key"] for found in objects.get("Contents", [])]])


def test_a_request_is_forgotten_with_its_drafts_and_its_kept_answer(
    deployment: Deployment, simulator: Simulator
) -> None:
    schema = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    simulator.script(
        {"match": {"contains": SECRET}, "count": 1, "text": "Ada is no JSON"},
        {"match": {"contains": SECRET}, "count": 1, "text": '{"name": "Ada"}'},
    )
    request = {
        "input": SECRET, "tenant": "faq", "tier": "SIMPLE", "response_schema": schema,
        "metadata": {"user": "Ada"},
    }  # fmt: skip
    [arn] = client.start(deployment, [request])
    name = client.wait_for_execution(deployment, arn, 60)["name"]
    [before] = client.wait_until_settled(deployment, [name], 60, "faq")
    assert "Ada" in stored(deployment, name)
    assert f"drafts/faq/{name}/" in stored(deployment, name)

    which = ("--request-id", name, "--tenant", "faq")
    nobodys = forget(deployment, "--request-id", name)
    rehearsed = forget(deployment, *which, "--dry-run")
    assert "Ada" in stored(deployment, name)
    done = forget(deployment, *which)

    counted = {"requests": 1, "contents": 1, "kept_answers": 1, "objects": 1, "running": 0}
    counted |= {"batch_files": 0, "dead_letters": 0}
    assert set(nobodys.values()) == {0}
    assert rehearsed == {**counted, "dry_run": True}
    assert done == {**counted, "dry_run": False}
    assert "Ada" not in stored(deployment, name)
    assert f"drafts/faq/{name}/" not in stored(deployment, name)
    after = client.trace(deployment, name, "faq")
    assert (after.cost_usd, after.request["status"]) == (before.cost_usd, "SUCCEEDED")
    assert after.request["forgotten_at"]
    [again] = client.start(deployment, [request])
    outcome = json.loads(client.wait_for_execution(deployment, again, 60)["output"])
    assert "cached" not in outcome
