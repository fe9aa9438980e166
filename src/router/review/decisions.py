"""The REVIEW row of a draft that waits for a human, and what a human may decide about it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cost_calculator.rows import Row
from router.encoding import STATE_BYTES, fits_a_state

REVIEW = "REVIEW"


class NotPossible(ValueError):
    """The decision cannot be taken; the message explains what can."""


def waits(row: Row) -> bool:
    """Return whether the draft is still to be decided on."""
    return "task_token" in row


def dropped(row: Row, cause: str, at: str) -> Row:
    """Return the row of a draft whose run ended before a decision."""
    kept = {
        name: value
        for name, value in row.items()
        if name not in ("queue", "queued_at", "task_token")
    }
    return kept | {"decision": "DROPPED", "reviewer": cause, "decided_at": at, "note": ""}


def approval(row: Row, draft: str, by: str, note: str) -> dict[str, Any]:
    """Return what wakes the run with its draft as the answer; raise ``NotPossible``."""
    _must_wait(row)
    if row["cause"] == "InvalidAnswer":
        raise NotPossible("the draft does not fit its schema: `edit` it, or `reject` it")
    task_output = {"decision": "APPROVED", "by": by, "note": note}
    # Without a text the workflow returns the draft's address.
    return task_output | {"output": draft} if fits_a_state(draft) else task_output


def edition(row: Row, text: str, by: str, note: str) -> dict[str, Any]:
    """Return what wakes the run with another text as the answer; raise ``NotPossible``."""
    _must_wait(row)
    if not fits_a_state(text):
        raise NotPossible(f"the new answer must fit {STATE_BYTES} bytes of JSON: shorten it")
    if not text.strip():
        raise NotPossible("the new answer is empty: write one, or `reject` the draft")
    return {"decision": "EDITED", "output": text, "by": by, "note": note}


def rejection(row: Row, by: str, note: str) -> dict[str, Any]:
    """Return what wakes the run without an answer; raise ``NotPossible``."""
    _must_wait(row)
    return {"decision": "REJECTED", "by": by, "note": note}


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a list shows of a draft: everything but the token that decides it."""
    hidden = ("task_token", "queue", "item", "schema", "execution_arn")
    return {name: value for name, value in row.items() if name not in hidden}


def _must_wait(row: Row) -> None:
    if not waits(row):
        raise NotPossible(f"it is decided: {row.get('decision')} by {row.get('reviewer')}")
