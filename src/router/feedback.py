"""Verdicts on answers: on the request's row, in the sums, and as labels to learn from. Pure.

A verdict says something about the model that answered. A cheaper model that did well needed no
stronger one; a verdict on the strongest model says nothing about cheaper ones.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from cost_calculator.clock import iso
from cost_calculator.contributions import ANSWERED
from cost_calculator.ledger import Change, Ledger
from cost_calculator.rows import Row
from router.analyzer.conversation import judged_text
from router.encoding import unsendable
from router.errors import StoreUnavailable

Verdict = Literal["good", "bad"]

NOTE_BYTES = 1_000
_TRIES = 5
_HELD = ("cost_status", "runs", "feedback")


class FeedbackRefused(ValueError):
    """This request cannot be judged; the message explains why, and what to do."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict that was written: when, and whether its note is kept beside it."""

    at: datetime
    has_note: bool


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


def note_problem(note: str) -> str | None:
    """Return why a note cannot be kept, and what to write; ``None`` if it can."""
    size = len(note.encode("utf-8", "surrogatepass"))
    if size > NOTE_BYTES:
        return f"`note` has {size} bytes: write at most {NOTE_BYTES}"
    return next(unsendable(note, "note"), None)


def label(request: Row, content: Row | None) -> Mapping[str, Any] | str:
    """Return ``{"prompt", "weak"}`` for ``calibrate``, or why the request makes none."""
    if request.get("model") == request.get("baseline_model"):
        return "answered by the COMPLEX tier's model, which says nothing about a cheaper one"
    if content is None:
        return "the text is gone: it expired, or texts are not stored"
    if "input_s3" in content:
        return "its text is too large for the table: it is no example of a prompt"
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
) -> Judged:
    """Write a verdict; raise FeedbackRefused, after which nothing has changed.

    A verdict that was written is never an error: if the texts are erased between the two writes, or
    the second fails, the verdict is there and its note is not.
    """
    if problem := note_problem(note):
        raise FeedbackRefused(problem)
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
    return Judged(at, bool(note) and _is_kept(rows, key, note))


def _is_kept(rows: Rows, key: str, note: str) -> bool:
    try:
        return rows.note(key, note)
    except StoreUnavailable:
        return False
