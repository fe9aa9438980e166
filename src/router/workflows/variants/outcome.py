"""The questions to the judge, and the workflow's output. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Any

from cost_calculator.contributions import add
from cost_calculator.settlement import Row
from cost_calculator.workflow_cost import Settle, Step, read_step
from cost_calculator.workflow_figures import money_as_json
from router.encoding import fits_a_state
from router.workflows.run import NothingAnswered
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

_STATES = 5
_JUDGES_TIER = "COMPLEX"


@dataclass(frozen=True, slots=True)
class Judging:
    """What the judge, or a scorer, found; why the judge did not reply; the keys of its steps."""

    verdict: Verdict | None
    failed: Sequence[Mapping[str, str]] = ()
    keys: Sequence[str] = ()


def candidates(asked: Variants, found: Answers) -> list[Candidate]:
    """Return what the judge compares."""
    return [Candidate(index, asked.prompts[index], text) for index, text in found.texts.items()]


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


def scored(found: Answers, results: Results) -> Verdict | None:
    """Return the verdict of the caller's own scoring function; ``None`` if it scored no answer."""
    given = {index: results[index].get("score") for index in found.texts}
    means = {
        index: Decimal(str(score))
        for index, score in given.items()
        if isinstance(score, (int, float)) and not isinstance(score, bool) and isfinite(score)
    }
    return Verdict(means, top(means), None) if means else None


def judged(asked: Variants, found: Answers, texts: Sequence[str | None]) -> Verdict | None:
    """Return the verdict of the judge's replies, in the order of its questions."""
    compared = candidates(asked, found)
    if len(compared) < 2:
        return Verdict({}, (compared[0].index,), None) if compared else None
    return verdict(
        [scores_of(text, order) for text, order in zip(texts, orders(compared), strict=True)]
    )


def outcome(
    asked: Variants,
    found: Answers,
    judging: Judging,
    rows: Mapping[str, Mapping[str, Row]],
    settle: Settle,
) -> dict[str, Any]:
    """Return the workflow's output: the best answer, the ranking, what each step cost.

    Of answers with the same highest score the cheapest is the best, and the tie is reported.
    Without scores there is no best. Raise ``NothingAnswered`` if no variant has an answer.
    """
    if not found.texts:
        first = found.failed[min(found.failed)]
        raise NothingAnswered(
            f"no variant has an answer; the first: {first['error']}: {first['cause']}"
        )
    steps = {
        key: read_step(key, items, settle) for key, items in rows.items() if "REQUEST" in items
    }
    of = {
        index: steps.get(asked.run.step_key(asked.step(index)))
        for index in range(len(asked.prompts))
    }
    decided = judging.verdict
    shown: dict[str, Any] = {
        "workflow_id": asked.run.run_id,
        "status": "JUDGED" if decided else "UNJUDGED",
        "ranking": _ranking(asked, found, decided, of),
        "failed": [
            {"variant": index + 1, **problem} for index, problem in sorted(found.failed.items())
        ],
        "judge_failed": list(judging.failed),
        "judging": money_as_json(add(steps[key].sums for key in judging.keys if key in steps)),
        "total": money_as_json(add(step.sums for step in steps.values())),
    }
    if decided:
        best = min(decided.best, key=lambda index: (_cost(of[index]), index))
        shown["best"] = {
            "variant": best + 1,
            **_output(found.texts[best], rows[asked.keys()[best]]),
        }
        if len(decided.best) > 1:
            shown["tie"] = [index + 1 for index in decided.best]
        if decided.agrees is not None:
            shown["orders_agree"] = decided.agrees
    return shown


def _output(text: str, rows: Mapping[str, Row]) -> dict[str, str]:
    """Return an answer as a state can hold it: a large one by its address."""
    if fits_a_state(text):
        return {"output": text}
    return {"output_s3": str(rows["REQUEST"].get("output_s3", ""))}


def transitions(results: Results, judgements: Results) -> int:
    """Return how many states a run enters: five of its own, one for each request, and one more for
    each that failed, was scored, or could not be.
    """
    asked = [*results, *judgements]
    failed = [each for each in asked if each.get("status") == "FAILED"]
    scores = [each["score"] for each in asked if "score" in each]
    return _STATES + len(asked) + len(failed) + len(scores) + scores.count(None)


def _ranking(
    asked: Variants, found: Answers, decided: Verdict | None, of: Mapping[int, Step | None]
) -> list[dict[str, Any]]:
    means = decided.means if decided else {}

    def place(index: int) -> tuple[Any, ...]:
        return index not in means, -means.get(index, Decimal(0)), _cost(of[index]), index

    return [
        {
            "variant": index + 1,
            "request_id": asked.run.step_id(asked.step(index)),
            **({"score": float(means[index])} if index in means else {}),
            **({"model": step.model, **money_as_json(step.sums)} if (step := of[index]) else {}),
        }
        for index in sorted(found.texts, key=place)
    ]


def _cost(step: Step | None) -> Decimal:
    return step.sums.get("cost_usd", Decimal(0)) if step else Decimal(0)
