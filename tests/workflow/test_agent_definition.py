"""The definition of the agent against the schema of the language, the code and the module."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.workflow.test_definition import ASL, AWS_ERRORS, OUR_ERRORS, expressions, filled, lint

TEXT = (ASL / "agent.asl.json").read_text(encoding="utf-8")
DEFINITION: dict[str, Any] = json.loads(TEXT)
OWN: dict[str, dict[str, Any]] = DEFINITION["States"]
STATES = OWN | OWN["RunSteps"]["ItemProcessor"]["States"]
LAMBDAS = [
    name
    for name, state in STATES.items()
    if "decide_agent_arn" in json.dumps(state.get("Arguments", {}))
]
CHILDREN = ("AskPlanner", "AskWorker", "AskSynthesiser", "AskFormatter")
TERRAFORM = ASL.parent / "terraform"


def test_the_published_schema_of_the_language_accepts_it() -> None:
    assert lint(json.loads(filled(TEXT.replace("${router_arn}", "arn:aws:states:::x")))) == []


def test_the_holes_of_the_template_are_what_terraform_fills() -> None:
    module = (TERRAFORM / "workflow_agent.tf").read_text(encoding="utf-8")
    [given] = re.findall(r"/agent\.asl\.json\", \{(.*?)\}\)", module, re.DOTALL)

    assert set(re.findall(r"\$\{(\w+)\}", TEXT)) == set(re.findall(r"^ *(\w+) +=", given, re.M))


@pytest.mark.parametrize("name", STATES)
def test_every_state_says_what_it_is_for(name: str) -> None:
    assert STATES[name]["Comment"].endswith(".")


def test_the_readme_has_a_row_for_each_state() -> None:
    readme = (ASL / "README.md").read_text(encoding="utf-8").partition("# Agent")[2]

    assert [name for name in STATES if f"`{name}`" not in readme] == []


@pytest.mark.parametrize("expression", sorted({*expressions(DEFINITION)}))
def test_an_expression_passes_on_what_it_is_given(expression: str) -> None:
    inner = expression.removeprefix("{%").removesuffix("%}").strip()

    assert re.fullmatch(
        r"\$(states\.(input|result|errorOutput|context)(\[0\])?[.\w]*|\w+(\.\w+)*)( & '')?"
        # The way that the function chose.
        r"|\$stage = '[A-Z]+'|\$states\.input\.kind = 'CALL'",
        inner,
    )


def test_every_way_is_one_that_the_code_chooses() -> None:
    source = (ASL.parent / "src/router/workflows/agent/decide.py").read_text(encoding="utf-8")
    stages = re.findall(r"\$stage = '([A-Z]+)'", TEXT)

    assert {*stages, "FAILED"} == set(re.findall(r'(?:_one|_send|Decision)\("([A-Z]+)"', source))


@pytest.mark.parametrize("name", LAMBDAS)
def test_a_function_that_dies_is_asked_again_for_it_calls_no_model(name: str) -> None:
    state = STATES[name]
    retried = {error for retry in state["Retry"] for error in retry["ErrorEquals"]}

    assert state["TimeoutSeconds"] <= 60
    assert "States.ALL" in retried or {"Runtime.ExitError", "StoreUnavailable"} <= retried


@pytest.mark.parametrize("name", CHILDREN)
def test_only_a_child_that_did_not_start_is_started_again(name: str) -> None:
    retried = [error for retry in STATES[name]["Retry"] for error in retry["ErrorEquals"]]
    caught = [error for catch in STATES[name]["Catch"] for error in catch["ErrorEquals"]]

    assert all(error.startswith("StepFunctions.") for error in retried)
    # States.ALL does not catch a result that is too large.
    assert caught == ["States.DataLimitExceeded", "States.ALL"]


def test_a_tool_that_may_have_run_is_called_again_by_the_code_alone() -> None:
    retried = [error for retry in STATES["CallTool"]["Retry"] for error in retry["ErrorEquals"]]

    assert retried == ["Lambda.TooManyRequestsException"]


def test_every_error_name_is_ours_or_one_that_aws_documents() -> None:
    handlers = [h for s in STATES.values() for h in [*s.get("Retry", []), *s.get("Catch", [])]]
    names = {name for handler in handlers for name in handler["ErrorEquals"]}
    known = AWS_ERRORS.pattern + r"|StepFunctions\.\w+Exception|States\.DataLimitExceeded"

    assert [name for name in names - OUR_ERRORS if not re.fullmatch(known, name)] == []


def test_a_run_that_cannot_go_on_tells_its_caller_why() -> None:
    caught = [catch for name in LAMBDAS for catch in STATES[name].get("Catch", [])]

    assert {catch["Next"] for catch in caught} == {"RunFailed"}
    assert OWN["WhatNext"]["Default"] == "RunFailed"
    assert OWN["RunFailed"]["Error"] == "{% $failure.error %}"
