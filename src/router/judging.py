"""Puts a verdict on an answer: on its row and into the sums, both or neither, then its note."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

from cost_calculator.aws.ledger_store import Outcome
from cost_calculator.ledger import Change
from router.feedback import FeedbackRefused, Verdict, check_note, judged
from router.rows import Row

_TRIES = 5


class Ledger(Protocol):
    def commit(self, changes: Iterable[Change]) -> Outcome: ...


class Rows(Protocol):
    def row(self, request_id: str, item: str) -> Row | None: ...

    def note(self, request_id: str, text: str) -> bool: ...


def judge(
    ledger: Ledger,
    rows: Rows,
    request_id: str,
    verdict: Verdict,
    *,
    by: str,
    note: str,
    clock: Callable[[], datetime],
) -> datetime:
    """Return when it was judged; raise FeedbackRefused, after which nothing has changed.

    Only where the texts go between the two writes is the verdict there and its note is not.
    """
    check_note(note)
    if note and rows.row(request_id, "CONTENT") is None:
        raise FeedbackRefused("no note can be kept: its texts are gone or were never stored")
    for _ in range(_TRIES):
        at = clock()
        outcome = ledger.commit([judged(rows.row(request_id, "REQUEST"), verdict, by, at)])
        if outcome.written:
            break
        if outcome.failed:
            raise FeedbackRefused(f"not written: {', '.join(outcome.failed.values())}")
    else:
        raise FeedbackRefused("others judge it at the same time: try again")
    if note and not rows.note(request_id, note):
        raise FeedbackRefused("judged, without the note: its texts went meanwhile")
    return at
