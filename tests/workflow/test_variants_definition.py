"""The definition of variants against the schema of the language, the code and the module."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from router.workflows.run import NothingAnswered
from router.workflows.variants.outcome import transitions
from router.workflows.variants.sets import GroupFailed, set_transitions
from tests.workflow.test_definition import ASL, AWS_ERRORS, OUR_ERRORS, expressions, filled, lint

TEXT = (ASL / "variants.asl.json").read_text(encoding="utf-8")
DEFINITION: dict[str, Any] = json.loads(TEXT)
MAPS = ("AskGroups", "AskVariants", "AskJudge")
OWN: dict[str, dict[str, Any]] = DEFINITION["States"]
STATES = OWN | {
    name: state for each in MAPS for name, state in OWN[each]["ItemProcessor"]["States"].items()
}
LAMBDAS = [
    name
    for name, state in STATES.items()
    if "rank_variants_arn" in json.dumps(state.get("Arguments", {}))
]
CHILDREN = ("AskGroup", "AskVariant", "AskJudgeOnce")
TERRAFORM = ASL.parent / "terraform"


def test_the_published_schema_of_the_language_accepts_it() -> None:
    text = TEXT.replace("${router_arn}", "arn:aws:states:::x")
    text = text.replace("${variants_arn}", "arn:aws:states:::y")
    assert lint(json.loads(filled(text.replace("${scorer_arn}", "arn:aws:lambda:::x")))) == []


def test_the_holes_of_the_template_are_what_terraform_fills() -> None:
    module = (TERRAFORM / "workflow_variants.tf").read_text(encoding="utf-8")
    [given] = re.findall(r"/variants\.asl\.json\", \{(.*?)\}\)", module, re.DOTALL)

    assert set(re.findall(r"\$\{(\w+)\}", TEXT)) == set(re.findall(r"^ *(\w+) +=", given, re.M))


@pytest.mark.parametrize("name", STATES)
def test_every_state_says_what_it_is_for(name: str) -> None:
    assert STATES[name]["Comment"].endswith(".")


def test_the_readme_has_a_row_for_each_state() -> None:
    readme = (ASL / "README.md").read_text(encoding="utf-8").partition("# Variants")[2]

    assert [name for name in STATES if f"`{name}`" not in readme] == []


@pytest.mark.parametrize("expression", sorted({*expressions(DEFINITION)}))
def test_an_expression_passes_on_what_it_is_given(expression: str) -> None:
    inner = expression.removeprefix("{%").removesuffix("%}").strip()

    assert re.fullmatch(
        r"\$(states\.(input|result|errorOutput|context)[.\w]*|\w+(\.\w+)*)( & '')?"
        r"|\$parse\(\$states\.errorOutput\.Cause\)\.errorMessage",
        inner,
    )


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


def test_an_answer_that_cannot_be_scored_stops_no_other() -> None:
    [catch] = STATES["ScoreVariant"]["Catch"]

    assert (catch["ErrorEquals"], catch["Next"]) == (["States.ALL"], "VariantUnscored")


def test_every_error_name_is_ours_or_one_that_aws_documents() -> None:
    handlers = [h for s in STATES.values() for h in [*s.get("Retry", []), *s.get("Catch", [])]]
    names = {name for handler in handlers for name in handler["ErrorEquals"]}
    ours = OUR_ERRORS | {NothingAnswered.__name__, GroupFailed.__name__}
    known = AWS_ERRORS.pattern + r"|StepFunctions\.\w+Exception|States\.DataLimitExceeded"

    assert [name for name in names - ours if not re.fullmatch(known, name)] == []


def test_the_code_counts_the_states_that_a_run_enters() -> None:
    by_variants = [name for name in OWN if name not in ("RunFailed", "AskGroups")]
    by_groups = [name for name in OWN if name not in ("RunFailed", "AskVariants")]

    assert transitions([], []) == len(by_variants)
    assert set_transitions([], []) == len(by_groups)
    ok, failed = {"status": "SUCCEEDED"}, {"status": "FAILED"}
    assert transitions([ok], [ok]) - transitions([], []) == 2
    # AWS charges the start of a Distributed Map's child, and the states in it.
    assert set_transitions([ok], [ok]) - set_transitions([], []) == 2 + 1
    assert set_transitions([failed], []) - set_transitions([ok], []) == 1
    assert transitions([failed], []) - transitions([ok], []) == 1


def test_a_run_that_cannot_go_on_tells_its_caller_why() -> None:
    able = [*LAMBDAS, "AskGroups"]
    catches = [catch for name in able for catch in STATES[name].get("Catch", [])]

    assert {catch["Next"] for catch in catches} == {"RunFailed"}
    assert OWN["RunFailed"]["Error"] == "{% $failure.error %}"
