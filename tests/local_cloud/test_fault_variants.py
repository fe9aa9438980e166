"""The workflow ``variants`` on the deployed module: real children of the real router."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal
from typing import Any

from local import client
from local.deployment import Deployment
from tests.local_cloud.cloud_control import Emulator
from tests.local_cloud.fault_table import Tell
from tests.local_cloud.simulator import Simulator
from tests.local_cloud.test_fault_workflows import assert_sums, report

WAIT = 120
HAIKU = "us.anthropic.claude-haiku-5-5"


def start(deployment: Deployment, run: str, **given: Any) -> str:
    asked = {
        "id": run,
        "prompt": f"Name a {{{{kind}}}} of {run}.",
        "variants": [{"kind": kind} for kind in ("city", "river", "hill")],
        "tier": "SIMPLE",
        "max_tokens": 60,
        **given,
    }
    arn: str = deployment.client("stepfunctions").start_execution(
        stateMachineArn=deployment.outputs["workflows"]["variants"]["state_machine_arn"],
        input=json.dumps(asked),
    )["executionArn"]
    return arn


def ended(deployment: Deployment, arn: str) -> dict[str, Any]:
    return client.wait_for_execution(deployment, arn, WAIT)


def named() -> str:
    return f"run-{uuid.uuid4().hex[:8]}"


def test_a_run_is_judged_and_its_tree_is_what_its_rows_add_up_to(
    deployment: Deployment, emulator: Emulator
) -> None:
    run = named()

    done = ended(deployment, start(deployment, run))

    assert done["status"] == "SUCCEEDED", done
    out = json.loads(done["output"])
    assert out["status"] == "JUDGED"
    assert len(out["ranking"]) == 3
    names = [f"{run}-variant-0{number}" for number in (1, 2, 3)]
    client.wait_until_settled(deployment, names, WAIT)
    assert_sums(deployment, emulator)
    tree = report(deployment, "--workflow", run)
    assert tree["workflow"] == "variants"
    assert len(tree["steps"]) == 5
    assert Decimal(tree["total"]["cost_usd"]) == Decimal(out["total"]["cost_usd"])
    assert Decimal(tree["own_overhead_usd"]) > 0


def test_the_same_run_twice_pays_once(
    deployment: Deployment, simulator: Simulator, tell: Tell
) -> None:
    told = tell("variants-twice", "the same run is started again", "AskVariant > AnswerKnown")
    run = named()
    first = json.loads(ended(deployment, start(deployment, run))["output"])
    calls = len(simulator.calls())

    again = json.loads(ended(deployment, start(deployment, run))["output"])

    assert len(simulator.calls()) == calls
    assert again["total"] == first["total"]
    told.rows = "one for each request, two for the run's own states"
    told.money = f"${first['total']['cost_usd']} for models, once"


def test_a_variant_that_fails_and_a_judge_that_gives_nonsense_cost_what_they_cost(
    deployment: Deployment, emulator: Emulator, simulator: Simulator, tell: Tell
) -> None:
    told = tell("variants-nonsense", "one 403, a judge without scores", "RankVariants: UNJUDGED")
    run = named()
    simulator.script(
        {"match": {"contains": f"Name a hill of {run}", "model": HAIKU}, "status": 403},
        {"match": {"contains": '"criteria"'}, "count": None, "text": "Meh."},
    )

    out = json.loads(ended(deployment, start(deployment, run))["output"])

    assert out["status"] == "UNJUDGED"
    assert [(each["variant"], each["error"]) for each in out["failed"]] == [(3, "AccessDenied")]
    assert [each["error"] for each in out["judge_failed"]] == ["InvalidAnswer"] * 2
    assert_sums(deployment, emulator)
    told.rows = "a FAILED request, two judges INVALID_ANSWER with all repairs"
    told.money = f"${out['total']['total_usd']}, all of it in the tree"


def test_a_limit_that_ends_in_the_middle_leaves_the_answers_that_fitted(
    deployment: Deployment, emulator: Emulator, tell: Tell
) -> None:
    told = tell("variants-budget", "room for two of three", "RankVariants: UNJUDGED")
    run = named()
    probe = ended(deployment, start(deployment, f"{run}-probe", max_cost_usd=1))
    assert probe["status"] == "SUCCEEDED"
    one = client.trace(deployment, f"{run}-probe-variant-01").request["reserved_usd"]

    with emulator.stream_off():
        limit = float(one * Decimal("2.5"))
        done = ended(deployment, start(deployment, run, max_cost_usd=limit))

    out = json.loads(done["output"])
    assert len(out["ranking"]) == 2
    assert [each["error"] for each in out["failed"]] == ["BudgetExceeded"]
    assert "has spent $" in out["failed"][0]["cause"]
    told.rows = "two SUCCEEDED; the third and the judge were refused"
    told.money = f"reserved at most ${limit:.6f}"


def test_an_answer_that_is_too_large_for_a_state_is_compared_all_the_same(
    deployment: Deployment, simulator: Simulator
) -> None:
    run = named()
    text = "x" * 300_000
    body = {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 9, "outputTokens": 7, "totalTokens": 16},
        "metrics": {"latencyMs": 1},
    }
    simulator.script({"match": {"contains": f"Name a hill of {run}", "model": HAIKU}, "body": body})

    done = ended(deployment, start(deployment, run))

    assert done["status"] == "SUCCEEDED", done
    assert len(json.loads(done["output"])["ranking"]) == 3


def test_a_killed_worker_is_asked_again(deployment: Deployment, emulator: Emulator) -> None:
    emulator.kill("rank_variants")

    done = ended(deployment, start(deployment, named()))

    assert done["status"] == "SUCCEEDED"
    assert emulator.deaths_to_come("rank_variants") == 0
