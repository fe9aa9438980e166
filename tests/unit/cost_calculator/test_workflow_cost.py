"""A workflow run costs what its steps cost, and no unknown cost is 0."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from cost_calculator.__main__ import main
from cost_calculator.aws.items import to_item
from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.aws.workflow_rows import WorkflowRows
from cost_calculator.cells import Cell
from cost_calculator.cli.workflow_tree import as_text
from cost_calculator.contributions import add
from cost_calculator.reports import roll_up
from cost_calculator.settlement import settle
from cost_calculator.stream import price_records
from cost_calculator.workflow_cost import TooManySteps, read_run
from cost_calculator.workflow_figures import run_as_json
from tests.support.cost_rows import PRICED_AT, RATES, SONNET, attempt, record, request
from tests.support.tables import USAGE

OPTIONS = ["--usage-table", USAGE]
Row = dict[str, Any]
_settle = partial(settle, rates=RATES, priced_at=PRICED_AT)


def step(name: str, parent: str = "run-1", at: int = 0, **changes: Any) -> list[Row]:
    """Return the rows of one step: its request and its call."""
    place = {"parent_id": parent, "workflow": "trips", "step": name}
    call = changes.pop("call", {})
    row = request(name, accepted_at=f"2026-11-21T10:00:0{at}.000Z", **place, **changes)
    return [row, attempt(name, workflow="trips", **call)]


class Table:
    """Rows in memory."""

    def __init__(self, *steps: list[Row]) -> None:
        self.rows: dict[str, dict[str, Row]] = {}
        for row in (row for rows in steps for row in rows):
            self.rows.setdefault(row["request_id"], {})[row["item"]] = row

    def steps_of(self, parent: str) -> list[str]:
        return [
            k
            for k, items in self.rows.items()
            if items.get("REQUEST", {}).get("parent_id") == parent
        ]

    def rows_of(self, key: str) -> Mapping[str, Row]:
        return self.rows.get(key, {})


def test_a_run_is_the_sum_of_its_steps_priced_or_not_yet() -> None:
    priced = [dict(_settle(row)) for row in step("plan")]
    waiting = step("book", call={"model": SONNET})

    run = read_run("run-1", Table(priced, waiting), _settle)

    assert run is not None
    rows = [*priced, *map(_settle, waiting)]
    assert run.total["cost_usd"] == sum(row["cost_usd"] for row in rows if "cost_usd" in row)
    assert run.total["overhead_usd"] == sum(row["overhead_usd"] for row in rows)
    assert [item.name for item in run.steps] == ["plan", "book"]
    assert (run.workflow, run.pending) == ("trips", 0)


def test_failed_repeated_and_reviewed_steps_are_in_it() -> None:
    failed = step("plan", status="FAILED", attempts=2, model=None)
    failed.append(attempt("plan", number=2, workflow="trips"))
    waits = step("book", status="PENDING_REVIEW", cost_status=None, queue=None)[:1]

    run = read_run("run-1", Table(failed, waits), _settle)

    assert run is not None
    assert run.total["attempts"] == 2
    assert [item.status for item in run.steps] == ["FAILED", "PENDING_REVIEW"]
    assert run.pending == 1


def own(execution: str, status: str, **facts: Any) -> Row:
    """Return the row of an execution of one of the module's workflows."""
    row = {"request_id": "run-1", "item": f"WORKFLOW#{execution}", "tenant": "default"}
    return row | {"tier": "none", "workflow": "rag", "status": status, **facts}


def test_a_run_has_the_status_of_its_last_execution_with_its_reason() -> None:
    ends = {"ended_at": PRICED_AT, "cost_status": "PENDING", "transitions": 3}
    first = own("e-1", "FAILED", started_at="2026-11-21T10:00:00.000Z", cause="Boom", **ends)
    last = own("e-2", "ABORTED", started_at="2026-11-21T11:00:00.000Z", cause="Aborted", **ends)

    run = read_run("run-1", Table([last, first]), _settle)

    assert run is not None
    shown = run_as_json(run)
    assert (shown["status"], shown["cause"]) == ("ABORTED", "Aborted")
    assert run.own["workflow_runs"] == 2
    assert "ABORTED (Aborted)" in as_text(run).splitlines()[1]


def test_the_executions_of_its_groups_cost_and_are_no_runs_of_their_own() -> None:
    ends = {"ended_at": PRICED_AT, "cost_status": "PENDING", "transitions": 3}
    whole = own("e-1", "RUNNING", started_at="2026-11-21T10:00:00.000Z")
    group = own("e-2", "SUCCEEDED", started_at="2026-11-21T11:00:00.000Z", group=51, **ends)

    run = read_run("run-1", Table([whole, group]), _settle)

    assert run is not None
    assert (run.status, run.pending) == ("RUNNING", 1)
    assert run.own["overhead_usd"] > 0
    assert "workflow_runs" not in run.own


