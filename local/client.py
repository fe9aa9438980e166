"""Sends requests through the deployed workflow and waits for their rows and costs.

It waits in the cloud's time, which passes more slowly on a busy machine.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from cost_calculator.aws.items import from_item
from cost_calculator.row_keys import DEFAULT_TENANT, key_of
from local import cloud_time
from router.recording.answer_row import stored_answer

_POLL_SECONDS = 0.2


class Deployed(Protocol):
    """A deployment, on the local cloud or on AWS."""

    @property
    def client(self) -> Callable[[str], Any]: ...

    @property
    def state_machine_arn(self) -> str: ...

    @property
    def usage_table(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Traced:
    """A request as its rows have it; money is None while a part of it is not known."""

    request_id: str
    request: Mapping[str, Any]
    attempts: Sequence[Mapping[str, Any]]
    output: str | None

    @property
    def settled(self) -> bool:
        """Whether the request is terminal and nothing of it waits for a price."""
        rows = [self.request, *self.attempts]
        return self.request.get("status", "ACCEPTED") != "ACCEPTED" and all(
            row.get("cost_status") not in (None, "PENDING") for row in rows
        )

    @property
    def priced(self) -> bool:
        """Whether every attempt's cost is known."""
        return self.settled and all(row["cost_status"] == "PRICED" for row in self.attempts)

    @property
    def cost_usd(self) -> Decimal | None:
        return _sum([row.get("cost_usd") for row in self.attempts])

    @property
    def baseline_usd(self) -> Decimal | None:
        return _sum([row.get("baseline_usd") for row in self.attempts])

    @property
    def overhead_usd(self) -> Decimal | None:
        """What ran around the models; an attempt without a Lambda has none of its own."""
        own = [row["overhead_usd"] for row in self.attempts if "overhead_usd" in row]
        return _sum([self.request.get("overhead_usd"), *own])

    def tokens(self, *classes: str) -> int | None:
        """Return the tokens of these classes over all attempts; None when none is known."""
        names = [f"{name}_tokens" for name in classes]
        known = [row[name] for row in self.attempts for name in names if name in row]
        return int(sum(known)) if known else None


def start(deployment: Deployed, requests: Iterable[Mapping[str, Any]]) -> list[str]:
    """Start an execution for each request; return the execution ARNs in order."""
    client = deployment.client("stepfunctions")
    arn = deployment.state_machine_arn
    return [
        client.start_execution(stateMachineArn=arn, input=json.dumps(request, ensure_ascii=False))[
            "executionArn"
        ]
        for request in requests
    ]


def trace(deployment: Deployed, request_id: str, tenant: str = DEFAULT_TENANT) -> Traced:
    """Read the rows of one request of a tenant."""
    answer = deployment.client("dynamodb").query(
        TableName=deployment.usage_table,
        KeyConditionExpression="request_id = :id",
        ExpressionAttributeValues={":id": {"S": key_of(tenant, request_id)}},
        ConsistentRead=True,
    )
    rows = [from_item(item) for item in answer["Items"]]
    by_item = {row["item"]: row for row in rows}
    attempts = [row for row in rows if row["item"].startswith("ATTEMPT#")]
    return Traced(
        request_id,
        by_item.get("REQUEST", {}),
        attempts,
        said.text if (said := stored_answer(by_item)) else None,
    )


def wait_until_settled(
    deployment: Deployed,
    request_ids: Sequence[str],
    timeout_seconds: float,
    tenant: str = DEFAULT_TENANT,
) -> list[Traced]:
    """Return the traces once all are settled, or as they are when the time is over.

    They are waited for one after another: to look at a thousand again and again would slow the
    machine that works on them.
    """
    deadline = cloud_time.now() + timeout_seconds
    traces: list[Traced] = []
    for request_id in request_ids:
        while not (traced := trace(deployment, request_id, tenant)).settled:
            if cloud_time.now() > deadline:
                break
            time.sleep(_POLL_SECONDS)
        traces.append(traced)
    return traces


def wait_for_execution(
    deployment: Deployed, execution_arn: str, timeout_seconds: float
) -> dict[str, Any]:
    """Return DescribeExecution's answer once the run is over; raise TimeoutError before that."""
    client = deployment.client("stepfunctions")
    deadline = cloud_time.now() + timeout_seconds
    while cloud_time.now() < deadline:
        run: dict[str, Any] = client.describe_execution(executionArn=execution_arn)
        if run["status"] != "RUNNING":
            return run
        time.sleep(_POLL_SECONDS)
    raise TimeoutError(f"{execution_arn} still runs after {timeout_seconds:.0f} s")


def eventually(condition: Callable[[], bool], timeout_seconds: float) -> bool:
    """Return whether `condition` came true in time; it is asked again and again."""
    deadline = cloud_time.now() + timeout_seconds
    while not condition():
        if cloud_time.now() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _sum(values: Sequence[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(values) else None
