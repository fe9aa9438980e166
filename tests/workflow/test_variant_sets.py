"""A file of variants under the second interpreter: groups, each a run of the same machine.

Groups are of two here, so that three variants are two of them.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from tests.support.tables import USAGE
from tests.workflow.interpreter import runs
from tests.workflow.interpreter.world import BUCKET, World
from tests.workflow.settings import HAIKU
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

ANSWERS = {"formal": "Good day.", "warm": "Hello, friend!", "odd": "Ahoy."}
FILE = f"s3://{BUCKET}/variants/tones.jsonl"
TEXT = "".join(json.dumps({"tone": tone}) + "\n" for tone in TONES)


@pytest.fixture(scope="module")
def made() -> Iterator[World]:
    with machines() as aws:
        yield aws


@pytest.fixture
def aws(made: World, monkeypatch: pytest.MonkeyPatch) -> World:
    small_groups(monkeypatch)
    return emptied(made)


def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("router.workflows.variants.sets"), "_GROUP", 2)


def ran(aws: World, machine: str = "faregate-variants", text: str = TEXT, **given: Any) -> runs.Ran:
    aws.client("s3").put_object(Bucket=BUCKET, Key="variants/tones.jsonl", Body=text.encode())
    asked = {
        "id": "run-1", "prompt": PROMPT, "variants_s3": FILE, "tier": "SIMPLE", "max_tokens": 50,
    }  # fmt: skip
    return runs.execute(
        aws, aws.machine_arn.replace(":faregate", f":{machine}"), {**asked, **given}
    )


def executions(aws: World) -> list[Mapping[str, Any]]:
    """Return the rows of what the run's own executions cost: the file's first, then the groups'."""
    found = aws.client("dynamodb").scan(TableName=USAGE)["Items"]
    rows = [next(iter(runs.by_item([item]).values())) for item in found]
    own = [row for row in rows if row["item"].startswith("WORKFLOW#")]
    return sorted(own, key=lambda row: row.get("group", 0))


def every_variant(aws: World, out: Mapping[str, Any]) -> Any:
    key = out["results_s3"].removeprefix(f"s3://{BUCKET}/")
    return json.loads(aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read())


def test_the_best_of_all_groups_is_the_best(aws: World) -> None:
    scripted(aws, **ANSWERS)
    judge_prefers(aws, "Hello, friend!")

    done = ran(aws)

    assert done.status == "SUCCEEDED", (done.error, done.cause)
    out = done.output
    assert (out["status"], out["best"]) == ("JUDGED", {"variant": 2, "output": "Hello, friend!"})
    assert [(each["variant"], each["score"]) for each in out["ranking"]] == [(2, 9.0), (3, 4.0)]
    assert out["variants"] == {"asked": 3, "answered": 3, "failed": 0}
    assert out["groups"] == [
        {"first": 1, "variants": 2, "status": "JUDGED", "best": 2},
        {"first": 3, "variants": 1, "status": "JUDGED", "best": 3},
    ]
    lines = every_variant(aws, out)["ranking"]
    assert [(each["variant"], each["group"]) for each in lines] == [(2, 1), (3, 3), (1, 1)]
    assert [each.get("final_score") for each in lines] == [9.0, 4.0, None]
    assert [each.get("score") for each in lines] == [9.0, None, 4.0]
    steps = {row["step"] for row in requests(aws).values()}
    assert {"variant-01", "variant-02", "variant-03"} < steps
    assert len(steps) == 3 + 2 + 2  # a group of one answer has no judge
    # All of it is one run, to the last digit.
    run = report(aws)

    assert Decimal(done.output["total"]["cost_usd"]) == run.total["cost_usd"]
    judges = [step.sums["cost_usd"] for step in run.steps if step.name.startswith("judge-")]
    assert Decimal(done.output["judging"]["cost_usd"]) == sum(judges)
    assert (run.status, run.own["workflow_runs"]) == ("SUCCEEDED", 1)
    whole, *groups = executions(aws)
    assert [(row["group"], row["status"]) for row in groups] == [
        (1, "SUCCEEDED"), (3, "SUCCEEDED")
    ]  # fmt: skip
    # The start of each child of the Map, and its one state, are in no history of the run's.
    assert whole["transitions"] == len(done.entered) + 2 * 2
    assert [row["transitions"] for row in groups] == [6 + 2 + 2, 6 + 1]


@pytest.mark.slow
def test_a_repeat_of_a_run_over_a_file_pays_nothing_twice(aws: World) -> None:
    scripted(aws, **ANSWERS)
    judge_prefers(aws, "Ahoy.")
    first = ran(aws).output
    calls = len(aws.wire.asks)

    again = ran(aws).output

    assert len(aws.wire.asks) == calls
    assert (again["best"], again["total"]) == (first["best"], first["total"])
    assert report(aws).own["workflow_runs"] == 2


