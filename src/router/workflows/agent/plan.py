"""A plan: steps, each with its worker and the steps whose results it needs. Pure.

The router holds the planner to a schema, and has a plan that does not fit repaired. What no schema
can express is checked here: a step may need only steps that there are, and never itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from router.encoding import json_object
from router.workflows.agent.asked import Agent

_STEP_ID = "^[a-z][0-9a-z_]{0,31}$"
_INPUT = 8192


@dataclass(frozen=True, slots=True)
class Step:
    """One step; ``place`` counts from 1, in the planner's order."""

    place: int
    name: str
    worker: str
    input: str
    needs: tuple[str, ...]


def schema(asked: Agent) -> dict[str, Any]:
    """Return what the planner's reply must fit: workers that there are, and not too many steps."""
    step = {
        "type": "object",
        "additionalProperties": False,
        "required": ["id", "worker", "input", "needs"],
        "properties": {
            "id": {"type": "string", "pattern": _STEP_ID},
            "worker": {"type": "string", "enum": sorted(asked.workers)},
            "input": {"type": "string", "minLength": 1, "maxLength": _INPUT},
            "needs": {"type": "array", "items": {"type": "string"}},
        },
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["steps"],
        "properties": {
            "steps": {"type": "array", "minItems": 1, "maxItems": asked.most_steps, "items": step}
        },
    }


def read(text: str) -> list[Step]:
    """Return the steps of a reply that fits the schema."""
    return [
        Step(place, each["id"], each["worker"], each["input"], tuple(dict.fromkeys(each["needs"])))
        for place, each in enumerate(json_object(text)["steps"], start=1)
    ]


def faults(steps: Sequence[Step]) -> list[str]:
    """Return what is wrong with a plan, in words for the planner; nothing if it can be run."""
    names = [step.name for step in steps]
    twice = sorted({name for name in names if names.count(name) > 1})
    found = [f"two steps have the id {name}: ids must differ" for name in twice]
    found += [
        f"step {step.name} needs {name}, and no step has this id"
        for step in steps
        for name in step.needs
        if name not in names
    ]
    if found:
        return found
    try:
        TopologicalSorter({step.name: step.needs for step in steps}).prepare()
    except CycleError as error:
        return [f"steps need each other in a circle: {' needs '.join(reversed(error.args[1]))}"]
    return []


def ordered(steps: Sequence[Step]) -> list[Step]:
    """Return the steps so that each comes after all that it needs."""
    by_name: Mapping[str, Step] = {step.name: step for step in steps}
    return [
        by_name[name]
        for name in TopologicalSorter({step.name: step.needs for step in steps}).static_order()
    ]
