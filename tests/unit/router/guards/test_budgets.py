from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from router.config.settings import Config
from router.config.tenants import InvalidRules, parse_rules
from router.errors import BudgetExceeded, Conflict, StoreUnavailable
from router.guards.budgets import (
    EVERYONE,
    LIMITS_KEY,
    Limits,
    attribute_of,
    budgets_at,
    parse_limits,
)
from tests.fakes.dynamodb import cancelled
from tests.support.desk import Desk, desk, tenant
from tests.support.factories import AT, analyzer, config
from tests.support.tables import CONTROL

DAY, MONTH = "budget#acme#2026-11-21", "budget#acme#2026-11"


def needed(**payload: Any) -> Decimal:
    """Return what one request reserves."""
    free = desk(tenants={"acme": {"budget": {"day_usd": 10**6}}})
    free.ask(**payload)
    reserved: Decimal = free.row()["reserved_usd"]
    return reserved


@pytest.mark.parametrize(
    ("at", "day", "day_ends", "month_ends"),
    [
        ("2026-11-30T23:59:59+00:00", "2026-11-30", "2026-12-01", "2026-12-01"),
        ("2026-12-31T12:00:00+00:00", "2026-12-31", "2027-01-01", "2027-01-01"),
        ("2028-02-28T12:00:00+00:00", "2028-02-28", "2028-02-29", "2028-03-01"),
        ("2026-11-21T01:00:00+02:00", "2026-11-20", "2026-11-21", "2026-12-01"),
    ],
)
def test_a_budget_is_that_of_the_utc_day_and_month(
    at: str, day: str, day_ends: str, month_ends: str
) -> None:
    limits = Limits(Decimal(1), Decimal(20))

    of_day, of_month = budgets_at("acme", limits, {}, datetime.fromisoformat(at))

    assert (of_day.period, of_month.period) == (day, day[:7])
    assert of_day.resets_at == datetime.fromisoformat(day_ends).replace(tzinfo=UTC)
    assert of_month.resets_at == datetime.fromisoformat(month_ends).replace(tzinfo=UTC)


