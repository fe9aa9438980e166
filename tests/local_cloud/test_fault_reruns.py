"""What failed is run again: by its own id, once, and counted once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any
from uuid import uuid4

from cost_calculator.cli.reconcile import reconcile_tables
from local import client
from local.cloud import ROOT
from local.deployment import Deployment
from router.executions.names import execution_name
from tests.local_cloud.cloud_control import Emulator
from tests.local_cloud.fault_table import Tell
from tests.local_cloud.simulator import Simulator
from tests.soak.run import ledger

THROTTLED = {"status": 429, "code": "ThrottlingException", "message": "Too many requests"}


def command(deployment: Deployment, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """Run `python -m router …` on the deployment; return its exit code and its JSON lines."""
    ran = subprocess.run(
        [sys.executable, "-m", "router", *arguments, "--json"],
        env={**os.environ, **deployment.cloud.env()},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode in (0, 1), ran.stderr
    return ran.returncode, [json.loads(line) for line in ran.stdout.splitlines() if line]


def fail(deployment: Deployment, simulator: Simulator, tenant: str, count: int) -> list[str]:
    """Send requests that every model throttles; return their ids once they have failed."""
    simulator.script({"match": {"contains": f"[{tenant}]"}, "count": None, **THROTTLED})
    asks = [{"input": f"[{tenant}] {n}", "tier": "SIMPLE", "tenant": tenant} for n in range(count)]
    arns = client.start(deployment, asks)
    ids = [client.wait_for_execution(deployment, arn, 90)["name"] for arn in arns]
    traces = client.wait_until_settled(deployment, ids, 60, tenant)
    assert {traced.request["status"] for traced in traces} == {"FAILED"}
    simulator.clear_script()
    return ids


def test_what_failed_is_run_again_under_its_own_id_and_counted_once(
    deployment: Deployment, emulator: Emulator, simulator: Simulator, tell: Tell
) -> None:
    told = tell("rerun", "every model: 429; later `router rerun`, twice", "InvokeHaiku")
    tenant = f"once-{uuid4().hex[:8]}"
    ids = fail(deployment, simulator, tenant, 3)
    arguments = ("rerun", "--since", "1h", "--cause", "THROTTLED", "--tenant", tenant)

    planned = command(deployment, *arguments, "--dry-run")
    first = command(deployment, *arguments)
    second = command(deployment, *arguments)
    for started in first[1]:
        arn = f"{deployment.state_machine_arn.replace(':stateMachine:', ':execution:')}"
        client.wait_for_execution(deployment, f"{arn}:{started['started']}", 60)
    traces = client.wait_until_settled(deployment, ids, 60, tenant)
    third = command(deployment, *arguments)

    told.found(traces[0])
    assert [line["started"] for line in planned[1]] == [None] * 3
    assert {line["started"] for line in first[1]} == {execution_name(tenant, i, run=2) for i in ids}
    assert {line["started"] for line in second[1]} <= {line["started"] for line in first[1]} | {
        None
    }
    assert third == (0, [])
    for traced in traces:
        assert (traced.request["status"], int(traced.request["runs"])) == ("SUCCEEDED", 2)
        assert [row["item"] for row in traced.attempts] == [
            "ATTEMPT#01", "ATTEMPT#02", "ATTEMPT#03",
        ]  # fmt: skip
        assert [row["outcome"] for row in traced.attempts] == ["THROTTLED", "THROTTLED", "OK"]
        assert traced.output
        earlier = traced.request["earlier_overhead_usd"]
        assert traced.request["overhead_usd"] > earlier > 0
    accounted = sum(1 + int(row["retries"]) for traced in traces for row in traced.attempts)
    made = sum(len(simulator.calls_with(f"[{tenant}] {n}")) for n in range(3))
    assert made == accounted

    emulator.drain()
    store = ledger(deployment)
    assert reconcile_tables(store).differences == ()
    cells = [cell for cell in store.all_cells() if cell["cell"].startswith(f"{tenant}#")]
    assert sum(cell.get("requests", 0) for cell in cells) == 3
    assert sum(cell.get("failures", 0) for cell in cells) == 0
    assert sum(cell.get("attempts", 0) for cell in cells) == 9


def test_a_run_that_fails_again_may_be_run_a_third_time(
    deployment: Deployment, simulator: Simulator
) -> None:
    tenant = f"thrice-{uuid4().hex[:8]}"
    [request_id] = fail(deployment, simulator, tenant, 1)
    arguments = ("rerun", "--since", "1h", "--tenant", tenant)
    runs = deployment.state_machine_arn.replace(":stateMachine:", ":execution:")
    simulator.script({"match": {"contains": f"[{tenant}]"}, "count": None, "status": 403})
    command(deployment, *arguments)
    again = client.wait_for_execution(
        deployment, f"{runs}:{execution_name(tenant, request_id, run=2)}", 60
    )
    client.wait_until_settled(deployment, [request_id], 60, tenant)
    simulator.clear_script()

    _, [line] = command(deployment, *arguments)
    client.wait_for_execution(deployment, f"{runs}:{line['started']}", 60)

    [traced] = client.wait_until_settled(deployment, [request_id], 60, tenant)
    assert again["error"] == "AccessDenied"
    assert line["started"] == execution_name(tenant, request_id, run=3)
    assert traced.request["status"] == "SUCCEEDED"
    assert [row["outcome"] for row in traced.attempts] == [
        "THROTTLED", "THROTTLED", "REJECTED", "OK",
    ]  # fmt: skip
    assert int(traced.request["attempts"]) == 4
