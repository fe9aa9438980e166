"""Finds accepted requests whose run is over, and closes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, Protocol

from cost_calculator.clock import iso
from cost_calculator.rows import OPEN, RUNNING, SHARDS, Row, in_turn
from router.recovery.close import EndedRun, Store, close_request
from router.recovery.workflow_run import RunStore, close_run

# Events arrive within a minute as a rule: the sweep leaves them that time.
_GRACE = timedelta(minutes=2)
# Lambda ends every function by then, and a direct run with it.
_DIRECT_LIMIT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Swept:
    """How many requests a sweep closed, and how many it had to leave to the next one."""

    closed: int
    left: int


class QueueStore(Store, Protocol):
    """The ``usage`` table with its work list."""

    def queued(self, queue: str, before: str) -> Iterator[Row]: ...


def close_abandoned(
    store: QueueStore,
    runs: RunStore,
    find_run: Callable[[str], tuple[str, EndedRun] | None],
    *,
    time_limit: timedelta,
    at: datetime,
    notify: Callable[[Mapping[str, Any]], None],
    report: Callable[[str, str], None] = lambda _request_id, _reason: None,
    has_time: Callable[[], bool] = lambda: True,
) -> Swept:
    """Close every request that is ACCEPTED beyond its run's limit: ``time_limit``, or Lambda's; and
    the row of every run of a workflow that ended without writing it.

    ``find_run`` gives the end of a Standard run, ``None`` while it runs. An Express or a direct run
    cannot be looked up; beyond its limit it is over. A request that cannot be closed now, whatever
    its rows or its history hold, is left to the next sweep and does not keep the others open.
    ``notify`` is given a notice of each that is closed, ``report`` an id and why it was left.
    """
    before = iso(at - min(time_limit, _DIRECT_LIMIT) - _GRACE)
    closed = left = 0
    queues = (store.queued(f"ACCEPTED#{shard}", before) for shard in range(SHARDS))
    for row in takewhile(lambda _: has_time(), in_turn(queues)):
        if row["status"] not in (*OPEN, RUNNING):
            continue  # it only waits for its price
        try:
            run = _end_of(row, find_run, at, time_limit)
            if run is not None:
                closed += _close(row, run, store, runs, notify)
        except Exception as error:  # one row, whatever is wrong with it, must not stop the others
            left += 1
            report(str(row.get("request_id")), type(error).__name__)
    return Swept(closed, left)


def _close(
    row: Row,
    run: EndedRun,
    store: QueueStore,
    runs: RunStore,
    notify: Callable[[Mapping[str, Any]], None],
) -> bool:
    key = row["request_id"]
    if row["status"] == RUNNING:
        memory_mb = int(row["lambda_mb"])
        return close_run(runs, key, run, workflow=row["workflow"], memory_mb=memory_mb)
    return close_request(store, key, run, notify)


def _end_of(
    row: Row,
    find_run: Callable[[str], tuple[str, EndedRun] | None],
    at: datetime,
    time_limit: timedelta,
) -> EndedRun | None:
    kind = row.get("workflow_type")
    limit = _DIRECT_LIMIT if kind == "DIRECT" else time_limit
    if row["queued_at"] >= iso(at - limit - _GRACE):
        return None
    if kind in ("EXPRESS", "DIRECT"):
        return EndedRun(row["execution_arn"], "Abandoned", iso(at), None)
    found = find_run(row["execution_arn"])
    return found[1] if found else None
