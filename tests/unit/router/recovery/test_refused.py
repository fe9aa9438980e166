"""A run that was refused before it was accepted is on AWS's bill: it has a row, and a sum."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from cost_calculator.aws.items import to_item
from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.cli.reconcile import reconcile_tables
from cost_calculator.stream import price_records
from router.recovery.close import EndedRun
from router.recovery.refused import refused_row
from tests.support.cost_rows import PRICED_AT, RATES, record
from tests.support.desk import new_tables
from tests.support.factories import AT, accepted
from tests.support.tables import CONTROL, SPEND, USAGE

ARN = "arn:aws:states:us-east-1:000000000000:execution:faregate:r-1-abc"


def event(kind: str, ms: int, **details: Any) -> dict[str, Any]:
    return {"type": kind, "timestamp": AT + timedelta(milliseconds=ms), **details}


def entered(name: str, ms: int) -> dict[str, Any]:
    return event("TaskStateEntered", ms, stateEnteredEventDetails={"name": name})


TRIED = (event("TaskScheduled", 10), event("TaskFailed", 50))
REFUSED = (entered("AnalyzeComplexity", 5), *TRIED, event("FailStateEntered", 55))


def ended(*history: dict[str, Any]) -> EndedRun:
    return EndedRun(ARN, "BudgetExceeded", PRICED_AT, list(history))


def test_its_states_and_each_try_of_the_analysis_are_counted() -> None:
    again = (event("TaskScheduled", 60), event("TaskFailed", 90))
    retried = (*REFUSED[:-1], *again, REFUSED[-1])

    row = refused_row("acme/r-1", {}, ended(*retried), 20, 512)

    assert row is not None
    assert (row["tenant"], row["cause"], row["tier"]) == ("acme", "BudgetExceeded", "none")
    assert row["transitions"] == 3
    assert row["lambda_ms"] == [40, 30, 20]


def test_it_takes_no_place_among_the_rows_of_any_request() -> None:
    row = refused_row("acme/r-1", {}, ended(*REFUSED), 20, 512)

    assert row is not None
    assert row["request_id"] == "REFUSED#r-1-abc"


@pytest.mark.parametrize(
    ("rows", "run"),
    [
        ({"REQUEST": accepted(execution_arn=ARN)}, ended(*REFUSED)),
        ({}, ended(*REFUSED[:2], event("TaskSucceeded", 50))),
        ({}, dataclasses.replace(ended(), history=None)),
    ],
    ids=["accepted, and died in the same try", "accepted, and run again since", "no history"],
)
def test_a_run_that_was_accepted_or_cannot_be_looked_up_is_no_refusal(
    rows: dict[str, Any], run: EndedRun
) -> None:
    assert refused_row("acme/r-1", rows, run, 20, 512) is None


def test_a_run_that_conflicts_with_another_ones_request_is_a_refusal() -> None:
    rows = {"REQUEST": accepted(execution_arn="arn:another")}

    assert refused_row("acme/r-1", rows, ended(*REFUSED), 20, 512) is not None


def test_its_cost_is_summed_under_its_tenant_and_the_sums_are_those_of_the_rows() -> None:
    client = new_tables()
    store = LedgerStore(client, USAGE, SPEND, CONTROL)  # type: ignore[arg-type]
    row = refused_row("acme/r-1", {}, ended(*REFUSED), 20, 512)
    assert row is not None
    client.put(USAGE, to_item(row))

    price_records([record(row, 1)], store, RATES, PRICED_AT)

    [cell] = store.all_cells()
    assert cell["cell"] == "acme#none#none"
    assert cell["refusals"] == 1
    assert cell["overhead_usd"] > 2 * RATES.aws["states_standard_transition"]
    assert "requests" not in cell
    assert reconcile_tables(store).differences == ()