def test_limits_set_at_run_time_stand_before_those_of_the_module_one_by_one() -> None:
    module = Limits(Decimal(1), Decimal(20))
    changes = {attribute_of("acme"): {"day_usd": Decimal(5)}}
    gone = {attribute_of("acme"): {"day_usd": None, "month_usd": None}}

    assert [b.limit_usd for b in budgets_at("acme", module, changes, AT)] == [5, 20]
    assert [b.limit_usd for b in budgets_at("acme", None, changes, AT)] == [5]
    assert budgets_at("acme", module, gone, AT) == []
    assert budgets_at("other", None, changes, AT) == []


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"day": 1}, "unknown `day`"),
        ({"day_usd": -1}, "day_usd must be a number of at least 0"),
        ({"month_usd": "much"}, "month_usd must be a number"),
        ({"soft_share": 1.5}, "soft_share must be above 0 and at most 1"),
    ],
)
def test_limits_that_make_no_sense_are_refused_with_what_to_write(
    data: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        parse_limits(data)
    with pytest.raises(InvalidRules, match=f"tenant acme: budget: {says}"):
        parse_rules({"acme": {"budget": data}})


def test_a_request_reserves_what_all_models_of_its_plan_can_cost() -> None:
    at = tenant(budget={"day_usd": 5, "month_usd": 50})

    plan = at.ask()

    row = at.row()
    assert row["budgets"] == plan["plan"]["record"]["budgets"] == "acme#2026-11-21,acme#2026-11"
    for key in (DAY, MONTH):
        assert at.control[key]["committed_usd"] == row["reserved_usd"]
        assert at.control[key]["reserved_usd"] == row["reserved_usd"]
    # Haiku's 2,048 tokens and Sonnet's 4,096, and less than a cent of workflow and Lambda.
    models = (2048 * Decimal("0.55") + 4096 * Decimal(11)) / 10**6
    assert models < row["reserved_usd"] < models + Decimal("0.004")


def test_without_a_budget_nothing_is_written_and_the_row_names_none() -> None:
    at = tenant(floor="SIMPLE")

    plan = at.ask()

    assert at.control == {}
    assert plan["plan"]["record"]["budgets"] is None
    assert not {"budgets", "reserved_usd"} & set(at.row())


def test_a_model_without_a_price_reserves_at_the_dearest_known() -> None:
    mystery = {"provider": "bedrock", "model": "vendor.unheard-of", "max_tokens": 2048}
    tiers = dict.fromkeys(("SIMPLE", "CALCULATION", "COMPLEX"), mystery)
    at = desk(tiers=tiers, tenants={"acme": {"budget": {"day_usd": 5}}})

    at.ask()

    assert at.row()["reserved_usd"] > 2048 * Decimal(50) / 10**6


def test_where_an_opinion_may_move_the_request_the_dearest_end_and_the_question_count() -> None:
    sure, unsure = (
        desk(tenants={"acme": {"budget": {"day_usd": 5}}}, analyzer=analyzer(strategy))
        for strategy in ("heuristic", "llm")
    )
    sure.label = unsure.label = "CALCULATION"

    sure.ask()
    unsure.ask()  # nobody answers, and the heuristic decides

    complex_alone = needed(tier="COMPLEX")
    assert sure.row()["reserved_usd"] < complex_alone < unsure.row()["reserved_usd"]
    assert unsure.row(item="ATTEMPT#00")["budgets"] == unsure.row()["budgets"]


def test_an_answer_that_must_fit_a_schema_reserves_its_mendings_and_the_stronger_model() -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    mended = needed(response_schema=schema, max_tokens=1000)

    # Haiku and Sonnet once each, and Sonnet twice more with a draft of a thousand tokens to read.
    haiku, sonnet = Decimal("0.00055"), Decimal("0.011")
    draft = 4_000 * Decimal("4.4") / 10**6
    assert mended > haiku + 3 * sonnet + 2 * draft
    assert needed(max_tokens=1000) < haiku + sonnet + Decimal("0.004")


def test_of_a_hundred_requests_with_room_for_ten_ten_run() -> None:
    settings = config(tenants={"acme": {"budget": {"day_usd": float(needed() * 10)}}})
    at = Desk(settings)
    refused = 0
    for number in range(100):
        try:
            at.ask(f"r-{number}")
        except BudgetExceeded:
            refused += 1

    item = at.control[DAY]
    assert refused == 90
    assert item["committed_usd"] == item["reserved_usd"] == needed() * 10
    assert len(at.requests()) == 10


def test_a_used_up_budget_says_what_is_left_of_which_and_when_it_begins_anew() -> None:
    at = tenant(budget={"day_usd": 0.07, "month_usd": 20})
    at.ask("r-1")

    with pytest.raises(BudgetExceeded) as refused:
        at.ask("r-2")

    message = str(refused.value)
    assert f"${Decimal('0.07') - needed():.6f} is left of the $0.07 of tenant acme" in message
    assert "for 2026-11-21" in message
    assert "wait until 2026-11-22T00:00:00.000Z" in message
    assert ("budget_exceeded", 1, "acme") in at.metered


def test_a_request_that_no_budget_could_hold_is_told_so() -> None:
    at = tenant(budget={"month_usd": 0.001})

    with pytest.raises(BudgetExceeded, match="the whole budget of tenant acme for 2026-11 is"):
        at.ask()


def test_the_budget_of_the_deployment_holds_for_all_tenants_together() -> None:
    at = desk(budget={"day_usd": float(needed() * 2)})
    at.ask("r-1", tenant="a")
    at.ask("r-2", tenant="b")

    with pytest.raises(BudgetExceeded, match="of the deployment for 2026-11-21") as refused:
        at.ask("r-3", tenant="c")
    assert at.row("r-1", "a")["budgets"] == "*#2026-11-21"
    assert "$" not in str(refused.value)


def test_a_tenant_learns_nothing_of_the_deployments_money() -> None:
    limit = needed() * 10
    at = desk(label="COMPLEX", budget={"day_usd": float(limit), "soft_share": 0.01})
    at.ask("r-1", tenant="a", tier="SIMPLE")

    reasons = at.ask("r-2", tenant="b")["plan"]["reasons"]
    with pytest.raises(BudgetExceeded) as refused:
        at.ask("r-3", tenant="b", input="x" * 120_000)

    assert any("the deployment" in reason and "nearly used" in reason for reason in reasons)
    for text in (*reasons, str(refused.value)):
        assert not re.search(r"\$|%|\d\.\d", text.replace("2026-11-22T00:00:00.000Z", "")), text


def test_a_retried_analysis_reserves_once_also_when_nothing_is_left() -> None:
    at = tenant(budget={"day_usd": float(needed())})
    first = at.ask("r-1")

    assert at.ask("r-1") == first
    assert at.control[DAY]["committed_usd"] == needed()
    with pytest.raises(BudgetExceeded):
        at.ask("r-2")


def test_the_same_id_in_another_run_is_repeated_or_a_conflict_before_any_budget() -> None:
    at = tenant(budget={"day_usd": float(needed())})
    at.ask("r-1")

    assert at.ask("r-1", run="another")["route"] == "REPEATED"
    with pytest.raises(Conflict):
        at.ask("r-1", run="another", input="something else")


def test_a_new_day_is_a_new_budget() -> None:
    at = tenant(budget={"day_usd": float(needed())})
    at.ask("r-1")
    at.pass_time(24 * 3600)

    at.ask("r-2")

    assert at.row("r-2")["budgets"] == "acme#2026-11-22"


def test_near_its_limit_a_tenants_complex_work_is_served_one_tier_down_and_the_row_says_so() -> (
    None
):
    at = tenant(budget={"day_usd": 5})
    at.label = "COMPLEX"
    at.control[DAY] = {"key": DAY, "committed_usd": Decimal("4.2")}

    plan = at.ask()

    assert plan["route"] == "CALCULATION"
    reason = "84 % of the budget of tenant acme for 2026-11-21 is used: COMPLEX is served one tier"
    assert at.row()["reasons"][0].startswith(reason)
    assert plan["plan"]["complexity"] == "COMPLEX"


@pytest.mark.parametrize(
    ("rules", "label", "tier"),
    [
        ({"floor": "COMPLEX"}, "COMPLEX", "COMPLEX"),
        ({}, "CALCULATION", "CALCULATION"),
        ({}, "SIMPLE", "SIMPLE"),
        ({"ceiling": "SIMPLE"}, "COMPLEX", "SIMPLE"),
    ],
)
def test_a_soft_limit_moves_complex_work_alone_and_no_floor(
    rules: dict[str, Any], label: str, tier: str
) -> None:
    at = tenant(budget={"day_usd": 5, "soft_share": 0.5}, **rules)
    at.label = label
    at.control[DAY] = {"key": DAY, "committed_usd": Decimal("2.5")}

    assert at.ask()["route"] == tier


def test_a_soft_limit_does_not_leave_a_tenant_without_a_model() -> None:
    at = desk(
        "COMPLEX",
        tiers={
            **{n: {"provider": "bedrock", "model": "m", "max_tokens": 9} for n in ("SIMPLE",)},
            "CALCULATION": {"provider": "openai", "model": "m", "max_tokens": 9},
            "COMPLEX": {"provider": "bedrock", "model": "m", "max_tokens": 9},
        },
        tenants={"acme": {"budget": {"day_usd": 5}, "deny_providers": ["openai"]}},
    )
    at.control[DAY] = {"key": DAY, "committed_usd": Decimal("4.5")}

    assert at.ask()["route"] == "COMPLEX"


def test_a_retried_analysis_answers_as_accepted_though_the_soft_limit_was_reached_since() -> None:
    at = tenant(budget={"day_usd": 5})
    at.label = "COMPLEX"
    first = at.ask()
    at.control[DAY] |= {"committed_usd": Decimal("4.5")}

    assert first["route"] == "COMPLEX"
    assert at.ask() == first


def test_a_limit_set_at_run_time_is_known_within_seconds() -> None:
    at = desk()
    at.ask("r-1")
    limits = {"key": LIMITS_KEY, attribute_of("acme"): {"day_usd": Decimal("0.001")}}
    at.control[LIMITS_KEY] = limits
    at.pass_time(5)

    with pytest.raises(BudgetExceeded):
        at.ask("r-2")
    at.ask("r-3", tenant="other")


def test_how_much_is_used_is_told_by_tenant_and_in_all() -> None:
    at = desk(budget={"day_usd": 50}, tenants={"acme": {"budget": {"day_usd": 5, "month_usd": 10}}})
    at.control[DAY] = {"key": DAY, "committed_usd": Decimal(1)}
    at.control[MONTH] = {"key": MONTH, "committed_usd": Decimal(4)}

    at.ask()

    used = {owner: percent for name, percent, owner in at.metered if name == "budget_used_percent"}
    assert used == {"acme": 40.0, EVERYONE: 0.0}


def test_a_budget_that_has_no_room_left_is_told_as_used() -> None:
    at = desk(tenants={"acme": {"budget": {"day_usd": 5}}})
    at.control[DAY] = {"key": DAY, "committed_usd": Decimal("4.9999")}

    with pytest.raises(BudgetExceeded):
        at.ask()

    [(percent, owner)] = [told[1:] for told in at.metered if told[0] == "budget_used_percent"]
    assert owner == "acme"
    assert percent > 100


def without_control(settings: Config) -> Desk:
    """Return a desk whose control table does not answer; the usage table does."""
    at = Desk(settings)
    # What it said a moment ago is known.
    at.memory.read_at = at.at - timedelta(seconds=10)
    del at.client.tables[CONTROL]
    return at


def test_a_control_table_that_does_not_answer_stops_who_has_a_budget_and_nobody_else() -> None:
    settings = config(tenants={"acme": {"budget": {"day_usd": 5}}})

    with pytest.raises(StoreUnavailable):
        without_control(settings).ask()
    free = without_control(settings)
    free.ask(tenant="other")
    assert free.row(tenant="other")["status"] == "ACCEPTED"


def test_where_the_configuration_says_so_the_request_passes_and_its_row_says_so() -> None:
    settings = config(tenants={"acme": {"budget": {"day_usd": 5}}}, on_store_failure="accept")
    at = without_control(settings)

    at.ask()

    row = at.row()
    assert any("accepted without its limits" in reason for reason in row["reasons"])
    # What it costs is still counted, once the table answers again.
    assert row["budgets"] == "acme#2026-11-21"
    assert "reserved_usd" not in row


def test_contention_is_no_reason_to_pass_without_a_reservation() -> None:
    at = desk(tenants={"acme": {"budget": {"day_usd": 5}}}, on_store_failure="accept")

    def contended(operation: str, _when: str) -> None:
        if operation == "TransactWriteItems":
            raise cancelled("None", "TransactionConflict")

    at.client.fault = contended

    with pytest.raises(StoreUnavailable):
        at.ask()
