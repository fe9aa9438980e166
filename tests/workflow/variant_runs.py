"""Runs of ``variants`` under the second interpreter: machines, scripted answers, what is left."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from tests.support.tables import USAGE
from tests.workflow.interpreter import runs
from tests.workflow.interpreter.world import ROUTER, World, machine, started_again, world
from tests.workflow.settings import CONFIG, HAIKU

PROMPT = "Write a {{tone}} greeting."
TONES = ("formal", "warm", "odd")


def without_scorer(definition: Any) -> None:
    states = definition["States"]["AskVariants"]["ItemProcessor"]["States"]
    del states["ScoreVariant"], states["VariantUnscored"]


def with_scorer(definition: Any) -> None:
    """Hand each answer on, as terraform/workflow_variants.tf does; groups are runs of this one."""
    groups = definition["States"]["AskGroups"]["ItemProcessor"]["States"]
    groups["AskGroup"]["Arguments"]["StateMachineArn"] = f"{ROUTER}-scored"
    ask = definition["States"]["AskVariants"]["ItemProcessor"]["States"]["AskVariant"]
    del ask["End"]
    ask |= {"Output": "{% $states.result.Output %}", "Next": "ScoreVariant"}


@contextmanager
def machines() -> Iterator[World]:
    """Make the router, and ``variants`` without a scorer and with one."""
    with world(CONFIG) as aws:
        machine(aws, "faregate-scored", "variants", with_scorer)
        machine(aws, "faregate-variants", "variants", without_scorer)
        yield aws


def emptied(aws: World) -> World:
    """Take away what the test before left."""
    aws.empty()
    aws.wire.script.clear()
    aws.functions.faults = {}
    return aws


@contextmanager
def scoring(aws: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Give a score to each answer, by its text; a text that is not there has the scorer die."""
    scores: dict[str, Any] = {}
    aws.functions.own["scorer"] = lambda event, _context: {"score": scores[event["output"]]}
    monkeypatch.setenv("SCORER", "true")
    started_again()
    yield scores
    monkeypatch.undo()
    started_again()


def scripted(aws: World, **answers: str) -> None:
    """Let each tone be answered so."""
    aws.wire.script.add(
        [
            {
                "match": {"contains": f"a {tone} greeting.", "model": HAIKU},
                "count": None,
                "text": text,
            }
            for tone, text in answers.items()
        ]
    )


def judge_prefers(aws: World, best: str) -> None:
    """Let the judge give 9 to this answer and 4 to the others, wherever it reads it."""
    wire = aws.wire

    def meanwhile(ask: Any) -> None:
        found = re.search(r'\{"criteria".*\}', ask.prompt, re.S)
        if not found:
            return
        shown = json.JSONDecoder().raw_decode(found[0])[0]
        scores = {place: 9 if text == best else 4 for place, text in shown["answers"].items()}
        wire.script.add(
            [{"match": {"contains": '{"criteria"'}, "count": 1, "text": json.dumps(scores)}]
        )

    wire.meanwhile = meanwhile


def requests(aws: World) -> dict[str, Mapping[str, Any]]:
    items = aws.client("dynamodb").scan(TableName=USAGE)["Items"]
    rows = [next(iter(runs.by_item([item]).values())) for item in items]
    return {row["request_id"]: row for row in rows if row["item"] == "REQUEST"}


def report(aws: World, run: str = "run-1") -> Any:
    cost = importlib.import_module("cost_calculator.workflow_cost")
    rows = importlib.import_module("cost_calculator.aws.workflow_rows")
    rates = importlib.import_module("cost_calculator.rates").default_rates()
    settle = importlib.import_module("cost_calculator.settlement").settle
    return cost.read_run(
        run,
        rows.WorkflowRows(aws.client("dynamodb"), USAGE),
        lambda row: settle(row, rates, "2026-11-30T00:00:00.000Z"),
    )


def reserved(aws: World) -> float:
    """Return what one variant reserves."""
    probe = {
        "input": PROMPT.replace("{{tone}}", "formal"), "tier": "SIMPLE", "max_tokens": 50,
        "request_id": "probe", "parent_id": "p", "workflow": {"name": "p", "max_cost_usd": 1},
    }  # fmt: skip
    runs.execute(aws, aws.machine_arn, probe)
    return float(requests(aws)["probe"]["reserved_usd"])
