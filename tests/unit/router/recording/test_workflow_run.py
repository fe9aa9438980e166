"""A workflow run's own states and functions have a row, priced and added up like any other."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cost_calculator.aws import telemetry
from cost_calculator.aws.items import to_item
from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.cli.reconcile import reconcile_tables
from cost_calculator.contributions import contribution
from cost_calculator.overhead import run_overhead
from cost_calculator.settlement import settle
from cost_calculator.stream import price_records
from router.recording.workflow_run import run_row
from tests.support.cost_rows import PRICED_AT, RATES, record
from tests.support.desk import new_tables
from tests.support.tables import CONTROL, SPEND, USAGE


def row(execution: str = "e-1", **changes: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "status": "SUCCEEDED",
        "at": PRICED_AT,
        "transitions": 12,
        "lambda_ms": [20, 30, 40],
        "lambda_mb": 256,
    }
    return run_row("acme/run-1", "variants", execution, **(facts | changes))


def test_it_costs_its_transitions_its_calls_and_its_row() -> None:
    parts = run_overhead(row(), RATES.aws)

    assert parts["workflow"] == 12 * RATES.aws["states_standard_transition"]
    gb_seconds = Decimal("0.09") / 4
    functions = 3 * RATES.aws["lambda_request"] + gb_seconds * RATES.aws["lambda_gb_second"]
    assert parts["functions"] == functions.quantize(Decimal("1E-12"))
    assert settle(row(), RATES, PRICED_AT)["overhead_usd"] == sum(parts.values())


def test_it_is_no_request_and_no_attempt_in_the_sums() -> None:
    sums = contribution(settle(row(), RATES, PRICED_AT))

    assert set(sums) == {"overhead_usd", "workflow_runs"}


def test_it_is_in_its_workflow_s_cell_and_the_sums_are_those_of_the_rows() -> None:
    client = new_tables()
    store = LedgerStore(client, USAGE, SPEND, CONTROL)  # type: ignore[arg-type]
    rows = [row("e-1"), row("e-2")]
    for each in rows:
        client.put(USAGE, to_item(each))

    price_records([record(each, n) for n, each in enumerate(rows)], store, RATES, PRICED_AT)

    [cell] = store.all_cells()
    assert cell["cell"] == "acme#none#none@variants"
    assert cell["workflow_runs"] == 2
    assert reconcile_tables(store).differences == ()


def test_no_metric_and_no_log_line_takes_it_for_an_attempt(capsys: Any) -> None:
    telemetry.emit_metrics([settle(row(), RATES, PRICED_AT)])

    assert capsys.readouterr().out == ""
