"""Budgets, rate limits and breakers, on real runs of the state machine.

Faults 31 (a hundred requests, room for ten) and 35 (the table of breakers is gone) of the list.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.cli.reconcile import reconcile_tables
from cost_calculator.clock import now
from cost_calculator.reports import partitions
from cost_calculator.row_keys import DEFAULT_TENANT
from local import client
from local.deployment import Deployment
from router.errors import BudgetExceeded
from router.guards.breaker import breaker_key
from tests.local_cloud.cloud_control import Emulator, states_entered, wait_for
from tests.local_cloud.fault_table import Tell
from tests.local_cloud.simulator import Simulator

HAIKU = "us.anthropic.claude-haiku-5-5"
SONNET = "us.anthropic.claude-sonnet-5-5"
WAIT = 90


def start(deployment: Deployment, prompt: str, count: int = 1, **fields: Any) -> list[str]:
    request = {"input": prompt, "tier": "SIMPLE", **fields}
    return client.start(deployment, [request] * count)


def ended(deployment: Deployment, arns: list[str]) -> list[dict[str, Any]]:
    return [client.wait_for_execution(deployment, arn, WAIT) for arn in arns]


def settled(
    deployment: Deployment, arns: list[str], tenant: str = DEFAULT_TENANT
) -> list[client.Traced]:
    names = [arn.rsplit(":", 1)[1] for arn in arns]
    traces = client.wait_until_settled(deployment, names, WAIT, tenant)
    assert all(traced.settled for traced in traces), traces
    return traces


def budget(emulator: Emulator, tenant: str) -> dict[str, Any]:
    return emulator.control(f"budget#{tenant}#{now():%Y-%m-%d}")


def charges(traces: list[client.Traced]) -> Decimal:
    rows = (row for traced in traces for row in (traced.request, *traced.attempts))
    return sum((row["charge_usd"] for row in rows), Decimal(0))


def refusals(deployment: Deployment, tenant: str = "racing") -> int:
    store = LedgerStore(deployment.client("dynamodb"), "-", deployment.spend_table)
    cells = list(store.cells_of_tenant(partitions([f"{now():%Y-%m-%d}"]), tenant))
    assert all(cell["overhead_usd"] > 0 for cell in cells)
    return sum(int(cell.get("refusals", 0)) for cell in cells)


def assert_sums(deployment: Deployment, emulator: Emulator) -> None:
    emulator.drain()
    tables = (deployment.usage_table, deployment.spend_table, deployment.control_table)
    store = LedgerStore(deployment.client("dynamodb"), *tables)
    assert reconcile_tables(store).differences == ()


def test_of_a_hundred_requests_at_once_with_room_for_ten_ten_run(
    deployment: Deployment, emulator: Emulator, tell: Tell
) -> None:
    told = tell("31 budget-race", "100 at once, room for 10", "AnalyzeComplexity > RequestRejected")
    prompt = "racing for the last ten"
    [probe] = settled(deployment, start(deployment, prompt, tenant="frugal"), "frugal")
    one = probe.request["reserved_usd"]
    before = budget(emulator, "racing").get("committed_usd", Decimal(0))
    limit = before + one * Decimal("10.5")
    racing = {"racing": {"budget": {"day_usd": float(limit), "soft_share": 1}}}
    # Nothing is priced meanwhile, so that no reservation is given up for another to take.
    with emulator.configured(tenants=racing), emulator.stream_off():
        arns = start(deployment, prompt, 100, tenant="racing")
        runs = ended(deployment, arns)
        held = budget(emulator, "racing")

    passed = [run["executionArn"] for run in runs if run["status"] == "SUCCEEDED"]
    refused = [run for run in runs if run["status"] == "FAILED"]
    assert (len(passed), len(refused)) == (10, 90)
    assert {run["error"] for run in refused} == {BudgetExceeded.__name__}
    assert "wait until" in refused[0]["cause"]
    assert held["committed_usd"] - before == held["reserved_usd"] == one * 10
    assert client.trace(deployment, refused[0]["name"], "racing").request == {}

    traces = settled(deployment, passed, "racing")
    told.found(traces[0])
    wait_for(lambda: refusals(deployment) == 90, "what was refused is not on the tenant's bill")
    assert_sums(deployment, emulator)
    after = budget(emulator, "racing")
    assert after["reserved_usd"] == 0
    assert after["committed_usd"] - before == charges(traces) < one * 10


def test_a_run_that_dies_gives_its_reservation_back_and_counts_what_may_be_billed(
    deployment: Deployment, emulator: Emulator, simulator: Simulator, tell: Tell
) -> None:
    told = tell("31 reservation-freed", "StopExecution, and analyze's worker dies", "(sweep)")
    prompt = "reserved, and then stopped"
    simulator.script({"match": {"contains": prompt}, "delay_ms": 6000})
    before = budget(emulator, "frugal").get("committed_usd", Decimal(0))
    calls = len(simulator.calls())
    emulator.kill("analyze", after_ms=60_000)
    arns = start(deployment, prompt, tenant="frugal")
    wait_for(lambda: simulator.calls_with(prompt, calls), "the model was never called")

    held = budget(emulator, "frugal")
    deployment.client("stepfunctions").stop_execution(executionArn=arns[0])
    traces = settled(deployment, arns, "frugal")

    told.found(traces[0])
    # The worker of analyze died after accepting, and its second try reserved nothing more.
    assert held["reserved_usd"] == traces[0].request["reserved_usd"]
    after = budget(emulator, "frugal")
    assert after["reserved_usd"] == 0
    assert after["committed_usd"] == before + charges(traces)
    [attempt] = traces[0].attempts
    assert attempt["charge_usd"] >= attempt["upper_estimate_usd"] > 0


def test_who_comes_too_fast_is_waited_for_and_then_told_when_to_come_again(
    deployment: Deployment, emulator: Emulator, tell: Tell
) -> None:
    told = tell("rate-limited", "5 at once, 2 a minute", "AnalyzeComplexity > RequestRejected")
    with emulator.impatient():
        runs = ended(deployment, start(deployment, "hasty", 5, tenant="hasty"))

    passed = [run["executionArn"] for run in runs if run["status"] == "SUCCEEDED"]
    refused = [run for run in runs if run["status"] == "FAILED"]
    told.found(settled(deployment, passed, "hasty")[0])
    assert (len(passed), len(refused)) == (2, 3)
    assert {run["error"] for run in refused} == {"RateLimited"}
    assert "retry after" in refused[0]["cause"]
    assert states_entered(deployment, refused[0]["executionArn"])[-1] == "RequestRejected"


def test_a_model_that_throttles_is_skipped_then_probed_and_asked_again(
    deployment: Deployment, emulator: Emulator, simulator: Simulator, tell: Tell
) -> None:
    told = tell("1 breaker", "a model throttles, then recovers", "skipped > one probe > closed")
    key = breaker_key("bedrock", HAIKU)
    quick = {"throttles": 2, "cool_down_seconds": 2}

    def planned(prompt: str) -> str:
        [traced] = settled(deployment, start(deployment, prompt))
        told.found(traced)
        return str(traced.request["planned_model"])

    def phase() -> str:
        return str(emulator.control(key).get("phase", "CLOSED"))

    with emulator.settings("watch_models", BREAKER=json.dumps(quick)):
        throttled = {"status": 429, "code": "ThrottlingException"}
        simulator.script({"match": {"model": HAIKU}, "count": None, **throttled})
        try:
            ended(deployment, start(deployment, "throttled until it opens", 2))
            wait_for(lambda: phase() == "OPEN", "the breaker never opened")
            wait_for(lambda: planned("skipped") == SONNET, "the open model was asked on")
        finally:
            simulator.clear_script()
        wait_for(lambda: planned("probing") == HAIKU, "nobody probed")
        wait_for(lambda: phase() == "CLOSED", "the probe did not close it")

    assert planned("well again") == HAIKU
    deployment.client("dynamodb").delete_item(
        TableName=deployment.control_table, Key={"key": {"S": key}}
    )


def test_where_nobody_can_read_the_limits_no_request_is_accepted(
    deployment: Deployment, emulator: Emulator, tell: Tell
) -> None:
    told = tell("35 control-down", "analyze's control table is gone", "refused: limits are unknown")
    with emulator.settings("analyze", CONTROL_TABLE="gone"):
        arns = (
            *start(deployment, "may have a limit that was set at run time"),
            *start(deployment, "a purse that nobody finds", tenant="frugal"),
        )
        runs = ended(deployment, list(arns))

    told.rows, told.money = "no row", "nothing"
    for run, tenant in zip(runs, (DEFAULT_TENANT, "frugal"), strict=True):
        assert (run["status"], run["error"]) == ("FAILED", "StoreUnavailable")
        assert client.trace(deployment, run["name"], tenant).request == {}


def test_where_the_configuration_lets_them_pass_their_cost_is_counted_all_the_same(
    deployment: Deployment, emulator: Emulator, tell: Tell
) -> None:
    told = tell("31 control-down", "as 35, on_store_failure = accept", "without its limits")
    before = budget(emulator, "frugal").get("committed_usd", Decimal(0))
    with (
        emulator.configured(on_store_failure="accept"),
        emulator.settings("analyze", CONTROL_TABLE="gone"),
    ):
        arns = start(deployment, "let through", tenant="frugal")
        [traced] = settled(deployment, arns, "frugal")

    told.found(traced)
    assert any("accepted without its limits" in why for why in traced.request["reasons"])
    assert "reserved_usd" not in traced.request
    assert budget(emulator, "frugal")["committed_usd"] == before + charges([traced])
    assert_sums(deployment, emulator)