def test_a_run_that_goes_on_is_said_to_and_has_more_to_come() -> None:
    run = read_run("run-1", Table([own("e-1", "RUNNING", started_at=PRICED_AT)]), _settle)

    assert run is not None
    assert (run.status, run.pending, run.own) == ("RUNNING", 1, {})
    assert "there is more to come" in as_text(run)


def test_a_step_whose_cost_is_not_known_leaves_a_gap_and_no_zero() -> None:
    unknown = step("plan", call={"outcome": "UNKNOWN", "usage": None, "served": False})

    run = read_run("run-1", Table(unknown), _settle)

    assert run is not None
    assert "cost_usd" not in run.total
    assert run.total["unknown"] == 1


def test_a_run_within_a_run_counts_once_in_both() -> None:
    outer, inner = step("agent"), step("worker", parent="agent")

    run = read_run("run-1", Table(outer, inner), _settle)

    assert run is not None
    [agent] = run.steps
    assert [item.name for item in agent.steps] == ["worker"]
    assert run.total == add([agent.sums, agent.steps[0].sums]) == agent.total


def test_rows_that_name_each_other_as_parent_end() -> None:
    run = read_run("b", Table(step("a", parent="b"), step("b", parent="a")), _settle)

    assert run is not None


def test_nobody_s_parent_is_no_run_and_a_long_one_is_refused_where_a_caller_waits() -> None:
    steps = [step(f"s-{n}") for n in range(4)]

    assert read_run("other", Table(*steps), _settle) is None
    with pytest.raises(TooManySteps):
        read_run("run-1", Table(*steps), _settle, most=3)


@pytest.fixture
def two_runs(dynamodb: Any, store: LedgerStore) -> list[Row]:
    rows = [*step("book", at=2), *step("plan", at=1), *step("other", parent="run-2")]
    rows += [request("alone"), attempt("alone")]
    for row in rows:
        dynamodb.put_item(TableName=USAGE, Item=to_item(row))
    price_records([record(row, n) for n, row in enumerate(rows)], store, RATES, PRICED_AT)
    return rows


def test_the_table_gives_a_run_s_steps_oldest_first(two_runs: list[Row], dynamodb: Any) -> None:
    rows = WorkflowRows(dynamodb, USAGE)

    assert list(rows.steps_of("run-1")) == ["plan", "book"]
    assert set(rows.rows_of("plan")) == {"REQUEST", "ATTEMPT#01"}


def test_the_report_is_a_tree_whose_total_is_that_of_the_rows(
    two_runs: list[Row], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "--workflow", "run-1", *OPTIONS]) == 0
    text = capsys.readouterr().out
    assert main(["report", "--workflow", "run-1", "--json", *OPTIONS]) == 0
    found = json.loads(capsys.readouterr().out)

    assert text.index("├─ plan") < text.index("└─ book") < text.index("\ntotal")
    expected = sum(_settle(row).get("cost_usd", 0) for row in two_runs[:4])
    assert Decimal(found["total"]["cost_usd"]) == expected
    assert [item["step"] for item in found["steps"]] == ["plan", "book"]


def test_a_run_that_nobody_named_is_an_error_with_what_to_write(
    two_runs: list[Row], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="no request names nothing as its parent_id"):
        main(["report", "--workflow", "nothing", *OPTIONS])
    for words in (["--workflow", "run-1", "--csv"], ["--tenant", "acme"]):
        with pytest.raises(SystemExit):
            main(["report", *words, *OPTIONS])


def test_sums_by_workflow_hold_every_step_once(two_runs: list[Row], store: LedgerStore) -> None:
    lines = roll_up(store.all_cells(), "workflow").lines

    assert {name: int(sums["requests"]) for name, sums in lines.items()} == {"trips": 3, "none": 1}


@pytest.mark.parametrize("model", ["us.anthropic.claude", "at@model", "none"])
@pytest.mark.parametrize("workflow", ["trips", None])
def test_a_cell_says_what_it_is_about(model: str, workflow: str | None) -> None:
    row = request(model=model, tenant="a@b", **({"workflow": workflow} if workflow else {}))

    parts = Cell.of(row).parts

    assert parts == ("2026-11-21", "a@b", model, "SIMPLE", workflow or "none", "none")


def test_only_a_step_pays_for_the_index_of_steps() -> None:
    alone = _settle(request())["overhead_usd"]
    of_a_run = _settle(request(parent_id="run-1"))["overhead_usd"]

    assert of_a_run - alone == RATES.aws["dynamodb_write_unit"]
