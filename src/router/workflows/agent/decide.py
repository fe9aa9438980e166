"""Decides what a run does next, from its input, its rows and its progress. Pure.

Every decision begins at the task again: the plan is read, then the results of each step, so that a
run that is started again finds all that it has, and asks only for the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from router.encoding import json_object, size_in_bytes
from router.workflows.agent import plan, requests
from router.workflows.agent.asked import Agent
from router.workflows.agent.plan import Step
from router.workflows.agent.progress import Progress
from router.workflows.agent.requests import Ask
from router.workflows.agent.steps import Look, Steps

# All requests of a level travel in one state beside the run's input and progress.
_MOST_BYTES = 120_000


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run ends without an answer: a name to act on, and what the caller must know.

    ``draft_of`` is the request whose answer was withheld.
    """

    error: str
    cause: str
    draft_of: Ask | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a run: the request that formed it, its text and its confidence."""

    formed: Ask
    text: str
    synthesis: Ask
    confidence: float


@dataclass(frozen=True, slots=True)
class Decision:
    """``stage`` is what the state machine does next, ``work`` what it sends."""

    stage: str
    progress: Progress
    work: Sequence[Mapping[str, Any]] = ()
    answer: Answer | None = None
    failure: Failure | None = None
    planned: Sequence[Step] = ()
    asked: Mapping[str, Ask] = field(default_factory=dict)


def decide(asked: Agent, steps: Steps, progress: Progress) -> Decision:
    """Return what comes next: PLAN, WORK, SYNTHESISE, FORMAT, ANSWERED or FAILED."""
    planned = _plan(asked, steps, progress)
    if isinstance(planned, Decision):
        return planned
    looks = _worked(asked, steps, planned)
    known: dict[str, Any] = {
        "planned": planned,
        "asked": {name: look.ask for name, look in looks.items()},
    }
    if ready := [look for look in looks.values() if look.work]:
        return _send("WORK", _that_fit(ready), progress, known)
    if failure := _failure_of_steps(planned, looks):
        return Decision("FAILED", progress, failure=failure, **known)
    results = {name: str(look.text) for name, look in looks.items()}
    made = steps.look(requests.synthesis(asked, planned, results))
    if made.text is None:
        return _one("SYNTHESISE", made, progress, known)
    found = json_object(made.text)
    formed = steps.look(requests.form(asked, str(found["answer"])))
    if formed.text is None:
        return _one("FORMAT", formed, progress, known)
    answer = Answer(formed.ask, formed.text, made.ask, float(found["confidence"]))
    return Decision("ANSWERED", progress, answer=answer, **known)


def _plan(asked: Agent, steps: Steps, progress: Progress) -> list[Step] | Decision:
    """Return the plan; or, as long as there is none that can be run, what comes next."""
    first = steps.look(requests.planner(asked))
    if first.text is None:
        return _one("PLAN", first, progress, {})
    planned = plan.read(first.text)
    if not (faults := plan.faults(planned)):
        return planned
    second = steps.look(requests.planner(asked, first.text, faults))
    if second.text is None:
        return _one("PLAN", second, progress, {})
    planned = plan.read(second.text)
    if faults := plan.faults(planned):
        failure = Failure("InvalidPlan", "; ".join(["asked twice", *faults]))
        return Decision("FAILED", progress, failure=failure)
    return planned


def _worked(asked: Agent, steps: Steps, planned: Sequence[Step]) -> dict[str, Look]:
    """Return what became of each step whose needs are all met, by the step's name."""
    looks: dict[str, Look] = {}
    for step in plan.ordered(planned):
        needed = {name: looks[name].text for name in step.needs if name in looks}
        results = {name: text for name, text in needed.items() if text is not None}
        if len(results) == len(step.needs):
            who = asked.workers[step.worker]
            looks[step.name] = steps.look(requests.worker(who, step, results))
    return looks


def _that_fit(ready: Sequence[Look]) -> list[Look]:
    """Return as many as a state can hold, at least one: the others are ready next time as well."""
    taken, size = list(ready[:1]), size_in_bytes(ready[0].work)
    for look in ready[1:]:
        size += size_in_bytes(look.work)
        if size > _MOST_BYTES:
            break
        taken.append(look)
    return taken


def _send(
    stage: str, looks: Sequence[Look], progress: Progress, known: Mapping[str, Any]
) -> Decision:
    following = progress.asking([look.ask.step for look in looks], in_map=stage == "WORK")
    return Decision(stage, following, [look.work for look in looks if look.work], **known)


def _one(stage: str, look: Look, progress: Progress, known: Mapping[str, Any]) -> Decision:
    """Return the decision about a stage of one request: it is sent, or has failed."""
    if look.problem is None:
        return _send(stage, [look], progress, known)
    error, cause = look.problem["error"], look.problem["cause"]
    if stage == "PLAN" and error == "InvalidAnswer":
        error = "InvalidPlan"
    failure = Failure(error, f"{look.ask.step}: {cause}", look.ask)
    return Decision("FAILED", progress, failure=failure, **known)


def _failure_of_steps(planned: Sequence[Step], looks: Mapping[str, Look]) -> Failure | None:
    """Return why the plan was not carried out: which steps failed, and which had to be omitted."""
    failed = [step for step in planned if step.name in looks and looks[step.name].problem]
    if not failed:
        return None
    problems = [looks[step.name].problem or {} for step in failed]
    parts = [
        f"step {step.name} ({step.worker}) failed: {why['error']}: {why['cause']}"
        for step, why in zip(failed, problems, strict=True)
    ]
    omitted = [step.name for step in planned if step.name not in looks]
    if omitted:
        parts.append(f"not run, since they need it: {', '.join(omitted)}")
    # The one failure whose remedy is the caller's own: a higher limit.
    budget = all(why["error"] == "BudgetExceeded" for why in problems)
    return Failure("BudgetExceeded" if budget else "StepFailed", "; ".join(parts))
