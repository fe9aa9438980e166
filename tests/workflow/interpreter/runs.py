"""One request through the workflow, and what it left."""

from __future__ import annotations

import importlib
import json
import logging
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from tests.support.tables import USAGE
from tests.workflow.interpreter.functions import HANDLERS
from tests.workflow.interpreter.world import World

_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Ran:
    """An execution that is over, and the rows of its request, by item.

    `entered` are the states in order; `retries` are (state, error), one for each retry, in order.
    """

    name: str
    arn: str
    status: str
    error: str | None
    cause: str | None
    output: Any
    entered: tuple[str, ...]
    retries: tuple[tuple[str, str], ...]
    rows: Mapping[str, Mapping[str, Any]]


def run(world: World, request: Mapping[str, Any], name: str | None = None) -> Ran:
    """Run a request to its end, and price it.

    What the workflow could not close, the status event closes.
    """
    ran = execute(world, world.machine_arn, request, name)
    if ran.status != "SUCCEEDED":
        tell_record_outcome(ran)
    key = key_of(request, ran.name)
    _deliver(_items(world, key))
    return replace(ran, rows=by_item(_items(world, key)))


def execute(
    world: World, machine_arn: str, given: Mapping[str, Any], name: str | None = None
) -> Ran:
    """Run a state machine to its end; no rows are read."""
    arn = world.client("stepfunctions").start_execution(
        stateMachineArn=machine_arn,
        name=name or str(uuid.uuid4()),
        input=json.dumps(given, ensure_ascii=False),
    )["executionArn"]
    execution = world.execution(arn)
    deadline = time.monotonic() + _SECONDS
    while execution.status == "RUNNING":
        assert time.monotonic() < deadline, f"{arn} has not ended"
        time.sleep(0.002)
    events = execution.to_history_output()["events"]
    return Ran(
        execution.name,
        arn,
        execution.status,
        execution.error,
        execution.cause,
        execution.output,
        tuple(entered(events)),
        tuple(retried(events)),
        {},
    )


def entered(events: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names of the states that a run entered, in order."""
    details = (event.get("stateEnteredEventDetails") for event in events)
    return [it["name"] for it in details if it]


def retried(events: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return the retries of a run, in order: in which state, and after which error."""
    found: list[tuple[str, str]] = []
    state, error = "", None
    for event in events:
        if details := event.get("stateEnteredEventDetails"):
            state, error = details["name"], None
        elif event["type"] in ("TaskFailed", "TaskTimedOut"):
            kind = "taskFailed" if event["type"] == "TaskFailed" else "taskTimedOut"
            error = event[f"{kind}EventDetails"].get("error", "States.Timeout")
        elif event["type"] == "TaskScheduled" and error is not None:
            found.append((state, error))
            error = None
    return found


def key_of(request: Mapping[str, Any], execution_name: str) -> str:
    """Return the partition of a request's rows: each tenant but the default has ids of its own."""
    request_id = str(request.get("request_id") or execution_name)
    tenant = request.get("tenant", "default")
    return request_id if tenant == "default" else f"{tenant}/{request_id}"


def by_item(items: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return items in DynamoDB's notation as plain values, by the sort key of the usage table."""
    plain = TypeDeserializer().deserialize
    rows = ({name: plain(value) for name, value in item.items()} for item in items)
    return {row["item"]: row for row in rows}


def _items(world: World, key: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.client("dynamodb").query(
        TableName=USAGE,
        KeyConditionExpression="request_id = :id",
        ExpressionAttributeValues={":id": {"S": key}},
    )["Items"]
    return found


def deliver_all(world: World) -> None:
    """Price all rows that wait for it, as the stream does while a run goes on."""
    _deliver(world.client("dynamodb").scan(TableName=USAGE)["Items"])


def _deliver(items: Sequence[Mapping[str, Any]]) -> None:
    """Give price_rows what the table's stream and its filter would."""
    records = [
        {
            "eventName": "MODIFY",
            "dynamodb": {
                "Keys": {name: item[name] for name in ("request_id", "item")},
                "NewImage": item,
                "SequenceNumber": f"{number:021d}",
            },
        }
        for number, item in enumerate(items)
        if item.get("cost_status") == {"S": "PENDING"}
    ]
    price = importlib.import_module("cost_calculator.handlers.price_rows").handler
    with _logged() as reasons:
        answer = price({"Records": records}, None)
    assert answer == {"batchItemFailures": []}, reasons


@contextmanager
def _logged() -> Iterator[list[str]]:
    """Collect what a function logs as an error: its answer does not say why."""
    found: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(f"{record.getMessage()}: {getattr(record, 'reason', '')}")

    handler = Collect(logging.ERROR)
    logging.getLogger().addHandler(handler)
    try:
        yield found
    finally:
        logging.getLogger().removeHandler(handler)


def tell_record_outcome(ran: Ran) -> None:
    """Hand the end of a run on as the rule of `terraform/function_record_outcome.tf` does."""
    detail = {"executionArn": ran.arn, "status": ran.status}
    importlib.import_module(f"{HANDLERS}.record_outcome").handler({"detail": detail}, None)
