"""The DUPLICATE row: a prompt that the cheaper tier answers too, for the record alone. Pure.

What is to be done for it: answer once more, have both answers judged, keep the scores. The row is
on a queue until that is done, and lists the requests that were sent for it: by that list
they prove that they are Faregate's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cost_calculator.clock import iso
from cost_calculator.rows import SCHEMA, Row, shard_of
from router.errors import InvalidRequest

DUPLICATE = "DUPLICATE"
WORKFLOW = "duplicates"
"""The workflow by which these requests and their budget are known; no caller may name it."""

PURPOSE = "duplicate"
"""The purpose of their attempts: they are paid, answer nobody and save nothing."""


def duplicate_row(key: str, tenant: str, at: datetime) -> Row:
    """Return the row of a request that was drawn."""
    return {
        "request_id": key,
        "item": DUPLICATE,
        "schema": SCHEMA,
        "tenant": tenant,
        "drawn_at": iso(at),
        "steps": [],
        "queue": f"{DUPLICATE}#{shard_of(key)}",
        "queued_at": iso(at),
    }


def check_sent(key: str, parent: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise ``InvalidRequest`` unless a request of this workflow was sent by Faregate.

    ``parent`` are the rows of the request that it names as its parent.
    """
    if key not in parent.get(DUPLICATE, {}).get("steps", ()):
        raise InvalidRequest(f"`workflow.name` {WORKFLOW} is Faregate's own: give another name")
