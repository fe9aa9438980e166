"""Runs the workflows on top on the cloud that `make up` left running; prints answers and costs.

    python -m local.demo_workflows

The pages of `docs/` are the corpus. Each workflow takes its input from
`docs/workflows/<name>.example.json`, under an id of its own. Exits non-zero when a run fails. The
provider simulator is no judge, no planner and no reader: its scores, and its answers from shared
words, show only that the workflow works, and the agent's models reply as `local/agent_replies.json`
says. With LLM_BASE_URL, set before `make up` and here, a real model replies.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

from cost_calculator.aws.workflow_rows import WorkflowRows
from cost_calculator.cli.workflow_tree import as_text
from cost_calculator.clock import iso
from cost_calculator.rates import default_rates
from cost_calculator.settlement import settle
from cost_calculator.workflow_cost import read_run
from local import client, cloud
from local.agent_tool import deploy_tool
from local.cloud import ROOT, Cloud
from local.deployment import Deployment, existing
from local.isolation import isolate

_INPUTS = ROOT / "docs" / "workflows"
_REPLIES = ROOT / "local" / "agent_replies.json"
_SECONDS = 180


def main() -> int:
    """Run each deployed workflow once; the exit code is 0 when all have ended well."""
    isolate()
    running = cloud.running()
    if running is None:
        print("no local cloud runs in this checkout: make up", file=sys.stderr)
        return 2
    deployment = existing(running)
    deploy_tool(deployment)
    machines: Mapping[str, Mapping[str, str]] = deployment.outputs["workflows"]
    if "documents" in machines:
        _take_in(deployment)
    with _replies(running):
        ended = [
            _run(deployment, name, each["state_machine_arn"]) for name, each in machines.items()
        ]
    return 0 if ended and all(ended) else 1


@contextmanager
def _replies(running: Cloud) -> Iterator[None]:
    """Let the provider simulator reply as the agent's worked example needs it, for a while."""
    if os.environ.get("LLM_BASE_URL"):
        yield
        return
    _order(running, "POST", _REPLIES.read_bytes())
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


def _take_in(deployment: Deployment) -> None:
    """Put the project's own documents into the corpus, and wait until all are searchable."""
    client_of_s3, corpus = deployment.client("s3"), deployment.outputs["corpus"]
    pages = sorted((ROOT / "docs").glob("*.md"))
    print(f"documents: {len(pages)} pages of docs/ into s3://{corpus['bucket']}/{corpus['folder']}")
    for page in pages:
        client_of_s3.put_object(
            Bucket=corpus["bucket"], Key=corpus["folder"] + page.name, Body=page.read_bytes()
        )

    def is_in() -> bool:
        found = client_of_s3.list_objects_v2(Bucket=corpus["bucket"], Prefix="chunks/")
        return int(found["KeyCount"]) >= len(pages)

    if not client.eventually(is_in, _SECONDS):
        print("not all pages are in the corpus: see the failures queue", file=sys.stderr)


def _run(deployment: Deployment, name: str, machine_arn: str) -> bool:
    given = json.loads((_INPUTS / f"{name}.example.json").read_text(encoding="utf-8"))
    run = f"{name}-{uuid.uuid4().hex[:8]}"
    print(f"\n{name}: docs/workflows/{name}.example.json as {run}")
    execution = deployment.client("stepfunctions").start_execution(
        stateMachineArn=machine_arn, input=json.dumps(given | {"id": run})
    )["executionArn"]
    ended = client.wait_for_execution(deployment, execution, _SECONDS)
    if ended["status"] != "SUCCEEDED":
        print(f"{ended['status']}: {ended.get('error')}: {ended.get('cause')}", file=sys.stderr)
    else:
        print(answer(json.loads(ended["output"])))
    print(tree(deployment, run))
    return bool(ended["status"] == "SUCCEEDED")


def answer(output: Mapping[str, Any]) -> str:
    """Return what a workflow answered, in a few lines."""
    lines = [f"status {output['status']}"]
    if "confidence" in output:
        return "\n".join([*lines, f"confidence {output['confidence']}", output["output"]])
    if "ranking" not in output:
        return "\n".join([*lines, *_found(output)])
    if best := output.get("best"):
        lines.append(f"best: variant {best['variant']}: {best['output']}")
    lines += [
        f"  variant {each['variant']}: score {each.get('score', '-')}, ${each['cost_usd']}"
        for each in output["ranking"]
    ]
    lines += [f"  variant {each['variant']} failed: {each['error']}" for each in output["failed"]]
    if tie := output.get("tie"):
        lines.append(f"  tie: {', '.join(map(str, tie))}; the cheapest is the best")
    return "\n".join(lines)


def _found(output: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the documents say, or what became of one."""
    if "source" in output:
        yield f"{output['source']}: {output['chunks']} chunks, {output['changed']} of them changed"
    if answered := output.get("answer") or output.get("missing") or output.get("analysis"):
        yield answered
    for each in output.get("citations", ()):
        yield f"  [{each['id']}] {each['source']}: {each['quote']}"
    for each in output.get("retrievers", ()):
        yield f"  {each['retriever']}: {each.get('error') or str(each['chunks']) + ' passages'}"


def tree(deployment: Deployment, run: str) -> str:
    """Return the run's steps with their costs, as `faregate report --workflow` shows them."""
    rows = WorkflowRows(deployment.client("dynamodb"), deployment.usage_table)
    at = iso(datetime.now(UTC))
    found = read_run(run, rows, partial(settle, rates=default_rates(), priced_at=at))
    return as_text(found) if found else "nothing was asked"


if __name__ == "__main__":
    raise SystemExit(main())
