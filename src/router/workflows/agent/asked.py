"""What a run of ``agent`` is asked for, read from its input. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from router.encoding import MAX_DEPTH, is_deeper, size_in_bytes, unsendable
from router.errors import InvalidRequest
from router.intake.json_schema import problems
from router.workflows.run import Run, run_of

NAME = "agent"
# The input travels in every state beside the requests of a level.
_MOST_BYTES = 40_000
_SHOWN_PROBLEMS = 5
_STEPS = 8
_ANSWER_ABOVE, _FAIL_BELOW = 0.8, 0.5


@dataclass(frozen=True, slots=True)
class Worker:
    """Somebody who can do a step: a prompt of its own, or a function of the caller's."""

    name: str
    description: str
    prompt: str | None
    function_arn: str | None
    options: dict[str, Any]
    retries: int


@dataclass(frozen=True, slots=True)
class Agent:
    """A run of this workflow; ``plan``, ``synthesis`` and ``form`` are options of these requests.

    An answer reaches the caller at a confidence of ``answer_above``, a reviewer between it and
    ``fail_below``, and nobody below.
    """

    run: Run
    task: str
    workers: Mapping[str, Worker]
    most_steps: int
    answer_above: float
    fail_below: float
    plan: dict[str, Any]
    synthesis: dict[str, Any]
    form: dict[str, Any]
    instructions: str


def parse(given: Any, execution_name: str, tools: Mapping[str, str]) -> Agent:
    """Return the run in an execution's input, or raise ``InvalidRequest`` with what to write.

    ``tools`` are the ARNs of the functions that the deployment lets its workflow call, by name.
    """
    if is_deeper(given, MAX_DEPTH):
        raise InvalidRequest(f"the input is nested more than {MAX_DEPTH} levels deep: flatten it")
    found = list(problems(given, _schema()))
    if not found and not given["workers"]:
        found = ["`workers` must not be empty: name who can do a step"]
    if not found:
        found = [each for name in given for each in unsendable(given[name], name)]
    if found:
        raise InvalidRequest("; ".join(found[:_SHOWN_PROBLEMS]))
    if (size := size_in_bytes(given)) > _MOST_BYTES:
        raise InvalidRequest(
            f"the input takes {size} bytes and may take {_MOST_BYTES}: let a tool read what is long"
        )
    plan, synthesis = given.get("plan", {}), given.get("synthesis", {})
    form = given.get("format", {})
    above = synthesis.get("answer_above", _ANSWER_ABOVE)
    below = synthesis.get("fail_below", min(_FAIL_BELOW, above))
    if below > above:
        raise InvalidRequest("`synthesis.fail_below` must not be above `synthesis.answer_above`")
    return Agent(
        run=run_of(NAME, given, execution_name),
        task=given["task"],
        workers={name: _worker(name, each, tools) for name, each in given["workers"].items()},
        most_steps=int(plan.get("max_steps", _STEPS)),
        answer_above=float(above),
        fail_below=float(below),
        plan=_options(plan, "COMPLEX", 1500),
        synthesis=_options(synthesis, "COMPLEX", 1500),
        form=_options(form, "SIMPLE", 1500),
        instructions=form.get("instructions", "Plain Markdown, the result first."),
    )


def _worker(name: str, given: Mapping[str, Any], tools: Mapping[str, str]) -> Worker:
    if ("prompt" in given) == ("tool" in given):
        raise InvalidRequest(f"`workers.{name}` must have either `prompt` (a text) or `tool`")
    if "tool" in given and ("tier" in given or "max_tokens" in given):
        raise InvalidRequest(f"`workers.{name}` is a tool: `tier` and `max_tokens` are for prompts")
    tool = given.get("tool")
    if tool is not None and tool not in tools:
        known = ", ".join(sorted(tools)) or "no tool"
        raise InvalidRequest(
            f"`workers.{name}.tool` is not in the module's workflows.agent.tools: there is {known}"
        )
    return Worker(
        name=name,
        description=given["description"],
        prompt=given.get("prompt"),
        function_arn=None if tool is None else tools[tool],
        # Without a tier the router decides, as for any request.
        options=_options(given, None, 1000),
        retries=int(given.get("retries", 1)),
    )


def _options(given: Mapping[str, Any], tier: str | None, max_tokens: int) -> dict[str, Any]:
    return {"tier": given.get("tier", tier), "max_tokens": given.get("max_tokens", max_tokens)}


@lru_cache(maxsize=1)
def _schema() -> Mapping[str, Any]:
    text = Path(__file__).with_name("input.schema.json").read_text(encoding="utf-8")
    schema: Mapping[str, Any] = json.loads(text)
    return schema
