"""Prices what the stream lost, and what had no price when it came."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, TypedDict

from aws_lambda_powertools.metrics import MetricUnit

from cost_calculator.aws.ledger_store import LedgerStore, Row
from cost_calculator.aws.metrics import emit
from cost_calculator.aws.telemetry import emit_metrics
from cost_calculator.book import default_book
from cost_calculator.ledger import Change
from cost_calculator.overhead import aws_prices
from cost_calculator.pricing import CostStatus
from cost_calculator.rows import SHARDS
from cost_calculator.settlement import Rates, UnreadableRow, settle

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class Report(TypedDict):
    """How many rows were priced, how many somebody else had priced, how many could not be."""

    priced: int
    duplicates: int
    unpriced: int
    failed: int


def price_pending(
    client: DynamoDBClient,
    usage_table: str,
    spend_table: str,
    control_table: str,
    older_than: datetime,
    limit: int,
) -> Report:
    """Price up to ``limit`` rows that are PENDING since before ``older_than``.

    Their metrics are printed, as the stream would have had them, and the age of what still waits.
    """
    store = LedgerStore(client, usage_table, spend_table, control_table)
    report = sweep_queue(store, "PENDING", default_rates(), older_than, limit, emit_metrics)
    age = pending_age(store, datetime.now(UTC))
    emit({}, [("pending_age_seconds", MetricUnit.Seconds, age)])
    return report


def pending_age(store: LedgerStore, at: datetime) -> float:
    """Return for how many seconds the oldest row has waited for its price; 0 where none waits."""
    firsts = (next(_queued_in(store, "PENDING", shard, iso(at)), None) for shard in range(SHARDS))
    since = [datetime.fromisoformat(row["queued_at"]) for row in firsts if row]
    return (at - min(since)).total_seconds() if since else 0.0


def reprice(store: LedgerStore, rates: Rates, limit: int | None = None) -> Report:
    """Look at up to ``limit`` UNPRICED rows (None: all) and price those the book knows by now."""
    return sweep_queue(store, "UNPRICED", rates, datetime.max.replace(tzinfo=UTC), limit)


def sweep_queue(
    store: LedgerStore,
    status: str,
    rates: Rates,
    older_than: datetime,
    limit: int | None,
    tell: Callable[[Iterable[Mapping[str, Any]]], None] = lambda _: None,
) -> Report:
    """Settle the rows of one work queue; those that stay as they were are left alone.

    ``tell`` is given the rows that were written, batch by batch.
    """
    report = Report(priced=0, duplicates=0, unpriced=0, failed=0)
    priced_at = iso(datetime.now(UTC))
    rows = islice(_queued(store, status, iso(older_than)), limit)
    while batch := list(islice(rows, 100)):
        changes: list[Change] = []
        for row in batch:
            try:
                settled = settle(row, rates, priced_at)
            except UnreadableRow:
                report["failed"] += 1
                continue
            if settled["cost_status"] == CostStatus.UNPRICED:
                report["unpriced"] += 1
                if status == CostStatus.UNPRICED:
                    continue
            if status == CostStatus.UNPRICED:
                settled.pop("cost_reason", None)
                settled["unpriced_at"] = row["priced_at"]
            changes.append(Change(row, settled))
        outcome = store.commit(changes)
        tell([change.after for change in outcome.written])
        report["priced"] += sum(
            change.after["cost_status"] != CostStatus.UNPRICED for change in outcome.written
        )
        report["duplicates"] += len(outcome.duplicates)
        report["failed"] += len(outcome.failed)
    return report


def default_rates() -> Rates:
    """Return the shipped prices, with the user's own over them, for the function's region."""
    return Rates(default_book(), aws_prices(), os.environ.get("AWS_REGION", ""))


def iso(moment: datetime) -> str:
    """Return ``2026-11-21T10:00:00.000Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _queued(store: LedgerStore, status: str, before: str) -> Iterator[Row]:
    for shard in range(SHARDS):
        yield from _queued_in(store, status, shard, before)


def _queued_in(store: LedgerStore, status: str, shard: int, before: str) -> Iterator[Row]:
    for row in store.queued(f"{status}#{shard}", before):
        # The index may still show what has left the queue since.
        if row.get("cost_status") == status:
            yield row
