"""The workflow's output, and what it cost. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cost_calculator.contributions import Sums, add
from cost_calculator.settlement import Row
from cost_calculator.workflow_cost import Settle, Step, read_step
from cost_calculator.workflow_figures import money_as_json
from router.encoding import fits_a_state
from router.workflows.run import NothingAnswered
from router.workflows.variants.answers import Answers, Results
from router.workflows.variants.asked import Variants
from router.workflows.variants.judging import Judging

STATES = 6
"""A run's own, whatever it asks."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of a run that have rows: its variants by number, and the judge's questions."""

    variants: Mapping[int, Step]
    judging: Sequence[Step]

    @property
    def judging_sums(self) -> Sums:
        return add(step.sums for step in self.judging)

    @property
    def sums(self) -> Sums:
        """Return what all of them add to the sums of ``spend``."""
        return add([*(step.sums for step in self.variants.values()), self.judging_sums])


@dataclass(frozen=True, slots=True)
class Comparison:
    """Variants, what became of them, how they compare, and the rows of all steps by key."""

    asked: Variants
    found: Answers
    judging: Judging
    rows: Mapping[str, Mapping[str, Row]]
    steps: Steps


def compare(
    asked: Variants,
    found: Answers,
    judging: Judging,
    rows: Mapping[str, Mapping[str, Row]],
    settle: Settle,
) -> Comparison:
    """Return how variants compare, with what each step cost so far."""

    def read(key: str) -> Step | None:
        return read_step(key, rows[key], settle) if "REQUEST" in rows[key] else None

    variants = zip(asked.prompts, map(read, asked.keys()), strict=True)
    steps = Steps(
        variants={number: step for number, step in variants if step},
        judging=[step for step in map(read, judging.keys) if step],
    )
    return Comparison(asked, found, judging, rows, steps)


def outcome(compared: Comparison) -> dict[str, Any]:
    """Return the workflow's output: the best answer, the ranking, what each step cost.

    Of answers with the same highest score the cheapest is the best, and the tie is reported.
    Without scores there is no best. Raise ``NothingAnswered`` if no variant has an answer.
    """
    check_answered(failed(compared.found), answered=len(compared.found.texts))
    return came_to(compared)


def check_answered(failures: Sequence[Mapping[str, Any]], *, answered: int) -> None:
    """Raise ``NothingAnswered`` with the first failure if no variant has an answer."""
    if not answered:
        first = failures[0]
        raise NothingAnswered(
            f"no variant has an answer; the first: {first['error']}: {first['cause']}"
        )


def came_to(compared: Comparison) -> dict[str, Any]:
    """Return the outcome of variants of which none may have an answer: ``UNANSWERED``."""
    asked, found, steps = compared.asked, compared.found, compared.steps
    decided = compared.judging.verdict
    unjudged = "UNJUDGED" if found.texts else "UNANSWERED"
    shown: dict[str, Any] = {
        "workflow_id": asked.run.run_id,
        "status": "JUDGED" if decided else unjudged,
        "ranking": _ranking(compared),
        "failed": failed(found),
        "judge_failed": list(compared.judging.failed),
        "judging": money_as_json(steps.judging_sums),
        "total": money_as_json(steps.sums),
    }
    if decided:
        best = min(decided.best, key=lambda number: (_cost(steps.variants.get(number)), number))
        key = asked.run.step_key(asked.step(best))
        shown["best"] = {"variant": best, **_output(found.texts[best], compared.rows[key])}
        if len(decided.best) > 1:
            shown["tie"] = list(decided.best)
        if decided.agrees is not None:
            shown["orders_agree"] = decided.agrees
    return shown


def failed(found: Answers) -> list[dict[str, Any]]:
    """Return the variants without an answer, and why each has none."""
    return [{"variant": number, **problem} for number, problem in sorted(found.failed.items())]


def _output(text: str, rows: Mapping[str, Row]) -> dict[str, str]:
    """Return an answer as a state can hold it: a large one by its address."""
    if fits_a_state(text):
        return {"output": text}
    return {"output_s3": str(rows["REQUEST"].get("output_s3", ""))}


def transitions(results: Results, judgements: Results) -> int:
    """Return how many states a run enters: six of its own, one for each request, and one more for
    each that failed, was scored, or could not be.
    """
    asked = [*results, *judgements]
    broken = [each for each in asked if each.get("status") == "FAILED"]
    scores = [each["score"] for each in asked if "score" in each]
    return STATES + len(asked) + len(broken) + len(scores) + scores.count(None)


def _ranking(compared: Comparison) -> list[dict[str, Any]]:
    asked, steps = compared.asked, compared.steps.variants
    means = compared.judging.verdict.means if compared.judging.verdict else {}

    def place(number: int) -> tuple[Any, ...]:
        mean = means.get(number, Decimal(0))
        return number not in means, -mean, _cost(steps.get(number)), number

    def line(number: int) -> dict[str, Any]:
        step = steps.get(number)
        return {
            "variant": number,
            "request_id": asked.run.step_id(asked.step(number)),
            **({"score": float(means[number])} if number in means else {}),
            **({"model": step.model, **money_as_json(step.sums)} if step else {}),
        }

    return [line(number) for number in sorted(compared.found.texts, key=place)]


def _cost(step: Step | None) -> Decimal:
    return step.sums.get("cost_usd", Decimal(0)) if step else Decimal(0)
