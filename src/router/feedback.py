"""Verdicts on answers: on the request's row, in the sums, and as labels to learn from. Pure.

A verdict says something about the model that answered. A cheaper model that did well needed no
stronger one; a verdict on the strongest model says nothing about cheaper ones.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal, Protocol

from cost_calculator.clock import iso
from cost_calculator.ledger import ANSWERED, Change, Ledger
from cost_calculator.rows import Row
from router.analyzer.conversation import judged_text

Verdict = Literal["good", "bad"]

NOTE_BYTES = 1_000
_TRIES = 5
_HELD = ("cost_status", "runs", "feedback")


class FeedbackRefused(ValueError):
    """This request cannot be judged; the message explains why, and what to do."""


def judged(row: Row | None, verdict: Verdict, by: str, at: datetime) -> Change:
    """Return the change that puts a verdict on a REQUEST row; the last verdict counts."""
    if row is None:
        raise FeedbackRefused("there is no such request: give the request_id of an outcome")
    if row["status"] not in ANSWERED:
        raise FeedbackRefused(f"it has no answer to judge: its status is {row['status']}")
    if row.get("cost_status") != "PRICED":
        raise FeedbackRefused("its cost is not settled yet: try again in a few seconds")
    verdict_fields = {"feedback": verdict, "feedback_by": by, "feedback_at": iso(at)}
    return Change(row, {**row, **verdict_fields}, held=_HELD)


def check_note(note: str) -> None:
    """Raise FeedbackRefused if a note is too long to be kept."""
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


class Rows(Protocol):
    def row(self, key: str, item: str) -> Row | None: ...

    def note(self, key: str, text: str) -> bool: ...


def judge(
    ledger: Ledger,
    rows: Rows,
    key: str,
    verdict: Verdict,
    *,
    by: str,
    note: str,
    clock: Callable[[], datetime],
) -> datetime:
    """Return when it was judged; raise FeedbackRefused, after which nothing has changed.

    If the texts are erased between the two writes, the verdict is kept without its note.
    """
    check_note(note)
    if note and rows.row(key, "CONTENT") is None:
        raise FeedbackRefused("no note can be kept: its texts are gone or were never stored")
    for _ in range(_TRIES):
        at = clock()
        outcome = ledger.commit([judged(rows.row(key, "REQUEST"), verdict, by, at)])
        if outcome.written:
            break
        if outcome.failed:
            raise FeedbackRefused(f"not written: {', '.join(outcome.failed.values())}")
    else:
        raise FeedbackRefused("others judge it at the same time: try again")
    if note and not rows.note(key, note):
        raise FeedbackRefused("judged, without the note: its texts went meanwhile")
    return at
