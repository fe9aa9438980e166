"""What people think of an answer: on the request's row, in the sums, as labels to learn from. Pure.

A verdict says something about the model that answered. A cheaper model that did well needed no
stronger one; of the strongest nobody can tell what a cheaper one would have said.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from cost_calculator.ledger import ANSWERED, Change
from router.analyzer.conversation import judged_text
from router.clock import iso
from router.rows import Row

Verdict = Literal["good", "bad"]

NOTE_BYTES = 1_000
_HELD = ("cost_status", "runs", "feedback")


class FeedbackRefused(ValueError):
    """This request cannot be judged; the message says why, and what to do."""


def judged(row: Row | None, verdict: Verdict, by: str, at: datetime) -> Change:
    """Return the change that puts a verdict on a REQUEST row; the last verdict stands."""
    if row is None:
        raise FeedbackRefused("there is no such request: give the request_id of an outcome")
    if row["status"] not in ANSWERED:
        raise FeedbackRefused(f"it has no answer to judge: its status is {row['status']}")
    if row.get("cost_status") != "PRICED":
        raise FeedbackRefused("its cost is not settled yet: try again in a few seconds")
    said = {"feedback": verdict, "feedback_by": by, "feedback_at": iso(at)}
    return Change(row, {**row, **said}, held=_HELD)


def check_note(note: str) -> None:
    """Raise FeedbackRefused where a note is too long to be kept."""
    size = len(note.encode("utf-8", "surrogatepass"))
    if size > NOTE_BYTES:
        raise FeedbackRefused(f"the note has {size} bytes: write at most {NOTE_BYTES}")


def label(request: Row, content: Row | None) -> Mapping[str, Any] | str:
    """Return ``{"prompt", "weak"}`` for ``calibrate``, or why the request makes none."""
    if request.get("model") == request.get("baseline_model"):
        return "answered by the COMPLEX tier's model, which says nothing about a cheaper one"
    if content is None:
        return "the text is gone: it expired, or texts are not stored"
    messages = json.loads(content["input"])["messages"]
    return {"prompt": judged_text(messages), "weak": 1.0 if request["feedback"] == "good" else 0.0}
