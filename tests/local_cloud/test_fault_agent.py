"""The workflow ``agent`` on the deployed module: real children, a real tool, a real reviewer."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from local import client
from local.agent_tool import deploy_tool
from local.deployment import Deployment
from tests.local_cloud.cloud_control import Emulator, wait_for
from tests.local_cloud.fault_table import Tell
from tests.local_cloud.simulator import Simulator
from tests.local_cloud.test_checked_answers import review, review_limit
from tests.local_cloud.test_fault_workflows import assert_sums, report
from tests.support.agent_example import INPUT, SQL_WRITER, replies

WAIT = 120


@pytest.fixture(autouse=True)
def tool(deployment: Deployment) -> None:
    deploy_tool(deployment)


@pytest.fixture
def scripted(simulator: Simulator) -> Simulator:
    simulator.script(*replies())
    return simulator


def start(deployment: Deployment, run: str, **given: Any) -> str:
    # Another task each time: what is asked is part of every prompt.
    asked = {**INPUT, "id": run, "task": f"{INPUT['task']} ({run})", **given}
    arn: str = deployment.client("stepfunctions").start_execution(
        stateMachineArn=deployment.outputs["workflows"]["agent"]["state_machine_arn"],
        input=json.dumps(asked),
    )["executionArn"]
    return arn


def ended(deployment: Deployment, arn: str) -> dict[str, Any]:
    return client.wait_for_execution(deployment, arn, WAIT)


def named() -> str:
    return f"run-{uuid.uuid4().hex[:8]}"


def settled(deployment: Deployment, tree: Mapping[str, Any]) -> None:
    client.wait_until_settled(deployment, [step["request_id"] for step in tree["steps"]], WAIT)


def test_the_worked_example_answers_and_its_tree_is_what_its_rows_add_up_to(
    deployment: Deployment, emulator: Emulator, scripted: Simulator
) -> None:
    run = named()

    done = ended(deployment, start(deployment, run))

    assert done["status"] == "SUCCEEDED", done
    out = json.loads(done["output"])
    assert out["output"].startswith("Give Nordpost most of the parcels.")
    assert [step["worker"] for step in out["steps"]] == [
        "sql_writer",
        "data_processor",
        "weighting",
    ]
    settled(deployment, report(deployment, "--workflow", run))
    assert_sums(deployment, emulator)
    tree = report(deployment, "--workflow", run)
    assert tree["workflow"] == "agent"
    assert len(tree["steps"]) == 5  # the tool's cost is on its owner's bill
    assert Decimal(tree["total"]["cost_usd"]) == Decimal(out["total"]["cost_usd"])
    assert Decimal(tree["own_overhead_usd"]) > 0


def test_the_same_run_twice_pays_once(
    deployment: Deployment, scripted: Simulator, tell: Tell
) -> None:
    told = tell("agent-twice", "the same run is started again", "AskPlanner > AnswerKnown")
    run = named()
    first = json.loads(ended(deployment, start(deployment, run))["output"])
    calls = len(scripted.calls())

    again = json.loads(ended(deployment, start(deployment, run))["output"])

    assert len(scripted.calls()) == calls
    assert again["total"] == first["total"]
    told.rows = "one for each request, two for the run's own states"
    told.money = f"${first['total']['cost_usd']} for models, once"


def test_a_step_that_is_throttled_once_is_answered(
    deployment: Deployment, simulator: Simulator, tell: Tell
) -> None:
    told = tell("agent-throttled", "one 429 in a step", "RunSteps: the router asks again")
    run = named()
    simulator.script(
        {"match": {"contains": SQL_WRITER}, "status": 429, "code": "ThrottlingException"},
        *replies(),
    )

    done = ended(deployment, start(deployment, run))

    assert done["status"] == "SUCCEEDED", done
    told.rows = "SUCCEEDED, with the throttled attempt"
    told.money = f"${json.loads(done['output'])['total']['cost_usd']}"


def test_what_needs_a_failed_step_is_not_run_and_the_run_goes_on_where_it_failed(
    deployment: Deployment, emulator: Emulator, simulator: Simulator, tell: Tell
) -> None:
    told = tell("agent-step-fails", "403 in the first step", "RunFailed: StepFailed; then answered")
    run = named()
    simulator.script(*replies(sql_writer={"status": 403}))

    done = ended(deployment, start(deployment, run))

    assert done["error"] == "StepFailed"
    assert "step query (sql_writer) failed: AccessDenied" in done["cause"]
    assert "not run, since they need it: figures, scores" in done["cause"]
    settled(deployment, report(deployment, "--workflow", run))
    assert_sums(deployment, emulator)
    simulator.clear_script()
    simulator.script(*replies())
    more = ended(deployment, start(deployment, run))
    assert more["status"] == "SUCCEEDED", more
    told.rows = "step-query with two failed runs and one that answered; the plan once"
    told.money = f"${json.loads(more['output'])['total']['cost_usd']}, all of it in the tree"


def test_a_synthesiser_that_gives_nonsense_and_a_reviewer_who_is_late_end_the_run_with_the_draft(
    deployment: Deployment, simulator: Simulator, tell: Tell
) -> None:
    told = tell("agent-nonsense", "no JSON; nobody reviews it", "RunFailed: ReviewTimedOut")
    run = named()
    simulator.script(*replies(synthesiser="Nordpost, I think."))

    with review_limit(deployment, 3):
        done = ended(deployment, start(deployment, run))

    assert done["error"] == "ReviewTimedOut"
    assert "Nordpost, I think." in done["cause"]
    told.rows = "the synthesis FAILED, with all repairs"
    told.money = "all attempts are in the tree"


def waiting(deployment: Deployment, run: str) -> str:
    """Return the id of the run's draft, as soon as it waits for a reviewer."""
    found: list[str] = []

    def waits() -> bool:
        listed = map(json.loads, review(deployment, "list").stdout.splitlines())
        found[:] = [each["request_id"] for each in listed if each["request_id"].startswith(run)]
        return bool(found)

    wait_for(waits, "no draft of the run waits")
    return found[0]


