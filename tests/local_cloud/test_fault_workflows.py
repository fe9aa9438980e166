"""A run of several requests on the deployed module: its cost and its limit."""

from __future__ import annotations

import contextlib
import io
import json
import os
import uuid
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import openai
import pytest

from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.cli.reconcile import reconcile_tables
from local import client
from local.deployment import Deployment
from router.cli import registry
from router.errors import BudgetExceeded
from tests.local_cloud.cloud_control import Emulator
from tests.local_cloud.door import door_of
from tests.local_cloud.fault_table import Tell
from tests.local_cloud.official import anthropic_at, openai_at
from tests.local_cloud.simulator import Simulator

WAIT = 60


def step(run: str, name: str, prompt: str = "", **about: Any) -> dict[str, Any]:
    return {
        "input": prompt or f"Name a city for {name} of {run}.",
        "tier": "SIMPLE",
        "request_id": f"{run}-{name}",
        "parent_id": run,
        "workflow": {"name": "trips", "step": name, **about},
    }


def ask(deployment: Deployment, request: dict[str, Any]) -> dict[str, Any]:
    [arn] = client.start(deployment, [request])
    return client.wait_for_execution(deployment, arn, WAIT)


def report(deployment: Deployment, *words: str) -> dict[str, Any]:
    printed = io.StringIO()
    with patch.dict(os.environ, deployment.cloud.env()), contextlib.redirect_stdout(printed):
        assert registry.main(["report", "--json", *words]) == 0
    found: dict[str, Any] = json.loads(printed.getvalue())
    return found


def assert_sums(deployment: Deployment, emulator: Emulator) -> None:
    emulator.drain()
    tables = (deployment.usage_table, deployment.spend_table, deployment.control_table)
    store = LedgerStore(deployment.client("dynamodb"), *tables)
    assert reconcile_tables(store).differences == ()


def test_the_steps_of_a_run_are_found_with_what_each_cost(
    deployment: Deployment, emulator: Emulator, simulator: Simulator
) -> None:
    tenant, run = f"trips-{uuid.uuid4().hex[:8]}", f"trip-{uuid.uuid4().hex[:8]}"
    door = door_of(deployment, tenant)
    simulator.script({"match": {"contains": f"fails of {run}"}, "count": None, "status": 404})
    for name in ("plan", "book"):
        assert door.call("POST", "/prompts", step(run, name)).status_code == 200
    assert door.call("POST", "/prompts", step(run, "fails")).status_code >= 400
    again = door.call("POST", "/prompts", step(run, "plan"))

    shown = door.call("GET", f"/workflows/{run}").json()

    assert again.status_code == 200
    assert [each["step"] for each in shown["steps"]] == ["plan", "book", "fails"]
    assert [each["status"] for each in shown["steps"]] == ["SUCCEEDED", "SUCCEEDED", "FAILED"]
    client.wait_until_settled(deployment, [f"{run}-{n}" for n in ("plan", "book")], WAIT, tenant)
    assert_sums(deployment, emulator)
    priced = report(deployment, "--workflow", run, "--tenant", tenant)
    assert priced == door.call("GET", f"/workflows/{run}").json()
    totals = [Decimal(each["total_usd"]) for each in priced["steps"]]
    assert Decimal(priced["total"]["total_usd"]) == sum(totals) > 0
    assert door_of(deployment, "labs").call("GET", f"/workflows/{run}").status_code == 404
    by_workflow = report(deployment, "--by", "workflow", "--since", "1d")["lines"]
    assert {line["workflow"] for line in by_workflow} >= {"trips"}


def test_clients_of_the_protocols_name_the_run_by_headers_and_are_held_to_its_limit(
    deployment: Deployment,
) -> None:
    run, tenant = f"trip-{uuid.uuid4().hex[:8]}", f"headers-{uuid.uuid4().hex[:8]}"
    door = door_of(deployment, tenant)

    def about(step: str, limit: str = "1") -> dict[str, str]:
        parameters = f"step={step}; max_cost_usd={limit}"
        return {"x-faregate-parent": run, "x-faregate-workflow": f"trips; {parameters}"}

    asked: list[Any] = [{"role": "user", "content": f"Name a city of {run}."}]
    with openai_at(door) as gpt, anthropic_at(door) as claude:
        gpt.chat.completions.create(model="SIMPLE", messages=asked, extra_headers=about("plan"))
        claude.messages.create(
            model="SIMPLE", max_tokens=50, messages=asked, extra_headers=about("book")
        )
        with pytest.raises(openai.APIStatusError) as refused:
            gpt.chat.completions.create(
                model="SIMPLE", messages=asked, extra_headers=about("pay", "0.0001")
            )

    assert refused.value.status_code == 402
    tree = report(deployment, "--workflow", run, "--tenant", tenant)
    assert tree["workflow"] == "trips"
    assert [step["step"] for step in tree["steps"]] == ["plan", "book"]
    costs = [Decimal(step["cost_usd"]) for step in tree["steps"]]
    assert Decimal(tree["total"]["cost_usd"]) == sum(costs) > 0


def test_a_run_that_reaches_its_limit_is_refused_the_rest_and_goes_on_with_a_higher_one(
    deployment: Deployment, emulator: Emulator, tell: Tell
) -> None:
    told = tell("run-budget", "room for one step of three", "AnalyzeComplexity > RequestRejected")
    run = f"trip-{uuid.uuid4().hex[:8]}"
    ask(deployment, step(run, "probe", max_cost_usd=1))
    row = emulator.control(f"budget#run:{run}#whole")
    probe = client.trace(deployment, f"{run}-probe").request["reserved_usd"]
    limit = float(Decimal(row["committed_usd"]) + probe * Decimal("1.5"))

    with emulator.stream_off():
        first = ask(deployment, step(run, "plan", max_cost_usd=limit))
        refused = ask(deployment, step(run, "book", max_cost_usd=limit))
        higher = ask(deployment, step(run, "book", max_cost_usd=limit * 4))
        repeated = ask(deployment, step(run, "plan", max_cost_usd=limit * 4))

    assert (first["status"], refused["status"]) == ("SUCCEEDED", "FAILED")
    assert refused["error"] == BudgetExceeded.__name__
    assert "has spent $" in refused["cause"]
    assert higher["status"] == repeated["status"] == "SUCCEEDED"
    assert json.loads(repeated["output"])["repeated"] is True
    names = [f"{run}-{name}" for name in ("probe", "plan", "book")]
    client.wait_until_settled(deployment, names, WAIT)
    assert_sums(deployment, emulator)
    shown = report(deployment, "--workflow", run)
    assert Decimal(emulator.control(f"budget#run:{run}#whole")["committed_usd"]) == Decimal(
        shown["total"]["total_usd"]
    )
    told.rows = "the refused step has none; the others have one each"
    told.money = f"committed ${shown['total']['total_usd']}, as the rows add up"
