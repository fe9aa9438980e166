"""The workflow ``variants`` under the second interpreter, on the router as its child."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from tests.workflow.interpreter import runs
from tests.workflow.interpreter.world import World
from tests.workflow.settings import HAIKU, SONNET
from tests.workflow.variant_runs import (
    PROMPT,
    TONES,
    emptied,
    judge_prefers,
    machines,
    report,
    requests,
    reserved,
    scoring,
    scripted,
)

THROTTLED = {"status": 429, "code": "ThrottlingException"}


@pytest.fixture(scope="module")
def made() -> Iterator[World]:
    with machines() as aws:
        yield aws


@pytest.fixture
def aws(made: World) -> World:
    return emptied(made)


def ran(aws: World, machine_name: str = "faregate-variants", **given: Any) -> runs.Ran:
    asked = {
        "id": "run-1",
        "prompt": PROMPT,
        "variants": [{"tone": tone} for tone in TONES],
        "tier": "SIMPLE",
        "max_tokens": 50,
    }
    arn = aws.machine_arn.replace(":faregate", f":{machine_name}")
    return runs.execute(aws, arn, asked | given)


def test_the_answer_that_the_judge_scores_highest_is_the_best(aws: World) -> None:
    scripted(aws, formal="Good day.", warm="Hello, friend!", odd="Ahoy.")
    judge_prefers(aws, "Hello, friend!")

    done = ran(aws)

    assert done.status == "SUCCEEDED", (done.error, done.cause)
    out = done.output
    assert (out["status"], out["best"]) == ("JUDGED", {"variant": 2, "output": "Hello, friend!"})
    assert (out["ranking"][0]["variant"], out["ranking"][0]["score"]) == (2, 9.0)
    assert out["orders_agree"] is True
    assert out["failed"] == out["judge_failed"] == []
    steps = {row["step"]: row["model"] for row in requests(aws).values()}
    assert [steps[f"variant-0{n}"] for n in (1, 2, 3)] == [HAIKU] * 3
    judges = [model for step, model in steps.items() if step.startswith("judge-")]
    assert judges == [SONNET] * 2


def test_the_tree_has_every_step_and_the_run_s_own_states(aws: World) -> None:
    scripted(aws, formal="Good day.", warm="Hello, friend!", odd="Ahoy.")
    judge_prefers(aws, "Ahoy.")

    out = ran(aws).output
    run = report(aws)

    assert len(run.steps) == 5
    steps = [step.sums["cost_usd"] for step in run.steps]
    assert Decimal(out["total"]["cost_usd"]) == sum(steps)
    assert run.own["workflow_runs"] == 1
    [row] = [r for item, r in _rows(aws, "run-1").items() if item.startswith("WORKFLOW#")]
    assert row["transitions"] == 6 + 3 + 2
    assert len(row["lambda_ms"]) == 3


def _rows(aws: World, key: str) -> Mapping[str, Any]:
    return runs.by_item(runs._items(aws, key))


def test_a_repeat_of_a_run_pays_nothing_twice(aws: World) -> None:
    scripted(aws, formal="Good day.", warm="Hello, friend!", odd="Ahoy.")
    judge_prefers(aws, "Ahoy.")
    first = ran(aws).output
    calls = len(aws.wire.asks)

    again = ran(aws).output

    assert len(aws.wire.asks) == calls
    assert again["best"] == first["best"]
    assert again["total"] == first["total"]
    assert report(aws).own["workflow_runs"] == 2


def test_a_variant_that_fails_is_named_and_the_others_are_compared(aws: World) -> None:
    scripted(aws, formal="Good day.", odd="Ahoy.")
    aws.wire.script.add(
        [{"match": {"contains": "a warm greeting", "model": HAIKU}, "count": None, "status": 403}]
    )
    judge_prefers(aws, "Ahoy.")

    out = ran(aws).output

    assert out["best"]["variant"] == 3
    [failed] = out["failed"]
    assert (failed["variant"], failed["error"]) == (2, "AccessDenied")


def test_a_throttled_variant_is_the_router_s_business(aws: World) -> None:
    scripted(aws, formal="Good day.", odd="Ahoy.")
    aws.wire.script.add(
        [{"match": {"contains": "a warm greeting", "model": HAIKU}, "count": 1, **THROTTLED}]
    )
    scripted(aws, warm="Hello!")
    judge_prefers(aws, "Hello!")

    out = ran(aws).output

    assert out["best"] == {"variant": 2, "output": "Hello!"}
    assert out["failed"] == []


def test_a_judge_that_gives_nonsense_leaves_the_answers_unjudged(aws: World) -> None:
    scripted(aws, formal="Good day.", warm="Hello!", odd="Ahoy.")
    aws.wire.meanwhile = lambda _ask: None
    aws.wire.script.add([{"match": {"contains": '{"criteria"'}, "count": None, "text": "Meh."}])

    out = ran(aws).output

    assert (out["status"], "best" in out) == ("UNJUDGED", False)
    assert {line["variant"] for line in out["ranking"]} == {1, 2, 3}
    assert [why["error"] for why in out["judge_failed"]] == ["InvalidAnswer"] * 2
    assert Decimal(out["judging"]["cost_usd"]) > 0  # its calls are on the bill


def test_a_budget_that_ends_in_the_middle_refuses_the_rest_and_compares_what_there_is(
    aws: World,
) -> None:
    scripted(aws, formal="Good day.", warm="Hello!", odd="Ahoy.")
    aws.wire.meanwhile = lambda _ask: None
    limit = 2.5 * reserved(aws)

    out = ran(aws, max_cost_usd=float(limit)).output

    assert len(out["ranking"]) == 2
    [failed] = out["failed"]
    assert failed["error"] == "BudgetExceeded"
    assert "of its `max_cost_usd`" in failed["cause"]
    assert out["status"] == "UNJUDGED"


def test_a_run_in_which_nothing_answers_fails_with_the_first_cause(aws: World) -> None:
    aws.wire.meanwhile = lambda _ask: None
    aws.wire.script.add([{"match": {"contains": "greeting"}, "count": None, "status": 403}])

    done = ran(aws)

    assert (done.status, done.error) == ("FAILED", "NothingAnswered")
    assert "AccessDenied" in str(done.cause)
    [row] = [r for item, r in _rows(aws, "run-1").items() if item.startswith("WORKFLOW#")]
    assert row["status"] == "FAILED"


def test_a_prompt_and_an_answer_that_no_state_can_hold_together_are_no_failure(aws: World) -> None:
    aws.wire.meanwhile = lambda _ask: None
    body = {
        "output": {"message": {"role": "assistant", "content": [{"text": "y" * 170_000}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 9, "outputTokens": 7, "totalTokens": 16},
        "metrics": {"latencyMs": 1},
    }
    aws.wire.script.add([{"match": {"contains": "Repeat"}, "count": None, "body": body}])

    done = ran(aws, prompt="Repeat {{tone}} " + "x" * 120_000, variants=[{"tone": "this"}])

    assert done.status == "SUCCEEDED", (done.error, done.cause)
    assert len(done.output["best"]["output"]) == 170_000
    assert done.output["failed"] == []
    assert "ReadVariantFailure" in done.entered


def test_a_worker_that_dies_is_asked_again(aws: World) -> None:
    scripted(aws, formal="Good day.", warm="Hello!", odd="Ahoy.")
    judge_prefers(aws, "Ahoy.")
    aws.functions.faults = {"rank_variants": ["Runtime.ExitError"]}

    done = ran(aws)

    assert done.output["best"]["variant"] == 3
    assert ("PrepareVariants", "Runtime.ExitError") in done.retries


def test_an_input_that_makes_no_sense_ends_the_run_before_anything_is_asked(aws: World) -> None:
    done = ran(aws, variants=[{"mood": "x"}])

    assert (done.status, done.error) == ("FAILED", "InvalidRequest")
    assert "needs a value for tone" in str(done.cause)
    assert requests(aws) == {}


@pytest.fixture
def scorer(aws: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    with scoring(aws, monkeypatch) as scores:
        yield scores


def test_a_scorer_of_the_caller_s_own_takes_the_judge_s_place(
    aws: World, scorer: dict[str, Any]
) -> None:
    scripted(aws, formal="Good day.", warm="Hello!", odd="Ahoy.")
    aws.wire.meanwhile = lambda _ask: None
    scorer |= {"Good day.": 0.5, "Hello!": 0.75, "Ahoy.": 0.25}

    done = ran(aws, "faregate-scored")

    assert done.status == "SUCCEEDED", (done.error, done.cause)
    assert [line["variant"] for line in done.output["ranking"]] == [2, 1, 3]
    assert done.output["best"]["output"] == "Hello!"
    assert len(requests(aws)) == 3
    [row] = [r for item, r in _rows(aws, "run-1").items() if item.startswith("WORKFLOW#")]
    assert row["transitions"] == len(done.entered)


def test_an_answer_that_the_scorer_cannot_score_is_ranked_last(
    aws: World, scorer: dict[str, Any]
) -> None:
    scripted(aws, formal="Good day.", warm="Hello!", odd="Ahoy.")
    aws.wire.meanwhile = lambda _ask: None
    scorer |= {"Good day.": -1, "Ahoy.": -2}

    done = ran(aws, "faregate-scored")

    assert [line["variant"] for line in done.output["ranking"]] == [1, 3, 2]
    assert "score" not in done.output["ranking"][2]
    [row] = [r for item, r in _rows(aws, "run-1").items() if item.startswith("WORKFLOW#")]
    assert row["transitions"] == len(done.entered)
