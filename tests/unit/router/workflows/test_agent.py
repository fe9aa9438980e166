"""The agent: what is asked, plans, decisions, what travels on. No cloud, no model."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from router.errors import InvalidRequest
from router.intake.identity import payload_hash
from router.intake.request import parse_request
from router.workflows.agent import plan, requests
from router.workflows.agent.asked import Agent, parse
from router.workflows.agent.decide import Decision, decide
from router.workflows.agent.progress import Progress, tool_result
from router.workflows.agent.steps import Steps
from tests.support.agent_example import INPUT

ARN = "arn:aws:lambda:us-east-1:123456789012:function:run-sql"
WORKER = {"description": "Writes.", "prompt": "You write."}
LIMIT = 131072


def asked(**changes: Any) -> Agent:
    given = {"id": "run-1", "task": "Compare.", "workers": {"a": WORKER}, **changes}
    return parse(given, "execution-1", {"run_sql": ARN})


def steps_of(*steps: Mapping[str, Any]) -> list[plan.Step]:
    whole = [{"worker": "a", "input": "Say.", "needs": [], **step} for step in steps]
    return plan.read(json.dumps({"steps": whole}))


class World:
    """Rows that a run finds: each request is answered by what ``replies`` has for its name."""

    def __init__(self, replies: Mapping[str, str], status: str = "SUCCEEDED") -> None:
        self.replies, self.status = replies, status

    def rows_of(self, key: str) -> Mapping[str, Any]:
        name = next((n for n in self.replies if key.startswith(f"run-1-{n}")), None)
        if name is None:
            return {}
        request = {"request_id": key, "status": self.status, "cause": "Throttled"}
        return {"REQUEST": request, "ANSWER": {"output": self.replies[name]}}

    def decide(self, made: Agent, progress: Progress | None = None) -> Decision:
        seen = progress or Progress()
        steps = Steps(made.run, seen, self.rows_of, lambda rows: rows["ANSWER"]["output"])
        return decide(made, steps, seen)


def planned(*steps: Mapping[str, Any]) -> str:
    return json.dumps(
        {"steps": [{"worker": "a", "input": "Say.", "needs": [], **step} for step in steps]}
    )


def test_the_example_is_an_input_that_the_workflow_takes() -> None:
    made = parse(INPUT, "x", {"run_sql": ARN})

    assert made.workers["data_processor"].function_arn == ARN
    assert (made.answer_above, made.fail_below) == (0.8, 0.5)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"workers": {}}, "`workers` must not be empty"),
        ({"workers": {"a": {"prompt": "x"}}}, "description"),
        ({"workers": {"A": WORKER}}, "names that match"),
        ({"workers": {"a": {"description": "x"}}}, "either `prompt` .* or `tool`"),
        ({"workers": {"a": {**WORKER, "tool": "run_sql"}}}, "either `prompt` .* or `tool`"),
        ({"workers": {"a": {"description": "x", "tool": "rm"}}}, "there is run_sql"),
        (
            {"workers": {"a": {"description": "x", "tool": "run_sql", "tier": "SIMPLE"}}},
            "are for prompts",
        ),
        ({"plan": {"max_steps": 13}}, "at most 12"),
        ({"synthesis": {"answer_above": 0.5, "fail_below": 0.6}}, "must not be above"),
        ({"task": "x\0"}, "NUL"),
        ({"id": "x" * 61}, "`id` must match"),
        ({"workers": {f"w{n}": {**WORKER, "prompt": "x" * 8000} for n in range(6)}}, "may take"),
        ({"extra": 1}, "unknown field `extra`"),
    ],
)
def test_an_input_that_makes_no_sense_is_refused_with_what_to_write(
    changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidRequest, match=says):
        asked(**changes)


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ([{"id": "x"}, {"id": "x"}], "two steps have the id x"),
        ([{"id": "x", "needs": ["y"]}], "step x needs y, and no step has this id"),
        ([{"id": "x", "needs": ["x"]}], "in a circle"),
        ([{"id": "x", "needs": ["y"]}, {"id": "y", "needs": ["x"]}], "x needs y|y needs x"),
    ],
)
def test_a_plan_that_cannot_be_run_has_its_faults_named(
    steps: list[dict[str, Any]], says: str
) -> None:
    [fault] = plan.faults(steps_of(*steps))

    assert re.search(says, fault)


def test_steps_come_after_what_they_need_wherever_they_are_written() -> None:
    steps = steps_of({"id": "c", "needs": ["b"]}, {"id": "b", "needs": ["a"]}, {"id": "a"})

    assert [step.name for step in plan.ordered(steps)] == ["a", "b", "c"]
    assert plan.faults(steps) == []


def test_every_question_is_a_request_that_the_router_takes() -> None:
    made = asked(max_cost_usd=1, tenant="acme")
    [step] = steps_of({"id": "x"})
    asks = [
        requests.planner(made),
        requests.planner(made, planned({"id": "x"}), ["it is wrong"]),
        requests.worker(made.workers["a"], step, {}),
        requests.worker(made.workers["a"], step, {"y": "one"}),
        requests.synthesis(made, [step], {"x": "one"}),
        requests.form(made, "one"),
    ]

    taken = [
        parse_request(
            ask.work(made.run, None)["request"], execution_name="x", input_bytes_limit=LIMIT
        )
        for ask in asks
    ]

    assert len({each.key for each in taken}) == len(asks)
    assert {each.step.parent for each in taken if each.step} == {"acme/run-1"}
    assert max(len(each.request_id) for each in taken) <= 80


def test_the_longest_id_of_a_run_leaves_room_for_its_steps() -> None:
    made = asked(id="x" * 60)
    [step] = steps_of({"id": "x" * 32})

    sent = requests.worker(made.workers["a"], step, {}).work(made.run, None)["request"]

    parse_request(sent, execution_name="x", input_bytes_limit=LIMIT)


def test_another_result_is_another_question_and_another_limit_is_not() -> None:
    [step] = steps_of({"id": "x", "needs": ["y"]})
    one, other = asked(), asked(max_cost_usd=2)

    first, again = (requests.worker(each.workers["a"], step, {"y": "1"}) for each in (one, other))
    changed = requests.worker(one.workers["a"], step, {"y": "2"})

    assert first.step == again.step != changed.step
    sent = [first.work(one.run, None), again.work(other.run, None)]
    assert len({payload_hash(each["request"]) for each in sent}) == 1


def test_all_steps_whose_needs_are_met_are_sent_together() -> None:
    text = planned({"id": "x"}, {"id": "y"}, {"id": "z", "needs": ["x", "y"]})

    decision = World({"plan": text}).decide(asked())

    assert decision.stage == "WORK"
    assert [work["request"]["workflow"]["step"] for work in decision.work] == ["step-x", "step-y"]


def test_a_level_that_no_state_can_hold_is_sent_in_parts() -> None:
    long = {"input": "é" * 8000, "worker": "a", "needs": []}
    text = json.dumps({"steps": [{"id": f"s{n}", **long} for n in range(12)]})

    decision = World({"plan": text}).decide(asked(plan={"max_steps": 12}))

    assert 0 < len(decision.work) < 12


def test_a_step_is_asked_again_as_often_as_its_worker_says_and_then_has_failed() -> None:
    made = asked(workers={"a": {**WORKER, "retries": 2}})
    world = World({"plan": planned({"id": "x"}, {"id": "y", "needs": ["x"]})})
    progress = Progress()
    for _ in range(3):
        decision = world.decide(made, progress)
        assert decision.stage == "WORK"
        reported = {"status": "FAILED", "error": "Throttled", "cause": "busy"}
        progress = decision.progress.after([reported])

    last = world.decide(made, progress)

    assert last.failure is not None
    assert last.failure.error == "StepFailed"
    assert last.failure.cause == (
        "step x (a) failed: Throttled: busy; not run, since they need it: y"
    )


def test_what_a_repeat_cannot_change_is_not_asked_again() -> None:
    world, made = World({"plan": planned({"id": "x"})}), asked()
    reported = {"status": "FAILED", "error": "BudgetExceeded", "cause": "has spent $1"}

    progress = world.decide(made).progress.after([reported])
    failure = world.decide(made, progress).failure

    assert failure is not None
    assert (failure.error, "has spent $1" in failure.cause) == ("BudgetExceeded", True)


def test_a_failed_request_of_an_earlier_run_is_given_its_next_run() -> None:
    made = asked()

    decision = World({"plan": ""}, status="FAILED").decide(made)

    assert decision.work[0]["request"]["rerun"] == 2


def test_a_repaired_plan_is_the_one_that_is_run() -> None:
    good = planned({"id": "good"})
    world = World({"plan-again": good, "plan": planned({"id": "x", "needs": ["x"]})})

    assert world.decide(asked()).work[0]["request"]["workflow"]["step"] == "step-good"


def test_progress_travels_as_json_and_counts_what_is_entered() -> None:
    progress = Progress().asking(["a", "b"], in_map=True)
    read = Progress.from_json(json.loads(json.dumps(progress.to_json())))

    after = read.after(
        [{"status": "SUCCEEDED"}, {"status": "SUCCEEDED", "result": "1", "lambda_ms": 3}]
    )

    assert read == progress
    # BeginRun; decision and choice; the Map; two a step, and one more that reads a result.
    assert after.transitions == 1 + 2 + 1 + 2 * 2 + 1
    assert (after.results, after.lambda_ms) == ({"b": "1"}, (3,))


@pytest.mark.parametrize(("returned", "text"), [("a", "a"), ({"n": 1}, '{"n": 1}'), (None, "null")])
def test_what_a_tool_returns_travels_as_text(returned: Any, text: str) -> None:
    assert tool_result(returned) == {"status": "SUCCEEDED", "result": text}


def test_results_of_tools_that_no_state_can_hold_together_are_refused() -> None:
    progress = Progress()
    for n in range(4):
        result = {**tool_result("x" * 16_000), "lambda_ms": 1}
        progress = progress.asking([f"s{n}"], in_map=True).after([result])

    assert progress.failed["s3"]["error"] == "ToolResultTooLarge"
    assert tool_result("x" * 16_001)["status"] == "FAILED"
