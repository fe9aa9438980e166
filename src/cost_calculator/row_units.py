"""Counts the write units of a request's rows from their real sizes, indexes included. Pure.

Every write of these rows is in a transaction, which takes two units for each kilobyte of the larger
of the row before and after. The indexes hold keys alone, so an entry takes one unit when it is put
and one when it is deleted, and nothing while its keys stay. Tables of your own whose indexes hold
more take more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cost_calculator.item_size import item_bytes, write_units

Row = Mapping[str, Any]

INDEXES_OF_REQUEST = 3  # by-day, by-tenant, by-queue
CELL_UNITS = 2  # one sum a request; a batch that shares cells costs less
BUDGET_UNITS = 2 + 2  # reserved, charged: of each budget
_LEFT = 1  # what leaves the work list
_MOVED = 2  # what changes its place there
_KEPT_BESIDE_ANSWER = 300  # bytes of a kept answer without its text

# Written when the run ends, and when the row is priced.
_AT_THE_END = frozenset({
    "ended_at", "tier", "attempts", "transitions", "cost_status", "provider", "model", "cause",
    "fallback_cause", "output_s3", "output_altered", "answer_bytes", "cache_key", "review",
    "reviewer",
})  # fmt: skip
_QUEUED = frozenset({"queue", "queued_at"})
_PRICE_BYTES = 2 * (len("overhead_usd") + 8)  # the overhead, and what budgets are charged


def request_units(row: Row) -> int:
    """Return the units of a REQUEST row that waits for its price: of it, its texts and its sums."""
    accepted = _twice({name: value for name, value in row.items() if name not in _AT_THE_END})
    ended = _twice(row)
    priced = 2 * write_units(max(item_bytes(row), item_bytes(_unqueued(row)) + _PRICE_BYTES))
    units = INDEXES_OF_REQUEST + _LEFT + priced + CELL_UNITS
    units += "parent_id" in row  # the index of a workflow's steps
    units += CELL_UNITS * ("session_id" in row)
    # An answer out of the cache ends its request in the write that accepts it.
    units += ended if row.get("cached") else accepted + ended
    units += sum(2 * write_units(int(row[name])) for name in _TEXTS if name in row)
    units += BUDGET_UNITS * len(list(filter(None, row.get("budgets", "").split(","))))
    if "cache_key" in row:
        units += 2 * write_units(int(row.get("answer_bytes", 0)) + _KEPT_BESIDE_ANSWER)
    if "review" in row:
        # Its row is put and decided, in the work list between; the request moves there twice.
        units += accepted + 2 * _MOVED + (2 + 1) + (2 + _LEFT)
    return units


def run_units(row: Row) -> int:
    """Return the units of a run's own row: it is put and ended by plain writes, which together take
    what an attempt takes in a transaction, and is priced like one.
    """
    return attempt_units(row) + CELL_UNITS


def attempt_units(row: Row) -> int:
    """Return the units of an ATTEMPT row, given as it is priced.

    A question to the classifier is on its row before it is asked, and on the REQUEST row once more.
    """
    priced = 2 * write_units(item_bytes(row) + _PRICE_BYTES)
    written = 2 * write_units(item_bytes({n: v for n, v in row.items() if n not in _PRICED}))
    units = written + 1 + priced + _LEFT
    return units + (2 + 2 if row.get("purpose") == "classify" else 0)


_TEXTS = ("content_bytes", "answer_bytes")
_PRICED = frozenset({
    "priced_at", "cost_usd", "cost_parts", "cost_reason", "price_version", "baseline_usd",
    "baseline_price_version", "upper_estimate_usd", "input_tokens", "cache_read_tokens",
    "cache_write_5m_tokens", "cache_write_1h_tokens", "output_tokens", "unpriced_at",
})  # fmt: skip


def _twice(row: Row) -> int:
    return 2 * write_units(item_bytes(row))


def _unqueued(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in _QUEUED}
