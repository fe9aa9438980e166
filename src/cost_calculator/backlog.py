"""Prices what the stream lost, and what had no price when it came."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Protocol, TypedDict

from cost_calculator.clock import iso
from cost_calculator.ledger import Change, Ledger
from cost_calculator.pricing import CostStatus
from cost_calculator.rates import Rates
from cost_calculator.rows import SHARDS, Row, in_turn
from cost_calculator.settlement import settle

_BATCH = 100
_STREAM_TIME = timedelta(minutes=5)


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
    """Return for how many seconds the oldest row has waited for its price; 0 if none waits."""
    pending = CostStatus.PENDING
    firsts = [next(_queued_in(store, pending, shard, iso(at)), None) for shard in range(SHARDS)]
    # Requests under way are in the same queue: those that were just accepted are not looked at.
    before = iso(at - _STREAM_TIME)
    firsts += [next(_ended_in(store, shard, before), None) for shard in range(SHARDS)]
    since = [datetime.fromisoformat(_waits_since(row)) for row in firsts if row]
    return (at - min(since)).total_seconds() if since else 0.0


def reprice(store: Store, rates: Rates, limit: int | None = None) -> Report:
    """Look at up to ``limit`` UNPRICED rows (None: all) and price those for which the book has a
    price now."""
    return sweep_queue(store, "UNPRICED", rates, datetime.max.replace(tzinfo=UTC), limit)


def sweep_queue(
    store: Store,
    status: str,
    rates: Rates,
    older_than: datetime,
    limit: int | None,
    report_priced: Callable[[Iterable[Mapping[str, Any]]], None] = lambda _: None,
) -> Report:
    """Settle up to ``limit`` rows of one work queue; those that stay as they were are left alone.

    A row that cannot be read counts as failed, never against the limit: however many there are,
    they keep no other row waiting. ``report_priced`` is given the rows that were written, batch by
    batch.
    """
    report = Report(priced=0, duplicates=0, unpriced=0, failed=0)
    rows = _queued(store, status, iso(older_than))
    changes = islice(_settled(rows, status, rates, report), limit)
    while batch := list(islice(changes, _BATCH)):
        outcome = store.commit(batch)
        report_priced([change.after for change in outcome.written])
        report["priced"] += sum(
            change.after["cost_status"] != CostStatus.UNPRICED for change in outcome.written
        )
        report["duplicates"] += len(outcome.duplicates)
        report["failed"] += len(outcome.failed)
    return report


def _settled(rows: Iterable[Row], status: str, rates: Rates, report: Report) -> Iterator[Change]:
    priced_at = iso(datetime.now(UTC))
    for row in rows:
        try:
            settled = settle(row, rates, priced_at)
        except Exception:  # one row, whatever is wrong with it, must not stop the others
            report["failed"] += 1
            continue
        if settled["cost_status"] == CostStatus.UNPRICED:
            report["unpriced"] += 1
            if status == CostStatus.UNPRICED:
                continue
        if status == CostStatus.UNPRICED:
            settled.pop("cost_reason", None)
            settled["unpriced_at"] = row["priced_at"]
        yield Change(row, settled)


def _queued(store: Store, status: str, before: str) -> Iterator[Row]:
    queues = [_queued_in(store, status, shard, before) for shard in range(SHARDS)]
    if status == CostStatus.PENDING:
        queues += [_ended_in(store, shard, before) for shard in range(SHARDS)]
    return in_turn(queues)


def _queued_in(store: Store, status: str, shard: int, before: str) -> Iterator[Row]:
    for row in store.queued(f"{status}#{shard}", before):
        # The index may still show what has left the queue since.
        if row.get("cost_status") == status:
            yield row


def _ended_in(store: Store, shard: int, before: str) -> Iterator[Row]:
    """Yield REQUEST rows that wait for their price: they keep their place from being accepted."""
    for row in store.queued(f"ACCEPTED#{shard}", before):
        if row.get("cost_status") == CostStatus.PENDING:
            yield row


def _waits_since(row: Row) -> str:
    return str(row["ended_at"] if row["queue"].startswith("ACCEPTED") else row["queued_at"])
