"""Facts of rows that both packages use: their version, their shard, and properties of each kind."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

Row = dict[str, Any]
"""A row of the ``usage`` table as plain values, by attribute."""

SCHEMA = 1
READABLE_SCHEMAS = (SCHEMA - 1, SCHEMA)

SHARDS = 8
"""Rows and sums are spread over so many write shards; those of one request share one."""

ACCEPTED = "ACCEPTED"
"""How a request begins, and the work list that it is on until it is priced."""

RUNNING = "RUNNING"
"""The status of a workflow's run that has begun; it is on the same list."""

OPEN = (ACCEPTED, "PENDING_REVIEW")
"""The statuses of a request that nobody has closed yet."""

NOT_BILLED = frozenset({"THROTTLED", "OVERLOADED", "UNREACHABLE", "REJECTED"})
"""Outcomes of calls that the provider did not start, so that their cost is known to be 0."""

PENDING = "PENDING"
"""The ``cost_status`` of a row that waits for its price."""

CACHED = "CACHED"
"""The outcome of an attempt that was answered without a call."""


RUN_ITEM = "WORKFLOW#"
"""How the ``item`` of a workflow run's own rows begins; the execution's name follows."""

EMBED = "embed"
"""The ``purpose`` of an attempt that embeds text: it has an answer, and no output tokens."""

REFUSED_ITEM = "REFUSED"
"""The ``item`` of a run that was refused before it was accepted."""


def is_of_a_run(item: str) -> bool:
    """Return whether a row is about a run's own states and functions, and no request or call."""
    return item == REFUSED_ITEM or item.startswith(RUN_ITEM)


def in_turn(streams: Iterable[Iterable[Row]]) -> Iterator[Row]:
    """Yield a row of each stream in turn, so that a long one keeps no other from being read."""
    waiting = [iter(stream) for stream in streams]
    while waiting:
        for stream in list(waiting):
            row = next(stream, None)
            if row is None:
                waiting.remove(stream)
            else:
                yield row


def shard_of(request_id: str) -> str:
    """Return the request's shard, 0 to 7."""
    return str(hashlib.sha256(request_id.encode()).digest()[0] % SHARDS)
