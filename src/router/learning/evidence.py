"""What requests of one's own teach about both models: rows to calibrate by. Pure.

A row is a prompt with what the stronger and the cheaper model scored on it, from 0 to 1. Judged
duplicates have both scores. A rating has the cheaper model's alone: the stronger one is assumed to
do as well as its own rated answers do, or always well where none are rated.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from router.analyzer.calibration import Outcome
from router.analyzer.conversation import judged_text
from router.learning.duplicates import JUDGED
from router.learning.seen import Seen
from router.recording.duplicate_row import DUPLICATE, WORKFLOW

SOURCES = ("duplicates", "split", "shadow", "feedback")
"""Where rows come from, the first that fits: judged duplicates; ratings of requests in an arm of a
split, with a shadow's decision, or with neither.
"""

_FEWEST_RATINGS = 20  # of the stronger model, to go by them


@dataclass(slots=True)
class Evidence:
    """Rows by source, why requests make none, and how the stronger model's answers were rated."""

    rows: list[tuple[str, Outcome]] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    strong_good: int = 0
    strong_rated: int = 0

    @property
    def assumed(self) -> float:
        """What the stronger model is assumed to score where only the cheaper one was rated."""
        if self.strong_rated < _FEWEST_RATINGS:
            return 1.0
        return self.strong_good / self.strong_rated

    @property
    def counts(self) -> Counter[str]:
        """The rows by source."""
        return Counter(source for source, _ in self.rows)

    @property
    def outcomes(self) -> list[Outcome]:
        """The rows, the assumed score in the place of one that is not known."""
        return [
            row if source == "duplicates" else Outcome(row.prompt, self.assumed, row.weak)
            for source, row in self.rows
        ]


def evidence_of(requests: Iterable[Seen], sources: Iterable[str] = SOURCES) -> Evidence:
    """Return what requests teach. Each needs its CONTENT row, and its DUPLICATE row if it has one.

    Duplicates themselves are no traffic.
    """
    wanted, found = set(sources), Evidence()
    for seen in requests:
        if seen.request.get("workflow") == WORKFLOW:
            continue
        duplicate = seen.further.get(DUPLICATE, {})
        if "duplicates" in wanted and duplicate.get("outcome") == JUDGED:
            if prompt := _prompt(seen, found):
                both = float(duplicate["strong"]), float(duplicate["weak"])
                found.rows.append(("duplicates", Outcome(prompt, *both)))
            continue
        if "feedback" in seen.request and (source := _source(seen)) in wanted:
            _rated(seen, source, found)
    return found


def _source(seen: Seen) -> str:
    return next((name for name, mark in _MARKS.items() if mark in seen.request), "feedback")


_MARKS = {"split": "arm", "shadow": "shadow"}


def _rated(seen: Seen, source: str, found: Evidence) -> None:
    row, good = seen.request, float(seen.request["feedback"] == "good")
    if row.get("model") == row.get("baseline_model"):
        found.strong_rated += 1
        found.strong_good += int(good)
        found.skipped["rated answers of the COMPLEX tier's model"] += 1
    elif prompt := _prompt(seen, found):
        found.rows.append((source, Outcome(prompt, 1.0, good)))


def _prompt(seen: Seen, found: Evidence) -> str | None:
    if text := prompt_of(seen):
        return text
    found.skipped["the text is gone, not stored or too large"] += 1
    return None


def prompt_of(seen: Seen) -> str | None:
    """Return what a request's last turn asks, ``None`` if its text is not there."""
    content = seen.further.get("CONTENT", {})
    if "input" not in content:
        return None
    return judged_text(json.loads(content["input"])["messages"]) or None
