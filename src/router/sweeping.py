"""Finds accepted requests whose run is over, and closes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Protocol

from cost_calculator.shards import SHARDS
from router.clock import iso
from router.closing import EndedRun, Store, close_request
from router.config import Config
from router.rows import Row

# Events arrive within a minute as a rule: the sweep leaves them that time.
_GRACE = timedelta(minutes=2)


class QueueStore(Store, Protocol):
    """The ``usage`` table with its work list."""

    def queued(self, queue: str, before: str) -> Iterator[Row]: ...


def close_abandoned(
    store: QueueStore,
    find_run: Callable[[str], tuple[str, EndedRun] | None],
    config: Config,
    at: datetime,
) -> int:
    """Close every request that is ACCEPTED beyond the workflow's time limit; return how many.

    ``find_run`` gives the end of a Standard run, ``None`` while it runs. An Express run cannot be
    looked up; beyond its limit it is over.
    """
    before = iso(at - timedelta(seconds=config.workflow_seconds) - _GRACE)
    closed = 0
    for shard in range(SHARDS):
        for row in store.queued(f"ACCEPTED#{shard}", before):
            if row["workflow_type"] == "EXPRESS":
                run = EndedRun(row["execution_arn"], "Abandoned", iso(at), None)
            else:
                found = find_run(row["execution_arn"])
                if found is None:
                    continue
                run = found[1]
            closed += close_request(store, row["request_id"], run)
    return closed
