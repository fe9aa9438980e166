"""A workflow's run that ends without its own last state is closed by the status event."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import pytest

from tests.support.agent_example import INPUT
from tests.workflow.interpreter import runs
from tests.workflow.interpreter.world import World, machine, world
from tests.workflow.settings import CONFIG
from tests.workflow.test_variants import report

NAME = ""
_names = (f"e-{number}" for number in count(1))
GIVEN: Mapping[str, Mapping[str, Any]] = {
    "variants": {"prompt": "Name a city.", "samples": 2, "tier": "SIMPLE"},
    "agent": INPUT,
    "rag": {"question": "How?", "tier": "SIMPLE"},
    "documents": {"key": "documents/a.md"},
}


@pytest.fixture(scope="module")
def made() -> Iterator[World]:
    with world(CONFIG) as aws:
        for name in GIVEN:
            machine(aws, f"faregate-{name}", name)
        aws.client("s3").put_object(Bucket="corpus", Key="documents/a.md", Body=b"# A\n\nHow so.")
        yield aws


@pytest.fixture
def aws(made: World, monkeypatch: pytest.MonkeyPatch) -> World:
    made.empty()
    made.wire.script.clear()
    made.wire.meanwhile = lambda _ask: None
    made.functions.faults = {}
    # A name can be used once.
    monkeypatch.setattr(sys.modules[__name__], "NAME", next(_names))
    return made


def ran(aws: World, name: str, **given: Any) -> runs.Ran:
    arn = aws.machine_arn.replace(":faregate", f":faregate-{name}")
    return runs.execute(aws, arn, {**GIVEN[name], "id": "run-1", **given}, name=NAME)


def row(aws: World) -> Mapping[str, Any]:
    return runs.by_item(runs._items(aws, "run-1"))[f"WORKFLOW#{NAME}"]


def execution(aws: World, name: str) -> str:
    arn = aws.machine_arn.replace(":stateMachine:", ":execution:")
    return f"{arn.replace(':faregate', f':faregate-{name}')}:{NAME}"


def stops(aws: World, name: str, how: str) -> None:
    """Let the run end while its first model is asked."""

    def meanwhile(_ask: object) -> None:
        if how == "ABORTED":
            aws.client("stepfunctions").stop_execution(executionArn=execution(aws, name))
        else:
            aws.execution(execution(aws, name)).exec_worker.env.set_timed_out()

    aws.wire.meanwhile = meanwhile


@pytest.mark.parametrize("name", ["variants", "agent"])
@pytest.mark.parametrize(
    ("how", "cause"), [("ABORTED", "Aborted"), ("TIMED_OUT", "WorkflowTimedOut")]
)
def test_a_run_that_is_stopped_has_its_end_its_reason_and_its_steps(
    aws: World, name: str, how: str, cause: str
) -> None:
    stops(aws, name, how)

    done = ran(aws, name)

    assert done.status == how
    assert row(aws)["status"] == "RUNNING"
    assert (report(aws).status, report(aws).pending > 0) == ("RUNNING", True)
    runs.tell_record_outcome(done)
    assert (row(aws)["status"], row(aws)["cause"]) == (how, cause)
    assert row(aws)["transitions"] >= 3
    found = report(aws)
    assert (found.status, found.cause, found.workflow) == (how, cause, name)
    assert found.own["workflow_runs"] == 1
    assert found.own["overhead_usd"] > 0


@pytest.mark.parametrize("name", GIVEN)
def test_a_run_whose_input_was_refused_has_a_row_of_its_end(aws: World, name: str) -> None:
    done = ran(aws, name, surplus=True)
    runs.tell_record_outcome(done)

    assert (row(aws)["status"], row(aws)["cause"]) == ("FAILED", "InvalidRequest")
    assert row(aws)["lambda_ms"]
    assert report(aws).cause == "InvalidRequest"


@pytest.mark.parametrize("name", GIVEN)
def test_a_run_whose_function_dies_again_and_again_has_a_row_of_its_end(
    aws: World, name: str
) -> None:
    function = {
        "variants": "rank_variants",
        "agent": "decide_agent",
        "rag": "answer_question",
        "documents": "ingest_document",
    }[name]
    aws.functions.faults = {function: ["Runtime.ExitError"] * 5}

    done = ran(aws, name)
    runs.tell_record_outcome(done)

    assert done.status == "FAILED"
    assert (row(aws)["status"], len(row(aws)["lambda_ms"])) == ("FAILED", 5)


@pytest.mark.parametrize("name", ["variants", "agent"])
def test_the_event_of_a_run_that_wrote_its_own_end_changes_nothing(aws: World, name: str) -> None:
    aws.wire.script.add([{"match": {}, "count": None, "status": 403}])
    done = ran(aws, name)
    before = row(aws)

    runs.tell_record_outcome(done)

    assert before["status"] == done.status == "FAILED"
    assert row(aws) == before
    assert before["cause"] == done.error


def test_a_document_that_is_put_aside_has_a_row_of_its_end(aws: World) -> None:
    aws.wire.script.add([{"match": {}, "count": None, "status": 403}])

    runs.tell_record_outcome(ran(aws, "documents"))

    assert (row(aws)["status"], row(aws)["cause"]) == ("FAILED", "RetrieverFailed")
    assert row(aws)["transitions"] == 3


def test_the_sweep_closes_a_run_whose_event_was_lost(
    aws: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stops(aws, "variants", "ABORTED")
    ran(aws, "variants")
    sweep = importlib.import_module("router.handlers.sweep")
    later = importlib.import_module("cost_calculator.clock").now() + sweep.timedelta(hours=1)
    monkeypatch.setattr(sweep, "now", lambda: later)

    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return 300_000

    sweep.handler({}, Context())

    assert (row(aws)["status"], row(aws)["cause"]) == ("ABORTED", "Aborted")
