"""The questions to the judge, and what it, or a scorer of the caller's own, found. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Any

from router.workflows.variants.answers import Answers, Results
from router.workflows.variants.asked import Variants
from router.workflows.variants.judge import (
    Candidate,
    Verdict,
    orders,
    question,
    question_id,
    scores_of,
    top,
    verdict,
)

_JUDGES_TIER = "COMPLEX"


@dataclass(frozen=True, slots=True)
class Judging:
    """What the judge, or a scorer, found; why the judge did not reply; the keys of its steps."""

    verdict: Verdict | None
    failed: Sequence[Mapping[str, str]] = ()
    keys: Sequence[str] = ()


def candidates(asked: Variants, found: Answers) -> list[Candidate]:
    """Return what the judge compares."""
    return [Candidate(number, asked.prompts[number], text) for number, text in found.texts.items()]


def judge_requests(asked: Variants, found: Answers, input_bytes: int) -> list[dict[str, Any]]:
    """Return the two questions to the judge; none if there is nothing to compare."""
    compared = candidates(asked, found)
    if len(compared) < 2:
        return []
    criteria = asked.judge.get("criteria")
    return [
        asked.run.request(
            question_id(compared, number, criteria),
            question(compared, order, criteria, input_bytes)
            | {"tier": asked.judge.get("tier", _JUDGES_TIER)},
        )
        for number, order in enumerate(orders(compared), start=1)
    ]


def judge_steps(asked: Variants, found: Answers) -> list[str]:
    """Return the names of the judge's steps."""
    compared = candidates(asked, found)
    criteria = asked.judge.get("criteria")
    count = len(orders(compared)) if len(compared) > 1 else 0
    return [question_id(compared, number, criteria) for number in range(1, count + 1)]


def scored(asked: Variants, found: Answers, results: Results) -> Verdict | None:
    """Return the verdict of the caller's own scoring function; ``None`` if it scored no answer."""
    given = {
        number: each.get("score")
        for number, each in zip(asked.prompts, results, strict=True)
        if number in found.texts
    }
    means = {
        number: Decimal(str(score))
        for number, score in given.items()
        if isinstance(score, (int, float)) and not isinstance(score, bool) and isfinite(score)
    }
    return Verdict(means, top(means), None) if means else None


def judged(asked: Variants, found: Answers, texts: Sequence[str | None]) -> Verdict | None:
    """Return the verdict of the judge's replies, in the order of its questions."""
    compared = candidates(asked, found)
    if len(compared) < 2:
        return Verdict({}, (compared[0].number,), None) if compared else None
    return verdict(
        [scores_of(text, order) for text, order in zip(texts, orders(compared), strict=True)]
    )
