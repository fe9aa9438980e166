"""The workflow ``agent`` under the second interpreter, on the router as its child."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from tests.support.agent_example import FORMATTER, INPUT, PLANNER, SQL_WRITER, replies, run_sql
from tests.support.tables import USAGE
from tests.workflow.interpreter import runs
from tests.workflow.interpreter.world import REGION, World, machine, world
from tests.workflow.settings import CONFIG, HAIKU, SONNET

# Close to a second each: make test-quick has test_agent_definition.py and the unit tests instead.
pytestmark = pytest.mark.slow

THROTTLED = {"status": 429, "code": "ThrottlingException"}
NO_LIMIT = object()
FORBIDDEN = {"status": 403, "code": "AccessDeniedException"}


@pytest.fixture(scope="module")
def made() -> Iterator[World]:
    with world(CONFIG) as aws:
        machine(aws, "faregate-agent", "agent")
        yield aws


@pytest.fixture
def aws(made: World) -> World:
    made.empty()
    made.wire.script.clear()
    made.wire.asks.clear()
    made.functions.faults = {}
    made.functions.own["run_sql"] = run_sql()
    made.functions.own.pop("decide_agent", None)
    made.human = lambda _token, wait: wait()
    return made


@pytest.fixture
def stream(aws: World) -> None:
    """Have the stream price what there is before each decision: a failed request is run again only
    when it is in the sums.
    """

    def decide(event: dict[str, Any], context: object) -> Any:
        runs.deliver_all(aws)
        return importlib.import_module("router.handlers.decide_agent").handler(event, context)

    aws.functions.own["decide_agent"] = decide


def ran(aws: World, **given: Any) -> runs.Ran:
    arn = aws.machine_arn.replace(":faregate", ":faregate-agent")
    asked = {**INPUT, "id": "run-1", **given}
    return runs.execute(aws, arn, {name: it for name, it in asked.items() if it is not NO_LIMIT})


def requests(aws: World) -> dict[str, Mapping[str, Any]]:
    """Return the REQUEST rows by the name of the step in the tree."""
    items = aws.client("dynamodb").scan(TableName=USAGE)["Items"]
    rows = [next(iter(runs.by_item([item]).values())) for item in items]
    return {row["step"]: row for row in rows if row["item"] == "REQUEST"}


def own_rows(aws: World) -> list[Mapping[str, Any]]:
    rows = runs.by_item(runs._items(aws, "run-1"))
    return [row for item, row in rows.items() if item.startswith("WORKFLOW#")]


def report(aws: World) -> Any:
    cost = importlib.import_module("cost_calculator.workflow_cost")
    rows = importlib.import_module("cost_calculator.aws.workflow_rows")
    rates = importlib.import_module("cost_calculator.rates").default_rates()
    settle = importlib.import_module("cost_calculator.settlement").settle
    return cost.read_run(
        "run-1",
        rows.WorkflowRows(aws.client("dynamodb"), USAGE),
        lambda row: settle(row, rates, "2026-11-30T00:00:00.000Z"),
    )


def planned(*steps: Mapping[str, Any]) -> str:
    """Return a plan in JSON; a step is a ``sql_writer`` that needs nothing, unless it says so."""
    whole = ({"worker": "sql_writer", "input": f"Say {n}.", "needs": [], **step}
             for n, step in enumerate(steps))  # fmt: skip
    return json.dumps({"steps": list(whole)})


def test_the_worked_example_is_planned_worked_answered_and_formatted(aws: World) -> None:
    aws.wire.script.add(replies())

    done = ran(aws)

    assert done.status == "SUCCEEDED", (done.error, done.cause)
    out = done.output
    assert out["status"] == "ANSWERED"
    assert out["output"].startswith("Give Nordpost most of the parcels.")
    assert out["confidence"] == 0.86
    assert [(step["step"], step["worker"]) for step in out["steps"]] == [
        ("query", "sql_writer"), ("figures", "data_processor"), ("scores", "weighting")
    ]  # fmt: skip
    weighed = next(ask for ask in aws.wire.asks if "You weight figures" in ask.prompt)
    assert "10.43" in weighed.prompt  # what the tool worked out, in the prompt of what needs it
    models = {step: row["model"] for step, row in requests(aws).items()}
    assert (models["plan"], models["synthesis"], models["format"]) == (SONNET, SONNET, HAIKU)


def test_the_tree_has_every_step_and_the_run_s_own_states(aws: World) -> None:
    aws.wire.script.add(replies())

    done = ran(aws)
    run = report(aws)

    assert len(run.steps) == 5
    costs = [step.sums["cost_usd"] for step in run.steps]
    assert Decimal(done.output["total"]["cost_usd"]) == sum(costs) > 0
    [row] = own_rows(aws)
    assert row["transitions"] == len(done.entered)
    assert len(row["lambda_ms"]) == done.entered.count("DecideNext") + 1  # and the tool's result


def test_steps_that_do_not_need_each_other_run_in_one_level(aws: World) -> None:
    plan = planned(
        {"id": "a"}, {"id": "b"}, {"id": "both", "needs": ["a", "b"]}
    )  # fmt: skip
    aws.wire.script.add(replies(planner=plan))

    done = ran(aws)

    assert done.status == "SUCCEEDED", (done.error, done.cause)
    assert done.entered.count("RunSteps") == 2
    assert done.entered.count("AskWorker") == 3


def test_a_repeat_pays_for_nothing_twice(aws: World) -> None:
    aws.wire.script.add(replies())
    first = ran(aws)
    calls = len(aws.wire.asks)

    again = ran(aws)

    assert len(aws.wire.asks) == calls
    assert again.output["output"] == first.output["output"]
    assert again.output["total"] == first.output["total"]
    assert len(own_rows(aws)) == 2


def test_a_plan_that_cannot_be_run_is_repaired_once(aws: World) -> None:
    circle = planned({"id": "a", "needs": ["b"]}, {"id": "b", "needs": ["a"]})
    aws.wire.script.add([{"match": {"contains": PLANNER}, "count": 1, "text": circle}])
    aws.wire.script.add(replies())

    done = ran(aws)

    assert done.status == "SUCCEEDED", (done.error, done.cause)
    assert {"plan", "plan-again"} <= requests(aws).keys()
    second = [ask for ask in aws.wire.asks if PLANNER in ask.prompt][1]
    assert "in a circle" in second.prompt
    assert len(report(aws).steps) == 6


def test_a_plan_that_is_no_better_the_second_time_ends_the_run(aws: World) -> None:
    aws.wire.script.add(replies(planner=planned({"id": "a", "needs": ["x"]})))

    done = ran(aws)

    assert (done.status, done.error) == ("FAILED", "InvalidPlan")
    assert "step a needs x, and no step has this id" in str(done.cause)
    assert requests(aws).keys() == {"plan", "plan-again"}
    [row] = own_rows(aws)
    assert (row["status"], row["transitions"]) == ("FAILED", len(done.entered))


@pytest.mark.parametrize(
    "plan",
    [
        "I have no plan.",
        planned({"id": "a", "worker": "nobody"}),
        planned(*({"id": f"s{n}"} for n in range(6))),
    ],
)
def test_a_plan_outside_of_its_schema_is_repaired_by_the_router_and_priced(
    aws: World, plan: str
) -> None:
    aws.wire.script.add([{"match": {"contains": PLANNER}, "count": 1, "text": plan}])
    aws.wire.script.add(replies())

    done = ran(aws)

    assert done.status == "SUCCEEDED", (done.error, done.cause)
    [step] = [step for step in report(aws).steps if step.name.startswith("plan")]
    assert step.sums["attempts"] == 2


def test_a_plan_that_never_fits_is_an_invalid_plan(aws: World) -> None:
    aws.wire.script.add(replies(planner="I have no plan."))

    done = ran(aws)

    assert (done.status, done.error) == ("FAILED", "InvalidPlan")
    assert report(aws).total["cost_usd"] > 0


@pytest.mark.usefixtures("stream")
def test_what_needs_a_failed_step_is_not_run_and_the_cause_says_which(aws: World) -> None:
    aws.wire.script.add(replies(sql_writer=FORBIDDEN))

    done = ran(aws, max_cost_usd=NO_LIMIT)

    assert (done.status, done.error) == ("FAILED", "StepFailed")
    assert "step query (sql_writer) failed: AccessDenied" in str(done.cause)
    assert "not run, since they need it: figures, scores" in str(done.cause)
    assert "CallTool" not in done.entered
    assert requests(aws).keys() == {"plan", "step-query"}
    assert requests(aws)["step-query"]["runs"] == 2  # one retry, under the same id
    [row] = own_rows(aws)
    assert row["transitions"] == len(done.entered)


@pytest.mark.usefixtures("stream")
def test_a_run_goes_on_where_it_failed(aws: World) -> None:
    aws.wire.script.add(replies(weighting=FORBIDDEN))
    assert ran(aws, max_cost_usd=NO_LIMIT).error == "StepFailed"
    aws.wire.script.clear()
    aws.wire.script.add(replies())
    aws.wire.asks.clear()

    done = ran(aws, max_cost_usd=NO_LIMIT)

    assert done.status == "SUCCEEDED", (done.error, done.cause)
    assert not [ask for ask in aws.wire.asks if PLANNER in ask.prompt or SQL_WRITER in ask.prompt]
    failed = next(s for s in report(aws).steps if s.name.startswith("step-scores"))
    assert failed.sums["attempts"] == 3  # the failed ones are on the bill of the step


def test_a_throttled_step_is_the_router_s_business(aws: World) -> None:
    aws.wire.script.add([{"match": {"contains": SQL_WRITER}, "count": 1, **THROTTLED}])
    aws.wire.script.add(replies())

    assert ran(aws).status == "SUCCEEDED"


def test_a_worker_that_dies_is_asked_again(aws: World) -> None:
    aws.wire.script.add(replies())
    aws.functions.faults = {"decide_agent": ["Runtime.ExitError"]}

    done = ran(aws)

    assert done.status == "SUCCEEDED"
    assert ("DecideNext", "Runtime.ExitError") in done.retries


def test_a_tool_that_fails_is_called_again_and_its_error_is_the_cause(aws: World) -> None:
    aws.wire.script.add(replies(sql_writer="SELECT x FROM nowhere"))

    done = ran(aws)

    assert (done.status, done.error) == ("FAILED", "StepFailed")
    assert "step figures (data_processor) failed: OperationalError: no such table" in str(
        done.cause
    )
    assert done.entered.count("CallTool") == 2
    [row] = own_rows(aws)
    assert row["transitions"] == len(done.entered)


def test_a_tool_that_returns_too_much_is_named_and_not_called_again(aws: World) -> None:
    aws.wire.script.add(replies())
    aws.functions.own["run_sql"] = lambda _event, _context: "x" * 16_001

    done = ran(aws)

    assert "ToolResultTooLarge" in str(done.cause)
    assert done.entered.count("CallTool") == 1


def test_a_synthesiser_that_gives_nonsense_is_repaired_then_goes_to_a_reviewer(aws: World) -> None:
    aws.wire.script.add(replies(synthesiser="Nordpost, I think."))
    aws.human = lambda _token, _wait: None  # nobody

    done = ran(aws)

    assert (done.status, done.error) == ("FAILED", "ReviewTimedOut")
    assert "Nordpost, I think." in str(done.cause)
    [step] = [step for step in report(aws).steps if step.name.startswith("synthesis")]
    assert step.sums["attempts"] >= 3


def sure(confidence: float) -> str:
    return json.dumps({"answer": "Nordpost.", "confidence": confidence})


def reviewed(aws: World, action: str) -> None:
    """Let the reviewer decide by the command."""
    command = importlib.import_module("router.__main__").main

    def decide(_token: str, wait: Any) -> Any:
        request_id = requests(aws)["synthesis"]["request_id"]
        assert command(["review", action, request_id, "--by", "ann", "--region", REGION]) == 0
        return wait()

    aws.human = decide


def test_an_answer_in_doubt_reaches_its_caller_if_a_reviewer_approves(aws: World) -> None:
    aws.wire.script.add(replies(synthesiser=sure(0.5)))
    reviewed(aws, "approve")

    done = ran(aws)

    assert done.status == "SUCCEEDED", (done.error, done.cause)
    assert done.output["review"] == {"decision": "APPROVED", "by": "ann"}
    assert done.output["confidence"] == 0.5


def test_an_answer_that_a_reviewer_rejects_ends_the_run_with_the_draft(aws: World) -> None:
    aws.wire.script.add(replies(synthesiser=sure(0.79)))
    reviewed(aws, "reject")

    done = ran(aws)

    assert (done.status, done.error) == ("FAILED", "ReviewRejected")
    assert '"answer": "Nordpost."' in str(done.cause)
    assert not [ask for ask in aws.wire.asks if FORMATTER in ask.prompt]


def test_a_reviewer_who_is_late_ends_the_run_with_the_draft(aws: World) -> None:
    aws.wire.script.add(replies(synthesiser=sure(0.6)))
    aws.human = lambda _token, _wait: None

    done = ran(aws)

    assert (done.status, done.error) == ("FAILED", "ReviewTimedOut")
    assert '"answer": "Nordpost."' in str(done.cause)


def test_an_answer_below_the_bands_fails_with_its_draft_and_no_human_sees_it(aws: World) -> None:
    aws.wire.script.add(replies(synthesiser=sure(0.49)))

    done = ran(aws)

    assert (done.status, done.error) == ("FAILED", "BelowConfidence")
    assert "the draft is at s3://answers/drafts/" in str(done.cause)
    assert '"answer": "Nordpost."' in str(done.cause)
    assert report(aws).total["cost_usd"] > 0


def test_bands_of_the_input_go_before_those_of_the_workflow(aws: World) -> None:
    aws.wire.script.add(replies(synthesiser=sure(0.49)))

    done = ran(aws, synthesis={"answer_above": 0.4, "fail_below": 0.1})

    assert done.status == "SUCCEEDED", (done.error, done.cause)


def test_a_budget_that_ends_in_the_middle_refuses_the_rest_with_what_was_spent(
    aws: World,
) -> None:
    aws.wire.script.add(replies())
    assert ran(aws, id="probe").status == "SUCCEEDED"
    plan = requests(aws)["plan"]["reserved_usd"]
    aws.empty()

    done = ran(aws, max_cost_usd=float(plan) + 0.0001)

    assert (done.status, done.error) == ("FAILED", "BudgetExceeded")
    assert "has spent $" in str(done.cause)
    assert "not run, since they need it: figures, scores" in str(done.cause)
    assert done.entered.count("AskWorker") == 1  # a limit is not tried twice

    more = ran(aws, max_cost_usd=1)

    assert more.status == "SUCCEEDED", (more.error, more.cause)
    assert len([ask for ask in aws.wire.asks if PLANNER in ask.prompt]) == 2  # probe's, and one


def test_an_input_that_makes_no_sense_ends_the_run_before_anything_is_asked(aws: World) -> None:
    done = ran(aws, workers={"a": {"description": "x"}})

    assert (done.status, done.error) == ("FAILED", "InvalidRequest")
    assert "`workers.a` must have either `prompt` (a text) or `tool`" in str(done.cause)
    assert requests(aws) == {}
