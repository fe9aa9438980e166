"""What became of the requests of a run: texts, and why others have none. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cost_calculator.settlement import Row
from router.workflows.run import answer_problem
from router.workflows.variants.asked import Variants

Results = Sequence[Mapping[str, Any]]
"""What the workflow reports of each request, in order."""

TextOf = Callable[[Mapping[str, Row]], str | None]
"""Returns the answer that a step's rows have or name; ``None`` if its text is gone."""


@dataclass(frozen=True, slots=True)
class Replies:
    """What the judge replied, ``None`` if it has not, and why not."""

    texts: Sequence[str | None]
    failed: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Answers:
    """What became of the variants, by number: texts, and why others have none."""

    texts: Mapping[int, str]
    failed: Mapping[int, Mapping[str, str]]


def answers(
    asked: Variants,
    rows: Mapping[str, Mapping[str, Row]],
    results: Results,
    text_of: TextOf,
) -> Answers:
    """Return the answers there are. ``rows`` are those of each step's key."""
    texts: dict[int, str] = {}
    failed: dict[int, Mapping[str, str]] = {}
    for number, key, reported in zip(asked.prompts, asked.keys(), results, strict=True):
        text, problem = _read(rows[key], reported, text_of)
        if text is None:
            failed[number] = problem
        else:
            texts[number] = text
    return Answers(texts, failed)


def replies(
    keys: Sequence[str],
    rows: Mapping[str, Mapping[str, Row]],
    judgements: Results,
    text_of: TextOf,
) -> Replies:
    """Return what the judge replied to each question, and why it has not."""
    read = [
        _read(rows[key], reported, text_of) for key, reported in zip(keys, judgements, strict=True)
    ]
    return Replies([text for text, _ in read], [why for text, why in read if text is None])


def _read(
    rows: Mapping[str, Row], reported: Mapping[str, Any], text_of: TextOf
) -> tuple[str | None, Mapping[str, str]]:
    if problem := answer_problem(rows, reported):
        return None, problem
    return text_of(rows), {"error": "TextExpired", "cause": "its text is gone"}
