"""The workflow's output, or what it fails with. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cost_calculator.contributions import add
from cost_calculator.settlement import Row
from cost_calculator.workflow_cost import Settle, read_step
from cost_calculator.workflow_figures import money_as_json
from router.encoding import fits_a_state
from router.workflows.agent.asked import Agent
from router.workflows.agent.decide import Answer, Decision, Failure
from router.workflows.agent.steps import Steps

# A cause holds 32,768 characters.
_MOST_DRAFT = 24_000


def outcome(
    asked: Agent, decision: Decision, answer: Answer, steps: Steps, settle: Settle
) -> dict[str, Any]:
    """Return the answer, its confidence, and what each step of the plan cost."""
    found = {
        key: read_step(key, rows, settle) for key, rows in steps.rows.items() if "REQUEST" in rows
    }
    review = _review(steps.rows_of(answer.synthesis)["REQUEST"])

    def line(name: str) -> dict[str, Any]:
        ask = decision.asked[name]
        step = found.get(asked.run.step_key(ask.step))
        # What a function of the caller's costs is on the caller's own bill.
        spent = {"model": step.model, **money_as_json(step.sums)} if step else {}
        return {"request_id": asked.run.step_id(ask.step), **spent}

    return {
        "workflow_id": asked.run.run_id,
        "status": "ANSWERED",
        **_output(answer.text, steps.rows_of(answer.formed)),
        "confidence": answer.confidence,
        **({"review": review} if review else {}),
        "steps": [
            {
                "step": step.name,
                "worker": step.worker,
                "needs": list(step.needs),
                **line(step.name),
            }
            for step in decision.planned
        ],
        "total": money_as_json(add(step.sums for step in found.values())),
    }


def failed(failure: Failure, draft: str | None, draft_s3: str | None) -> dict[str, str]:
    """Return the error with which the run ends; a withheld answer is in it, and where it is."""
    cause = failure.cause
    if draft_s3:
        cause += f"; the draft is at {draft_s3}"
    if draft:
        cause += f": {draft[:_MOST_DRAFT]}"
    return {"error": failure.error, "cause": cause}


def draft_address(rows: Mapping[str, Row]) -> str | None:
    """Return where the last withheld answer of a request is kept, if one is."""
    kept = [row["draft_s3"] for _, row in sorted(rows.items()) if row.get("draft_s3")]
    return str(kept[-1]) if kept else None


def _output(text: str, rows: Mapping[str, Row]) -> dict[str, str]:
    """Return an answer as a state can hold it: a large one by its address."""
    if fits_a_state(text):
        return {"output": text}
    return {"output_s3": str(rows["REQUEST"].get("output_s3", ""))}


def _review(request: Row) -> dict[str, str] | None:
    if "review" not in request:
        return None
    return {"decision": str(request["review"]), "by": str(request.get("reviewer", ""))}
