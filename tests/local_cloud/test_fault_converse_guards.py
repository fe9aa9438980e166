"""Budgets, rates and breakers, where one function carries the run."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from uuid import uuid4

from local import client
from local.deployment import Deployment
from router.guards.breaker import breaker_key
from tests.local_cloud.cloud_control import Emulator, fresh, wait_for
from tests.local_cloud.direct_calls import chat, direct, error_of, settled
from tests.local_cloud.door import door_of
from tests.local_cloud.fault_table import Tell
from tests.local_cloud.simulator import Simulator
from tests.local_cloud.test_fault_guards import assert_sums, budget, charges
from tests.local_cloud.test_faults import HAIKU, SONNET


def test_of_twenty_at_once_with_room_for_five_five_are_answered(
    deployment: Deployment, emulator: Emulator, tell: Tell
) -> None:
    tenant = fresh("racing")
    direct(tell, "31 budget-race", "402 beyond the budget; the same sums")
    door, keys = door_of(deployment, tenant), [uuid4().hex for _ in range(20)]
    free = {tenant: {"budget": {"day_usd": 100.0, "soft_share": 1}}}
    with emulator.configured("converse", tenants=free):
        chat(door, "racing for the last five", key="probe")
        one = settled(deployment, "probe", tenant).request["reserved_usd"]
    before = budget(emulator, tenant)["committed_usd"]
    limit = float(before + one * Decimal("5.5"))
    racing = {tenant: {"budget": {"day_usd": limit, "soft_share": 1}}}
    with (
        emulator.configured("converse", tenants=racing),
        emulator.stream_off(),
        ThreadPoolExecutor(8) as pool,
    ):
        answers = list(pool.map(lambda key: chat(door, "racing for the last five", key), keys))
        held = budget(emulator, tenant)

    passed = [key for key, answer in zip(keys, answers, strict=True) if answer.ok]
    refused = {error_of(answer) for answer in answers if not answer.ok}
    assert (len(passed), refused) == (5, {(402, "BudgetExceeded")})
    assert held["reserved_usd"] == one * 5
    traces = [settled(deployment, key, tenant) for key in passed]
    assert_sums(deployment, emulator)
    after = budget(emulator, tenant)
    assert after["reserved_usd"] == 0
    assert after["committed_usd"] - before == charges(traces) < one * 5


def test_a_caller_that_comes_too_fast_is_told_when_to_come_again(
    deployment: Deployment, emulator: Emulator, tell: Tell
) -> None:
    direct(tell, "rate-limited", "429 with retry-after, at once")
    tenant = fresh("hasty")
    door = door_of(deployment, tenant)
    with emulator.configured("converse", tenants={tenant: {"rate": {"requests": 2}}}):
        answers = [chat(door, f"hasty {number}") for number in range(5)]

    assert [answer.status_code for answer in answers] == [200, 200, 429, 429, 429]
    assert all(int(answer.headers["retry-after"]) > 0 for answer in answers[2:])


def test_a_model_whose_breaker_is_open_is_skipped(
    deployment: Deployment, emulator: Emulator, simulator: Simulator, tell: Tell
) -> None:
    direct(tell, "1 breaker", "skipped while it is open; its throttles are counted too")
    door, key = door_of(deployment, "default"), breaker_key("bedrock", HAIKU)
    quick = {"throttles": 2, "cool_down_seconds": 600}

    def phase() -> str:
        return str(emulator.control(key).get("phase", "CLOSED"))

    simulator.script({"match": {"model": HAIKU}, "count": None, "status": 429})
    try:
        with emulator.settings("watch_models", BREAKER=json.dumps(quick)):
            for number in range(2):
                chat(door, f"throttled until it opens {number} {uuid4()}")
            wait_for(lambda: phase() == "OPEN", "the breaker never opened")

            def model() -> str:
                return chat(door, f"skipped {uuid4()}").headers["x-faregate-model"]

            before = len(simulator.calls())
            wait_for(lambda: model() == SONNET, "the open model was asked on")
            asked = [call["model"] for call in simulator.calls()[before:]]
            assert asked[-1] == SONNET
    finally:
        deployment.client("dynamodb").delete_item(
            TableName=deployment.control_table, Key={"key": {"S": key}}
        )


def test_where_nobody_can_read_the_limits_no_request_is_accepted(
    deployment: Deployment, emulator: Emulator, tell: Tell
) -> None:
    direct(tell, "35 control-down", "503 with retry-after, no row")
    key = uuid4().hex
    with emulator.settings("converse", CONTROL_TABLE="gone"):
        refused = chat(door_of(deployment, "frugal"), "a purse that nobody finds", key)

    assert refused.status_code == 503, refused.text
    assert client.trace(deployment, key, "frugal").request == {}


def test_where_the_configuration_lets_them_pass_their_cost_is_counted_all_the_same(
    deployment: Deployment, emulator: Emulator, tell: Tell
) -> None:
    direct(tell, "31 control-down")
    key, before = uuid4().hex, budget(emulator, "frugal").get("committed_usd", Decimal(0))
    door = door_of(deployment, "frugal")
    with (
        emulator.configured("converse", on_store_failure="accept"),
        emulator.settings("converse", CONTROL_TABLE="gone"),
    ):
        assert chat(door, "let through", key).ok

    traced = settled(deployment, key, "frugal")
    assert any("accepted without its limits" in why for why in traced.request["reasons"])
    assert budget(emulator, "frugal")["committed_usd"] == before + charges([traced])
    assert_sums(deployment, emulator)