def test_a_group_without_an_answer_is_no_failure(aws: World) -> None:
    scripted(aws, odd="Ahoy.")
    for tone in ("formal", "warm"):
        match = {"contains": f"a {tone} greeting", "model": HAIKU}
        aws.wire.script.add([{"match": match, "count": None, "status": 403}])
    aws.wire.meanwhile = lambda _ask: None

    out = ran(aws).output

    assert out["best"] == {"variant": 3, "output": "Ahoy."}
    assert out["groups"][0] == {"first": 1, "variants": 2, "status": "UNANSWERED"}
    assert out["variants"] == {"asked": 3, "answered": 1, "failed": 2}
    failed = every_variant(aws, out)["failed"]
    assert [(each["variant"], each["error"]) for each in failed] == [
        (1, "AccessDenied"), (2, "AccessDenied")
    ]  # fmt: skip
    assert Decimal(out["total"]["cost_usd"]) == report(aws).total["cost_usd"]


def test_nothing_answered_in_any_group_is_the_run_s_failure(aws: World) -> None:
    aws.wire.meanwhile = lambda _ask: None
    aws.wire.script.add([{"match": {"contains": "greeting"}, "count": None, "status": 403}])

    done = ran(aws)

    assert (done.status, done.error) == ("FAILED", "NothingAnswered")
    assert "AccessDenied" in str(done.cause)
    assert [row["status"] for row in executions(aws)] == ["FAILED", "SUCCEEDED", "SUCCEEDED"]


def test_groups_that_no_judge_could_compare_have_no_best(aws: World) -> None:
    scripted(aws, **ANSWERS)
    aws.wire.meanwhile = lambda _ask: None
    aws.wire.script.add([{"match": {"contains": '{"criteria"'}, "count": None, "text": "Meh."}])

    out = ran(aws, text=TEXT.replace(json.dumps({"tone": "odd"}) + "\n", "")).output

    assert (out["status"], out["ranking"], "best" in out) == ("UNJUDGED", [], False)
    assert [each["status"] for each in out["groups"]] == ["UNJUDGED"]
    found = every_variant(aws, out)
    assert [each["error"] for each in found["judge_failed"]] == ["InvalidAnswer"] * 2
    assert len(found["ranking"]) == 2


@pytest.mark.slow
def test_a_group_that_broke_off_fails_the_run_before_a_judge_compares_the_rest(
    aws: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scripted(aws, **ANSWERS)
    judge_prefers(aws, "Ahoy.")
    handler = importlib.import_module("router.handlers.rank_variants").handler

    def broken(event: Any, context: object) -> Any:
        if event["step"] == "judge" and event["input"].get("group") == 3:
            raise RuntimeError("a table is gone")
        return handler(event, context)

    monkeypatch.setitem(aws.functions.own, "rank_variants", broken)
    done = ran(aws)
    monkeypatch.undo()

    assert (done.status, done.error) == ("FAILED", "GroupFailed")
    assert "from variant 3 on: RuntimeError: a table is gone" in str(done.cause)
    steps = {row["step"] for row in requests(aws).values()}
    assert sum(step.startswith("judge-") for step in steps) == 2  # those of the first group
    # Started again, it does what is missing.
    small_groups(monkeypatch)
    calls = len(aws.wire.asks)
    again = ran(aws)
    assert again.output["best"]["variant"] == 3
    assert len(aws.wire.asks) == calls + 2


def test_a_limit_that_ends_in_the_middle_of_a_file_holds_for_all_groups_together(
    aws: World,
) -> None:
    scripted(aws, **ANSWERS)
    aws.wire.meanwhile = lambda _ask: None
    limit = 2.5 * reserved(aws)

    out = ran(aws, max_cost_usd=limit).output

    assert out["variants"] == {"asked": 3, "answered": 2, "failed": 1}
    [failed] = every_variant(aws, out)["failed"]
    assert failed["error"] == "BudgetExceeded"
    assert report(aws).total["cost_usd"] <= Decimal(limit)


def test_a_scorer_compares_all_groups_and_no_judge_is_asked(
    aws: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(aws, **ANSWERS)
    aws.wire.meanwhile = lambda _ask: None

    with scoring(aws, monkeypatch) as scores:
        scores |= {text: place for place, text in enumerate(ANSWERS.values())}
        small_groups(monkeypatch)
        out = ran(aws, "faregate-scored").output

    assert (out["best"]["variant"], out["ranking"][0]["score"]) == (3, 2.0)
    assert len(requests(aws)) == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        (TEXT + "{", "line 4 is no JSON"),
        (TEXT + '{"mood": "x"}', "`line 4` needs a value for tone"),
        (TEXT + "[]", "`line 4` must be an object"),
    ],
)
def test_a_file_that_makes_no_sense_ends_the_run_before_anything_is_asked(
    aws: World,
    text: str,
    says: str,
) -> None:
    done = ran(aws, text=text)

    assert (done.status, done.error) == ("FAILED", "InvalidRequest")
    assert says in str(done.cause)
    assert requests(aws) == {}


def test_a_file_that_is_not_there_is_asked_for(aws: World) -> None:
    done = ran(aws, variants_s3=f"s3://{BUCKET}/variants/none.jsonl")

    assert (done.status, done.error) == ("FAILED", "InvalidRequest")
    assert "put the file there first" in str(done.cause)