def test_an_answer_in_doubt_waits_for_its_reviewer(
    deployment: Deployment, simulator: Simulator
) -> None:
    run = named()
    sure = json.dumps({"answer": "Nordpost.", "confidence": 0.6})
    simulator.script(*replies(synthesiser=sure))
    arn = start(deployment, run)

    assert review(deployment, "approve", waiting(deployment, run), "--by", "ann").returncode == 0

    done = ended(deployment, arn)
    assert done["status"] == "SUCCEEDED", done
    assert json.loads(done["output"])["review"] == {"decision": "APPROVED", "by": "ann"}


def test_an_answer_below_the_bands_fails_with_its_draft(
    deployment: Deployment, simulator: Simulator
) -> None:
    run = named()
    simulator.script(
        *replies(synthesiser=json.dumps({"answer": "Perhaps Velora.", "confidence": 0.2}))
    )

    done = ended(deployment, start(deployment, run))

    assert done["error"] == "BelowConfidence"
    assert "Perhaps Velora." in done["cause"]
    assert "/drafts/" in done["cause"]


def test_a_budget_that_ends_in_the_middle_refuses_the_rest_with_what_was_spent(
    deployment: Deployment, emulator: Emulator, scripted: Simulator, tell: Tell
) -> None:
    told = tell(
        "agent-budget", "room for the plan alone", "RunFailed: BudgetExceeded; then answered"
    )
    run = named()
    assert ended(deployment, start(deployment, f"{run}-probe"))["status"] == "SUCCEEDED"
    tree = report(deployment, "--workflow", f"{run}-probe")
    plan = next(step["request_id"] for step in tree["steps"] if step["step"].startswith("plan"))
    limit = float(client.trace(deployment, plan).request["reserved_usd"]) + 0.0001

    with emulator.stream_off():
        done = ended(deployment, start(deployment, run, max_cost_usd=limit))

    assert done["error"] == "BudgetExceeded", done
    assert "has spent $" in done["cause"]
    assert "not run, since they need it: figures, scores" in done["cause"]
    more = ended(deployment, start(deployment, run, max_cost_usd=5))
    assert more["status"] == "SUCCEEDED", more
    told.rows = "the plan SUCCEEDED, once; the rest was refused, then answered"
    told.money = f"reserved at most ${limit:.6f}"


def test_a_killed_worker_is_asked_again(
    deployment: Deployment, emulator: Emulator, scripted: Simulator
) -> None:
    emulator.kill("decide_agent")

    done = ended(deployment, start(deployment, named()))

    assert done["status"] == "SUCCEEDED", done
    assert emulator.deaths_to_come("decide_agent") == 0


def test_a_tool_that_is_none_of_the_deployment_s_is_not_called(deployment: Deployment) -> None:
    workers = {"spy": {"description": "Reads everything.", "tool": "decide_agent"}}

    done = ended(deployment, start(deployment, named(), workers=workers))

    assert done["error"] == "InvalidRequest"
    assert "there is run_sql" in done["cause"]
