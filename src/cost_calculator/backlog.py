"""Prices what the stream lost, and what had no price when it came."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Protocol, TypedDict

from cost_calculator.clock import iso
from cost_calculator.ledger import Change, Ledger
from cost_calculator.pricing import CostStatus
from cost_calculator.rates import Rates
from cost_calculator.rows import SHARDS, Row
from cost_calculator.settlement import UnreadableRow, settle


class Report(TypedDict):
    """How many rows were priced, how many somebody else had priced, how many could not be."""

    priced: int
    duplicates: int
    unpriced: int
    failed: int


class Store(Ledger, Protocol):
    """The rows with their work queues, and the sums that are written with them."""

    def queued(self, queue: str, before: str) -> Iterator[Row]: ...


def pending_age(store: Store, at: datetime) -> float:
    """Return for how many seconds the oldest row has waited for its price; 0 where none waits."""
    firsts = (next(_queued_in(store, "PENDING", shard, iso(at)), None) for shard in range(SHARDS))
    since = [datetime.fromisoformat(row["queued_at"]) for row in firsts if row]
    return (at - min(since)).total_seconds() if since else 0.0


def reprice(store: Store, rates: Rates, limit: int | None = None) -> Report:
    """Look at up to ``limit`` UNPRICED rows (None: all) and price those the book knows by now."""
    return sweep_queue(store, "UNPRICED", rates, datetime.max.replace(tzinfo=UTC), limit)


def sweep_queue(
    store: Store,
    status: str,
    rates: Rates,
    older_than: datetime,
    limit: int | None,
    report_priced: Callable[[Iterable[Mapping[str, Any]]], None] = lambda _: None,
) -> Report:
    """Settle the rows of one work queue; those that stay as they were are left alone.

    ``report_priced`` is given the rows that were written, batch by batch.
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
        report_priced([change.after for change in outcome.written])
        report["priced"] += sum(
            change.after["cost_status"] != CostStatus.UNPRICED for change in outcome.written
        )
        report["duplicates"] += len(outcome.duplicates)
        report["failed"] += len(outcome.failed)
    return report


def _queued(store: Store, status: str, before: str) -> Iterator[Row]:
    for shard in range(SHARDS):
        yield from _queued_in(store, status, shard, before)


def _queued_in(store: Store, status: str, shard: int, before: str) -> Iterator[Row]:
    for row in store.queued(f"{status}#{shard}", before):
        # The index may still show what has left the queue since.
        if row.get("cost_status") == status:
            yield row
