"""The queue and the batch under load: how long a burst takes to drain, how long a file to run."""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from local import client, cloud_time
from local.deployment import Deployment

_WAIT = 3600.0
_LOOK_AGAIN_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Ran:
    """A burst or a file: how many prompts, how they ended, how many are priced, in which time."""

    door: str
    prompts: int
    statuses: Mapping[str, int]
    priced: int
    seconds: float

    @property
    def answered(self) -> int:
        return self.statuses.get("SUCCEEDED", 0)

    @property
    def is_whole(self) -> bool:
        """Whether nothing was lost and nothing has no cost."""
        return self.answered == self.priced == self.prompts


def queue(deployment: Deployment) -> Callable[[str], None]:
    """Return the queue as a door: it sends one prompt and returns when its answer is there."""
    aws, url = deployment.client("sqs"), deployment.outputs["queue"]["url"]

    def ask(prompt: str) -> None:
        request_id = f"load-{uuid.uuid4().hex}"
        body = {"input": prompt, "tier": "SIMPLE", "request_id": request_id}
        aws.send_message(QueueUrl=url, MessageBody=json.dumps(body))
        deadline = cloud_time.now() + 90
        while client.trace(deployment, request_id).output is None:
            assert cloud_time.now() < deadline, f"{request_id} has no answer"
            time.sleep(_LOOK_AGAIN_SECONDS)

    return ask


def burst(deployment: Deployment, count: int) -> Ran:
    """Send messages as fast as the queue takes them, and wait until each one's cost is known."""
    aws, url = deployment.client("sqs"), deployment.outputs["queue"]["url"]
    run = uuid.uuid4().hex[:12]
    ids = [f"load-{run}-{number}" for number in range(count)]

    def send(start: int) -> None:
        bodies = [
            {"input": f"What is {n} plus {n}? ({run})", "tier": "SIMPLE", "request_id": ids[n]}
            for n in range(start, min(start + 10, count))
        ]
        entries = [{"Id": str(n), "MessageBody": json.dumps(b)} for n, b in enumerate(bodies)]
        aws.send_message_batch(QueueUrl=url, Entries=entries)

    began = time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(0, count, 10)))
    traces = client.wait_until_settled(deployment, ids, _WAIT)
    seconds = time.perf_counter() - began
    statuses = Counter(str(traced.request.get("status")) for traced in traces)
    return Ran("queue", count, dict(statuses), sum(traced.priced for traced in traces), seconds)


def file(deployment: Deployment, count: int) -> Ran:
    """Run a file of prompts as one batch."""
    where, batch_id = deployment.outputs["batch"], f"load{uuid.uuid4().hex[:12]}"
    key = f"batches/{batch_id}/input.jsonl"
    lines = (
        json.dumps({"input": f"What is {n} plus {n}? ({batch_id})", "tier": "SIMPLE"})
        for n in range(count)
    )
    deployment.client("s3").put_object(Bucket=where["bucket"], Key=key, Body="\n".join(lines))
    began = time.perf_counter()
    started = deployment.client("stepfunctions").start_execution(
        stateMachineArn=where["state_machine_arn"],
        name=batch_id,
        input=json.dumps({"batch_id": batch_id, "key": key}),
    )
    ended = client.wait_for_execution(deployment, started["executionArn"], _WAIT)
    seconds = time.perf_counter() - began
    summary: dict[str, Any] = json.loads(ended.get("output") or "{}")
    priced = summary.get("prompts", 0) - summary.get("cost_not_known", 0)
    return Ran("batch", count, summary.get("statuses", {}), priced, seconds)


def table_of(ran: list[Ran]) -> Table:
    """Return what ran as a table."""
    table = Table("door", "prompts", "answered", "priced", "seconds", "prompts/s")
    for each in ran:
        counts = (each.prompts, each.answered, each.priced)
        rate = each.prompts / each.seconds
        table.add_row(each.door, *(f"{n:,}" for n in counts), f"{each.seconds:.1f}", f"{rate:.1f}")
    return table
