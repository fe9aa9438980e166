"""What goes wrong between a row and its cost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from typing import Any

from cost_calculator.aws.items import to_item
from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.cli.reconcile import reconcile_tables
from cost_calculator.reconciliation import Reconciliation
from cost_calculator.row_keys import DEFAULT_TENANT
from local import client
from local.cloud import ROOT
from local.deployment import Deployment
from tests.local_cloud.cloud_control import Emulator, make_older, wait_for
from tests.local_cloud.fault_table import Tell
from tests.support import cost_rows

LONG_AGO = "2026-01-01T00:00:00.000Z"


def ask(deployment: Deployment, name: str, count: int = 6, **fields: str) -> list[str]:
    """Route some prompts; return the request ids once the runs are over."""
    requests = [{"input": f"{name} {n}", "tier": "SIMPLE", **fields} for n in range(count)]
    arns = client.start(deployment, requests)
    return [client.wait_for_execution(deployment, arn, 90)["name"] for arn in arns]


def settled(
    deployment: Deployment, ids: list[str], tenant: str = DEFAULT_TENANT
) -> list[client.Traced]:
    traces = client.wait_until_settled(deployment, ids, 90, tenant)
    assert all(traced.priced for traced in traces), traces
    return traces


def sums(deployment: Deployment) -> Reconciliation:
    tables = (deployment.usage_table, deployment.spend_table, deployment.control_table)
    return reconcile_tables(LedgerStore(deployment.client("dynamodb"), *tables))


def put(deployment: Deployment, row: dict[str, Any]) -> None:
    deployment.client("dynamodb").put_item(TableName=deployment.usage_table, Item=to_item(row))


def read(deployment: Deployment, row: dict[str, Any]) -> dict[str, Any]:
    [found] = client.trace(deployment, row["request_id"]).attempts
    return dict(found)


def test_a_stream_that_is_doubled_shuffled_and_replayed_changes_no_sum(
    deployment: Deployment, emulator: Emulator, tell: Tell
) -> None:
    told = tell("stream-replayed", "each record thrice, in any order, then all again", "price_rows")
    emulator.streams(duplicate=2, shuffle=11)
    try:
        traces = settled(deployment, ask(deployment, "replayed"))
        emulator.drain()
        before = sums(deployment)
        emulator.streams(replay=True)
        emulator.drain()
    finally:
        emulator.streams(duplicate=0, shuffle=None)

    told.found(traces[0])
    after = sums(deployment)
    assert after.total == before.total
    assert after.differences == ()


def test_a_pricing_worker_that_is_killed_between_its_writes_prices_once(
    deployment: Deployment, emulator: Emulator, tell: Tell
) -> None:
    told = tell("price-rows-killed", "price_rows' worker dies three times at work", "price_rows")
    emulator.kill("price_rows", count=3, after_ms=30)

    traces = settled(deployment, ask(deployment, "killed while pricing", 20))

    told.found(traces[0])
    emulator.drain()
    assert emulator.deaths_to_come("price_rows") == 0
    assert sums(deployment).differences == ()


def test_a_poison_row_goes_to_the_failures_queue_and_the_others_are_priced(
    deployment: Deployment, emulator: Emulator, tell: Tell
) -> None:
    told = tell(
        "poison-record", "a row of schema 99 among good ones", "price_rows > failures queue"
    )
    emulator.failures()
    poison = cost_rows.attempt("poison-1", schema=99)
    put(deployment, poison)

    traces = settled(deployment, ask(deployment, "beside the poison"))

    told.found(traces[0])
    wait_for(emulator.drained, "the poison blocks the stream")
    [message] = emulator.failures()
    assert message["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert message["DDBStreamBatchInfo"]["batchSize"] == 1
    assert read(deployment, poison)["cost_status"] == "PENDING"
    put(deployment, poison | {"schema": 1})  # the fix: the row is made readable
    wait_for(lambda: read(deployment, poison)["cost_status"] == "PRICED", "still not priced")
    assert sums(deployment).differences == ()


def test_what_the_stream_never_delivered_is_priced_by_the_sweep_and_once(
    deployment: Deployment, emulator: Emulator, tell: Tell
) -> None:
    told = tell("stream-off", "the mapping is disabled; five minutes pass", "sweep")
    with emulator.stream_off():
        # Of a tenant with a budget, which the sweep then settles as well.
        ids = ask(deployment, "nobody reads the stream", 3, tenant="frugal")
        for request_id in ids:
            assert not client.trace(deployment, request_id, "frugal").settled
            make_older(deployment, request_id, LONG_AGO, "frugal")
        emulator.sweep()
        traces = settled(deployment, ids, "frugal")
        before = sums(deployment)

    told.found(traces[0])
    emulator.drain()  # now all of it is delivered after all
    assert sums(deployment).total == before.total
    assert sums(deployment).differences == ()


def test_a_model_without_a_price_is_unpriced_until_there_is_one(
    deployment: Deployment, tell: Tell
) -> None:
    told = tell(
        "no-price",
        "a row of a model that stands in no book (put at the table: a seam)",
        "price_rows > reprice",
    )
    row = cost_rows.attempt("unpriced-1", model="vendor.unheard-of-1")
    put(deployment, row)
    wait_for(lambda: read(deployment, row)["cost_status"] == "UNPRICED", "not looked at")
    assert "cost_usd" not in read(deployment, row)

    alias = json.dumps({"aliases": {"bedrock": {row["model"]: cost_rows.HAIKU}}})
    tables = {
        "USAGE_TABLE": deployment.usage_table,
        "SPEND_TABLE": deployment.spend_table,
        "CONTROL_TABLE": deployment.control_table,
    }
    subprocess.run(
        [sys.executable, "-m", "cost_calculator", "reprice"],
        env={**os.environ, **deployment.cloud.env(), **tables, "PRICE_OVERRIDES": alias},
        cwd=ROOT,
        check=True,
        capture_output=True,
    )

    told.found(client.trace(deployment, "unpriced-1"))
    assert read(deployment, row)["cost_usd"] > Decimal(0)
    assert sums(deployment).differences == ()


def test_rows_of_the_schema_before_are_still_priced(deployment: Deployment, tell: Tell) -> None:
    told = tell(
        "deploy-in-traffic", "a row of the schema before (put at the table: a seam)", "price_rows"
    )
    row = cost_rows.attempt("schema-0", schema=0)
    put(deployment, row)

    wait_for(lambda: read(deployment, row)["cost_status"] == "PRICED", "not priced")

    told.found(client.trace(deployment, "schema-0"))
