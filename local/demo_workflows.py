"""Runs the workflows on top on the cloud that `make up` left running; prints answers and costs.

    python -m local.demo_workflows

The pages of `docs/` are the corpus. Each workflow takes its input from
`docs/workflows/<name>.example.json`, under an id of its own. Exits non-zero when a run fails. The
provider simulator is no judge, no planner, no writer and no reader: its scores, and its answers
from shared words, show only that the workflow works, and the models of the agent and of the
variants reply as `local/*_replies.json` say. With LLM_BASE_URL, set before `make up` and here, a
real model replies.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from cost_calculator.cli.workflow_tree import as_text
from local import client, cloud
from local.agent_tool import deploy_tool
from local.cloud import ROOT, Cloud
from local.demo_answers import answer, cut
from local.demo_corpus import take_in
from local.deployment import Deployment, existing
from local.isolation import isolate
from local.workflow_runs import read

_INPUTS = ROOT / "docs" / "workflows"
_REPLIES = [ROOT / "local" / f"{name}_replies.json" for name in ("agent", "variants")]
_SIMULATED = (
    "The models' answers and the judge's scores are simulated;"
    " workflows, retrieval, rows, prices and sums are real."
)
_ORDER = ("documents", "rag", "variants", "agent")
_SECONDS = 180


def main() -> int:
    """Run each deployed workflow once; the exit code is 0 when all have ended well."""
    isolate()
    running = cloud.running()
    if running is None:
        print("no local cloud runs in this checkout: make up", file=sys.stderr)
        return 2
    try:
        return run_all(existing(running))
    except KeyboardInterrupt:
        print("interrupted: make down stops the local cloud", file=sys.stderr)
        return 130


def run_all(deployment: Deployment) -> int:
    """Take the documents in, run each workflow that is deployed; 0 when all have ended well."""
    started = time.monotonic()
    machines: Mapping[str, Mapping[str, str]] = deployment.outputs["workflows"]
    if not os.environ.get("LLM_BASE_URL"):
        print(_SIMULATED + "\n")
    ended: dict[str, bool] = {}
    if "documents" in machines:
        ended = {each.run: each.is_in for each in take_in(deployment)}
    if "agent" in machines:
        deploy_tool(deployment)
    with _replies(deployment.cloud):
        for name in filter(machines.__contains__, _ORDER):
            run = f"{name}-{uuid.uuid4().hex[:8]}"
            ended[run] = _run(deployment, name, run, machines[name]["state_machine_arn"])
    if not ended:
        print("no workflow is deployed: see `workflows` in examples/local", file=sys.stderr)
        return 1
    print(f"\n{len(ended)} runs in {time.monotonic() - started:.0f} s. The last of them again:")
    print(f".venv/bin/faregate report --workflow {next(reversed(ended))}")
    return 0 if all(ended.values()) else 1


@contextmanager
def _replies(running: Cloud) -> Iterator[None]:
    """Let the provider simulator reply as the worked examples need it, for a while."""
    if os.environ.get("LLM_BASE_URL"):
        yield
        return
    for each in _REPLIES:
        _order(running, "POST", each.read_bytes())
    try:
        yield
    finally:
        _order(running, "DELETE", None)


def _order(running: Cloud, method: str, body: bytes | None) -> None:
    request = urllib.request.Request(
        f"{running.simulator_url}/_admin/script",
        data=body,
        method=method,
        headers={"Content-Type": "application/json"},
    )
    # A proxy has no part in what two programs of one machine exchange.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request, timeout=_SECONDS):
        pass


def _run(deployment: Deployment, name: str, run: str, machine_arn: str) -> bool:
    given: dict[str, Any] = json.loads(
        (_INPUTS / f"{name}.example.json").read_text(encoding="utf-8")
    )
    print(f"\n{name}: docs/workflows/{name}.example.json as {run}")
    if asked := given.get("question") or given.get("task"):
        print(f"“{cut(asked)}”")
    execution = deployment.client("stepfunctions").start_execution(
        stateMachineArn=machine_arn, input=json.dumps(given | {"id": run})
    )["executionArn"]
    try:
        ended = client.wait_for_execution(deployment, execution, _SECONDS)
    except TimeoutError:
        ended = {"status": "RUNNING", "error": "TimeoutError", "cause": f"after {_SECONDS} s"}
    is_well = bool(ended["status"] == "SUCCEEDED")
    if is_well:
        print(answer(json.loads(ended["output"])))
    else:
        print(f"{ended['status']}: {ended.get('error')}: {ended.get('cause')}")
    found = read(deployment, run)
    print(f"\n{as_text(found)}" if found else "nothing was asked")
    return is_well


if __name__ == "__main__":
    raise SystemExit(main())
