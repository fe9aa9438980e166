"""What planner, workers, synthesiser and formatter are asked. Pure.

A step's name ends in a fingerprint of what it is asked. The same question is the same request, and
is answered from its rows; another result of an earlier step makes another question.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from router.workflows.agent.asked import Agent, Worker
from router.workflows.agent.plan import Step, schema
from router.workflows.run import Run, fingerprint

Results = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing to be done: a request of the router, or a call of ``function_arn``.

    ``step`` names it in ids, ``label`` in the tree of costs: there the plan's own name.
    """

    step: str
    label: str
    fields: Mapping[str, Any]
    retries: int = 0
    function_arn: str | None = None

    def work(self, run: Run, rerun: int | None) -> dict[str, Any]:
        """Return what the state machine sends; ``rerun`` numbers the next run of a failed one."""
        if self.function_arn is None:
            again = {} if rerun is None else {"rerun": rerun}
            request = run.request(self.step, self.fields) | again
            request["workflow"] = {**request["workflow"], "step": self.label}
            return {"kind": "ASK", "request": request}
        about = {
            "request_id": run.step_id(self.step), "tenant": run.tenant, "workflow_id": run.run_id
        }  # fmt: skip
        return {
            "kind": "CALL",
            "function": self.function_arn,
            "payload": {**about, **self.fields},
        }


def planner(asked: Agent, rejected: str | None = None, faults: Sequence[str] = ()) -> Ask:
    """Return the question for a plan; with the ``rejected`` one and its faults if there was one."""
    content: dict[str, Any] = {
        "task": asked.task,
        "workers": {name: worker.description for name, worker in asked.workers.items()},
        "most_steps": asked.most_steps,
    }
    if rejected is not None:
        content |= {"plan": json.loads(rejected), "problems": list(faults)}
    asks = _json_turn(content, "planner") | {"response_schema": schema(asked)}
    return _ask("plan" if rejected is None else "plan-again", asks | asked.plan)


def worker(who: Worker, step: Step, results: Results) -> Ask:
    """Return a step's question; ``results`` are those of the steps that it needs."""
    name = f"step-{step.place:02d}"
    if who.function_arn is not None:
        fields = {
            "step": step.name, "worker": who.name, "input": step.input, "results": dict(results)
        }  # fmt: skip
        return _ask(name, fields, who.retries, who.function_arn, step.name)
    if not results:
        asks: dict[str, Any] = {"input": step.input, "system": who.prompt}
    else:
        asks = _json_turn({"task": step.input, "results": dict(results)}, "worker")
        asks["system"] = f"{who.prompt}\n\n{asks['system']}"
    return _ask(name, asks | who.options, who.retries, None, step.name)


def synthesis(asked: Agent, steps: Sequence[Step], results: Results) -> Ask:
    """Return the question for the answer and its confidence."""
    content = {
        "task": asked.task,
        "steps": [
            {
                "id": step.name,
                "worker": step.worker,
                "input": step.input,
                "result": results[step.name],
            }
            for step in steps
        ],
    }
    answer = {
        "type": "object",
        "additionalProperties": False,
        "required": ["answer", "confidence"],
        "properties": {
            "answer": {"type": "string", "minLength": 1},
            "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        },
    }
    bands = {
        "confidence_field": "confidence",
        "answer_above": asked.answer_above,
        "fail_below": asked.fail_below,
    }
    asks = _json_turn(content, "synthesis") | {"response_schema": answer, "review": bands}
    return _ask("synthesis", asks | asked.synthesis)


def form(asked: Agent, answer: str) -> Ask:
    """Return the question that gives the answer its form."""
    content = {"task": asked.task, "answer": answer, "instructions": asked.instructions}
    return _ask("format", _json_turn(content, "format") | asked.form)


def _ask(
    name: str,
    fields: Mapping[str, Any],
    retries: int = 0,
    function_arn: str | None = None,
    planned_as: str | None = None,
) -> Ask:
    label = name if planned_as is None else f"step-{planned_as}"
    return Ask(f"{name}-{fingerprint(fields)}", label, fields, retries, function_arn)


def _json_turn(content: Mapping[str, Any], instructions: str) -> dict[str, Any]:
    turn = {"role": "user", "content": json.dumps(content, ensure_ascii=False)}
    return {"messages": [turn], "system": _text(instructions)}


@lru_cache
def _text(name: str) -> str:
    return Path(__file__).with_name(f"{name}.md").read_text(encoding="utf-8").strip()
