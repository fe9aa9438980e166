"""What accepting a step of a workflow writes and reserves, and when it is refused."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from cost_calculator.aws.items import to_item
from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.cli.reconcile import reconcile_tables
from cost_calculator.settlement import settle
from cost_calculator.stream import price_records
from router.errors import BudgetExceeded
from router.guards.budgets import LIMITS_KEY, attribute_of
from router.recording.attempt_rows import attempt_base
from router.recording.facts import RequestFacts
from tests.support.cost_rows import PRICED_AT, RATES, attempt, record
from tests.support.desk import Desk, desk
from tests.support.factories import analyzer
from tests.support.tables import CONTROL, SPEND, USAGE

RUN, WORKFLOW = "budget#run:acme/trip-7#whole", "budget#workflow:trips#2026-11-21"


def step(name: str = "plan", **about: Any) -> dict[str, Any]:
    return {
        "request_id": f"trip-7-{name}",
        "parent_id": "trip-7",
        "workflow": {"name": "trips", "step": name, **about},
    }


def cost_of_a_step() -> Decimal:
    free = desk()
    free.ask(**step(max_cost_usd=1000))
    reserved: Decimal = free.row("trip-7-plan")["reserved_usd"]
    return reserved


def test_the_row_names_the_run_the_workflow_and_the_step() -> None:
    at = desk()

    at.ask(**step())

    row = at.row("trip-7-plan")
    assert (row["parent_id"], row["workflow"], row["step"]) == ("acme/trip-7", "trips", "plan")


def test_a_request_that_is_no_step_has_neither_attributes_nor_a_budget_nor_a_larger_plan() -> None:
    at = desk()

    plan = at.ask()

    assert at.row().keys().isdisjoint({"parent_id", "workflow", "step", "budgets"})
    assert "workflow" not in plan["plan"]["record"]
    assert dict(at.control) == {}


def test_every_call_of_a_step_counts_for_its_workflow() -> None:
    at = Desk(desk(analyzer=analyzer("llm")).config)

    plan = at.ask(**step())

    assert at.row("trip-7-plan", item="ATTEMPT#00")["workflow"] == "trips"
    record = plan["plan"]["record"]
    facts = RequestFacts.from_record("acme/trip-7-plan", "acme", "SIMPLE", record, "arn:1")
    assert attempt_base(facts)["workflow"] == "trips"


def test_a_run_reserves_what_each_step_may_cost_and_refuses_the_rest_with_what_was_spent() -> None:
    one = cost_of_a_step()
    most = float(one * 2)
    at = desk()

    at.ask(**step("plan", max_cost_usd=most))
    at.ask(**step("book", max_cost_usd=most))
    with pytest.raises(BudgetExceeded, match=r"has spent \$0\.00 of its `max_cost_usd`"):
        at.ask(**step("pay", max_cost_usd=most))

    assert at.control[RUN]["committed_usd"] == one * 2
    assert set(at.requests()) == {"acme/trip-7-plan", "acme/trip-7-book"}


def test_the_budget_of_a_run_says_what_its_steps_have_spent() -> None:
    one = cost_of_a_step()
    at = desk()
    spent = one / 4
    at.control[RUN] = {"committed_usd": spent, "reserved_usd": Decimal(0)}

    with pytest.raises(BudgetExceeded) as refused:
        at.ask(**step("pay", max_cost_usd=float(one)))

    assert f"has spent ${spent:.6f} of its `max_cost_usd` of" in str(refused.value)
    assert "raise `max_cost_usd`" in str(refused.value)


def test_a_repeated_step_takes_nothing_from_the_budget_of_its_run() -> None:
    one = float(cost_of_a_step())
    at = desk()

    at.ask(**step(max_cost_usd=one))
    again = at.ask(run="another run", **step(max_cost_usd=one))

    assert again["route"] == "REPEATED"


def test_a_run_that_reached_its_limit_goes_on_with_a_higher_one() -> None:
    one = float(cost_of_a_step())
    at = desk()
    at.ask(**step("plan", max_cost_usd=one))
    with pytest.raises(BudgetExceeded):
        at.ask(**step("book", max_cost_usd=one))

    assert at.ask(run="second", **step("plan", max_cost_usd=3 * one))["route"] == "REPEATED"
    assert at.ask(**step("book", max_cost_usd=3 * one))["route"] == "SIMPLE"


def test_runs_have_no_series_of_metrics_of_their_own() -> None:
    one = cost_of_a_step()
    at = desk()
    at.ask(**step(max_cost_usd=float(one)))
    with pytest.raises(BudgetExceeded):
        at.ask(**step("pay", max_cost_usd=float(one)))

    assert at.metered == []


def test_a_workflow_has_a_budget_whichever_tenant_runs_it() -> None:
    at = desk(workflow_budgets={"trips": {"day_usd": 0.000001}})

    with pytest.raises(BudgetExceeded, match="budget of the workflow trips for 2026-11-21") as no:
        at.ask(**step())

    assert "$" not in str(no.value)  # other tenants spend it too
    assert at.ask("r-1")["route"] == "SIMPLE"
    assert [metric[2] for metric in at.metered] == ["workflow:trips"] * 2


def test_a_workflow_s_budget_can_be_set_at_run_time() -> None:
    at = desk()
    at.control[LIMITS_KEY] = {attribute_of("workflow:trips"): {"day_usd": Decimal(5)}}

    at.ask(**step())

    assert at.control[WORKFLOW]["limit_usd"] == 5


def test_what_a_run_has_committed_is_what_its_rows_add_up_to() -> None:
    """Reserved, charged and recomputed from the rows: three ways, one amount."""
    at = desk()
    at.ask(**step(max_cost_usd=1))
    row = at.row("trip-7-plan") | {
        "status": "SUCCEEDED", "ended_at": PRICED_AT, "tier": "SIMPLE", "attempts": 1,
        "cost_status": "PENDING",
    }  # fmt: skip
    call = attempt("acme/trip-7-plan", tenant="acme", budgets=row["budgets"], workflow="trips")
    store = LedgerStore(at.client, USAGE, SPEND, CONTROL)
    for each in (row, call):
        at.client.put(USAGE, to_item(each))
    price_records([record(call), record(row, 2)], store, RATES, PRICED_AT)

    priced = [settle(each, RATES, PRICED_AT) for each in (row, call)]
    assert at.control[RUN]["committed_usd"] == sum(each["charge_usd"] for each in priced)
    assert at.control[RUN]["reserved_usd"] == 0
    assert reconcile_tables(store).differences == ()
    cells = {cell["cell"] for cell in store.all_cells()}
    assert {cell.rpartition("#")[2] for cell in cells} == {"SIMPLE@trips"}


def test_the_stored_request_holds_its_place_so_that_it_can_be_run_again() -> None:
    at = desk()

    at.ask(**step(max_cost_usd=1))

    options = json.loads(at.row("trip-7-plan", item="CONTENT")["options"])
    assert options["parent_id"] == "trip-7"
    assert options["workflow"]["max_cost_usd"] == 1
