"""Puts the project's own documents into the corpus, and waits until each has been taken in.

S3's events start the runs, as on AWS; a run's name follows from the bucket, the key and the version
that the upload returned.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cost_calculator.contributions import Sums, add
from cost_calculator.workflow_cost import WorkflowRun
from cost_calculator.workflow_figures import money
from local import client
from local.cloud import ROOT
from local.deployment import Deployment
from local.workflow_runs import read
from router.workflows.documents.changed import input_of

_PAGES = ROOT / "docs"
_SECONDS = 180


@dataclass(frozen=True, slots=True)
class TakenIn:
    """A page's run: how it ended, and what it cost."""

    run: str
    page: str
    ended: dict[str, Any]
    cost: WorkflowRun | None

    @property
    def is_in(self) -> bool:
        return bool(self.ended["status"] == "SUCCEEDED")

    @property
    def output(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.ended["output"])
        return found


def take_in(deployment: Deployment) -> list[TakenIn]:
    """Upload the pages of `docs/`, wait for their runs, and say what became of them."""
    pages = sorted(_PAGES.glob("*.md"))
    corpus = deployment.outputs["corpus"]
    print(f"documents: {len(pages)} pages of docs/ into s3://{corpus['bucket']}/{corpus['folder']}")
    started = time.monotonic()
    runs = [_upload(deployment, page.name, page.read_bytes()) for page in pages]
    taken = [
        TakenIn(run, page.name, _end_of(deployment, run), read(deployment, run))
        for run, page in zip(runs, pages, strict=True)
    ]
    print("\n".join(summary(taken, time.monotonic() - started)))
    return taken


def summary(taken: list[TakenIn], seconds: float) -> Iterator[str]:
    """Yield what became of the pages, and what that cost."""
    good = [each for each in taken if each.is_in]
    chunks, changed = (sum(each.output[name] for each in good) for name in ("chunks", "changed"))
    yield (
        f"{len(good)} of {len(taken)} pages are in, in {seconds:.0f} s:"
        f" {chunks} chunks, {changed} of them new or changed"
    )
    yield f"together {_dollars(add(each.cost.total for each in taken if each.cost))}"
    for each in taken:
        if not each.is_in:
            yield f"  {each.page}: {each.ended['status']}: {each.ended.get('cause')}"


def _dollars(sums: Sums) -> str:
    shown = money(sums)
    cost = shown["cost_usd"]
    models = "of a cost that is not known" if cost is None else f"${cost:.6f}"
    overhead = shown["overhead_usd"] or Decimal(0)
    return f"{models} for embeddings, ${overhead:.6f} for states and functions"


def _upload(deployment: Deployment, name: str, body: bytes) -> str:
    bucket, folder = (deployment.outputs["corpus"][part] for part in ("bucket", "folder"))
    key = f"{folder}{name}"
    put = deployment.client("s3").put_object(Bucket=bucket, Key=key, Body=body)
    at = {"key": key, "version-id": put["VersionId"]}
    return input_of({"detail": {"bucket": {"name": bucket}, "object": at}})["id"]


def _end_of(deployment: Deployment, run: str) -> dict[str, Any]:
    states = deployment.client("stepfunctions")
    machine: str = deployment.outputs["workflows"]["documents"]["state_machine_arn"]
    execution = f"{machine.replace(':stateMachine:', ':execution:')}:{run}"

    def has_begun() -> bool:
        try:
            states.describe_execution(executionArn=execution)
        except states.exceptions.ExecutionDoesNotExist:
            return False
        return True

    if not client.eventually(has_begun, _SECONDS):
        return {"status": "NOT STARTED", "cause": "no event of the bucket has started a run"}
    return client.wait_for_execution(deployment, execution, _SECONDS)
