"""A failed request is run again under its own id: accepted once more, started once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from cost_calculator.aws.items import to_item
from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.row_keys import key_of
from cost_calculator.rows import Row
from router.acceptance.accept import accept
from router.acceptance.ports import Execution
from router.errors import BudgetExceeded, StoreUnavailable
from router.executions.names import execution_name
from router.executions.run import NoSuchRun, Run
from router.intake.identity import payload_hash
from router.operations.rerun import failed_for, run_again
from router.recovery.close import EndedRun, close_request
from tests.support.dependencies import accept_store, dependencies
from tests.support.factories import AT, SONNET, accepted, config
from tests.unit.router.recovery.test_close import (
    ENDED,
    called,
    entered,
    failed,
    run,
    scheduled,
    silent,
)
from tests.unit.router.recovery.test_close import Memory as MemoryStore

PAYLOAD = {"input": "What is the capital of France?", "tenant": "acme", "max_tokens": 99}
ID = "mine"
KEY = key_of("acme", ID)
MINE = key_of("acme", "r-1")


def name_of(request_id: str = "r-1", run: int = 2, turn: int = 0) -> str:
    return execution_name("acme", request_id, run, turn)


class Table:
    """The tables, and what happens to one request on them."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.store = accept_store(client)

    def analyze(self, run_number: int, payload: Any = None, **changes: Any) -> dict[str, Any]:
        given = {**PAYLOAD, "request_id": ID} if payload is None else payload
        if run_number > 1:
            given = {**given, "rerun": run_number}
        execution = Execution(f"arn:run-{run_number}", "n")
        return accept(given, execution, config(**changes), dependencies(self.store))

    def fail(self, cause: str = "Throttled", **changes: Any) -> None:
        """End the request's present run as record_outcome would, and price it."""
        request = self.store.rows_of(KEY)["REQUEST"]
        arn = request["execution_arn"]
        ended = EndedRun(arn, cause, ENDED, [entered("InvokeHaiku"), scheduled()])
        assert close_request(self.store, KEY, ended, silent)
        row = self.store.rows_of(KEY)["REQUEST"]
        priced = {**row, "cost_status": "PRICED", "overhead_usd": Decimal("0.0001"), **changes}
        for gone in ("queue", "queued_at"):
            del priced[gone]
        self.client.put_item(TableName="usage", Item=to_item(priced))

    def row(self) -> Row:
        return self.store.rows_of(KEY)["REQUEST"]


@pytest.fixture
def table(dynamodb: Any) -> Table:
    return Table(dynamodb)


class Runs:
    """The state machine, in memory."""

    def __init__(self, **inputs: str) -> None:
        self.inputs = inputs
        self.started: dict[str, str] = {}
        self.ended: set[str] = set()

    def input_of(self, execution_arn: str) -> str | None:
        return self.inputs.get(execution_arn)

    def start(self, name: str, payload: str) -> Run | None:
        if name in self.ended or self.started.get(name, payload) != payload:
            return self.describe(name)
        self.started[name] = payload
        return None

    def describe(self, name: str) -> Run:
        if name not in self.started:
            raise NoSuchRun("ExecutionDoesNotExist")
        return Run("FAILED" if name in self.ended else "RUNNING", self.started[name])


def test_the_next_run_of_a_failed_request_owns_its_row_and_counts_on(table: Table) -> None:
    table.analyze(1)
    table.fail()

    plan = table.analyze(2)

    assert plan["route"] == "SIMPLE"
    assert plan["plan"]["record"]["earlier_attempts"] == 1
    row = table.row()
    assert (row["status"], row["execution_arn"], row["runs"]) == ("ACCEPTED", "arn:run-2", 2)
    assert row["earlier_overhead_usd"] == Decimal("0.0001")
    assert not {"cause", "cost_status", "ended_at", "attempts"} & row.keys()
    assert row["queue"].startswith("ACCEPTED#")
    assert set(table.store.rows_of(KEY)) == {"REQUEST", "ATTEMPT#01", "CONTENT"}


def test_what_the_failure_added_to_the_sums_is_taken_back(table: Table) -> None:
    table.analyze(1)
    table.fail()

    table.analyze(2)

    [cell] = LedgerStore(table.client, "usage", "spend").all_cells()
    assert (cell["requests"], cell["failures"]) == (-1, -1)  # nothing was added in this test
    assert cell["overhead_usd"] == Decimal("-0.0001")


def test_a_repeated_analysis_of_the_next_run_opens_the_request_once(table: Table) -> None:
    table.analyze(1)
    table.fail()

    assert table.analyze(2) == table.analyze(2)
    [cell] = LedgerStore(table.client, "usage", "spend").all_cells()
    assert cell["requests"] == -1


def test_a_run_that_is_not_the_next_one_is_answered_from_the_rows(table: Table) -> None:
    table.analyze(1)
    assert table.analyze(2)["route"] == "REPEATED"  # it still runs
    table.fail()
    table.analyze(2)
    table.fail()

    again = {**PAYLOAD, "request_id": ID, "rerun": 2}
    assert table.analyze(1, again)["route"] == "REPEATED"
    assert table.row()["status"] == "FAILED"
    assert table.analyze(3)["plan"]["record"]["earlier_attempts"] == 2


def test_an_answered_request_is_never_run_again(table: Table) -> None:
    table.analyze(1)
    table.fail(status="SUCCEEDED")

    assert table.analyze(2)["route"] == "REPEATED"


def test_a_failure_that_is_not_in_the_sums_yet_is_tried_again_later(table: Table) -> None:
    table.analyze(1)
    table.fail(cost_status="PENDING")

    with pytest.raises(StoreUnavailable, match="in a minute"):
        table.analyze(2)
    assert table.row()["status"] == "FAILED"


def test_the_attempts_of_a_next_run_that_dies_are_numbered_on(table: Table) -> None:
    table.analyze(1)
    table.fail()
    table.analyze(2)
    table.fail()

    rows = table.store.rows_of(KEY)
    assert {"ATTEMPT#01", "ATTEMPT#02"} <= rows.keys()
    assert rows["REQUEST"]["attempts"] == 2


def test_the_text_is_stored_anew_so_that_it_outlives_the_next_run(table: Table) -> None:
    table.analyze(1)
    table.fail()
    key = {"request_id": {"S": KEY}, "item": {"S": "CONTENT"}}
    table.client.delete_item(TableName="usage", Key=key)

    table.analyze(2)

    assert "capital of France" in table.store.rows_of(KEY)["CONTENT"]["input"]


def failed_rows(content: bool = True, **changes: Any) -> MemoryStore:
    row = accepted(status="FAILED", cost_status="PRICED", payload_hash=payload_hash(PAYLOAD))
    row |= {"request_id": MINE, "tenant": "acme"}
    memory = MemoryStore(row | changes)
    text = {"messages": [{"role": "user", "content": PAYLOAD["input"]}], "system": None}
    options = {"tenant": "acme", "max_tokens": 99}
    stored = {"input": json.dumps(text), "options": json.dumps(options)}
    rows = {"REQUEST": memory.requests[MINE]} | ({"CONTENT": stored} if content else {})
    memory.rows_of = lambda _id: rows  # type: ignore[method-assign]
    return memory


def test_a_run_is_started_by_name_with_the_payload_of_the_first() -> None:
    runs = Runs(**{"arn:run-1": json.dumps(PAYLOAD)})

    outcome = run_again(MINE, failed_rows(), runs)

    assert (outcome.started, outcome.source) == (name_of(), "execution")
    started = json.loads(runs.started[name_of()])
    assert started == {**PAYLOAD, "request_id": "r-1", "rerun": 2}


def test_what_was_forgotten_is_not_run_again_though_its_history_has_the_text() -> None:
    runs = Runs(**{"arn:run-1": json.dumps(PAYLOAD)})

    outcome = run_again(MINE, failed_rows(forgotten_at=ENDED), runs)

    assert "removed on demand" in outcome.reason
    assert runs.started == {}


def test_without_a_history_the_stored_text_is_run() -> None:
    runs = Runs()

    outcome = run_again(MINE, failed_rows(), runs)

    assert outcome.source == "stored text"
    assert json.loads(runs.started[name_of()])["input"] == PAYLOAD["input"]


def test_where_neither_is_left_it_says_so_and_starts_nothing() -> None:
    runs = Runs()

    outcome = run_again(MINE, failed_rows(content=False), runs)

    assert "what it asked is gone" in outcome.reason
    assert runs.started == {}


def test_text_that_was_altered_is_not_passed_off_as_what_was_asked() -> None:
    runs = Runs()

    outcome = run_again(MINE, failed_rows(payload_hash="of a text with NUL in it"), runs)

    assert "what it asked is gone" in outcome.reason


def test_running_it_twice_starts_nothing_twice() -> None:
    runs = Runs(**{"arn:run-1": json.dumps(PAYLOAD)})
    store = failed_rows()

    run_again(MINE, store, runs)
    run_again(MINE, store, runs)
    assert list(runs.started) == [name_of()]

    # It ended, and failed once more under its own name: that is the second run, not a third.
    runs.ended.add(name_of())
    rows = store.rows_of(MINE)
    first, calls = rows["REQUEST"], 0

    def now(_id: str) -> dict[str, Row]:
        nonlocal calls
        calls += 1
        return rows if calls == 1 else rows | {"REQUEST": first | {"runs": 2}}

    store.rows_of = now  # type: ignore[method-assign]
    assert f"it was run again as {name_of()}" in run_again(MINE, store, runs).reason
    assert list(runs.started) == [name_of()]


def test_a_run_that_was_refused_leaves_its_number_to_the_next() -> None:
    runs = Runs(**{"arn:run-1": json.dumps(PAYLOAD)})
    run_again(MINE, failed_rows(), runs)
    runs.ended.add(name_of())

    outcome = run_again(MINE, failed_rows(), runs)

    assert outcome.started == name_of(turn=1)
    assert json.loads(runs.started[outcome.started])["rerun"] == 2


def test_no_other_request_takes_the_name_of_a_next_run() -> None:
    """H05: `POST` with the id `r-1-r2` took it, and `rerun` said "started" without a run."""
    runs = Runs(**{"arn:run-1": json.dumps(PAYLOAD)})
    for tenant, request_id in (("acme", "r-1-r2"), ("other", "r-1"), ("other", "r-1-r2")):
        body = {"input": "mine", "tenant": tenant, "request_id": request_id}
        runs.start(execution_name(tenant, request_id), json.dumps(body))

    outcome = run_again(MINE, failed_rows(), runs)

    assert outcome.started == name_of()
    assert json.loads(runs.started[name_of()])["input"] == PAYLOAD["input"]


@pytest.mark.parametrize("status", ["RUNNING", "FAILED"])
def test_a_run_of_that_name_with_another_input_is_not_passed_off_as_the_rerun(status: str) -> None:
    runs = Runs(**{"arn:run-1": json.dumps(PAYLOAD)})
    runs.start(name_of(), json.dumps({**PAYLOAD, "request_id": "r-1", "input": "another"}))
    runs.ended |= {name_of()} if status == "FAILED" else set()

    outcome = run_again(MINE, failed_rows(), runs)

    assert (outcome.started, len(runs.started)) == ("", 1)
    assert "taken by another" in outcome.reason


@pytest.mark.parametrize(
    ("row", "cause", "meant"),
    [
        ({"status": "FAILED", "cause": "Throttled"}, None, True),
        ({"status": "FAILED", "cause": "Throttled"}, "THROTTLED", True),
        ({"status": "FAILED", "cause": "Throttled"}, "throttled", True),
        ({"status": "FAILED", "cause": "Lambda.TooManyRequestsException"}, "THROTTLED", True),
        ({"status": "FAILED", "cause": "Overloaded"}, "THROTTLED", False),
        ({"status": "FAILED", "cause": "States.Http.Socket"}, "UNKNOWN", True),
        ({"status": "FAILED", "cause": "Aborted"}, "UNKNOWN", False),
        ({"status": "FAILED", "cause": "Aborted"}, "Aborted", True),
        ({"status": "BLOCKED", "cause": "Blocked"}, None, False),
        ({"status": "BLOCKED", "cause": "Blocked"}, "Blocked", True),
        ({"status": "SUCCEEDED"}, "Throttled", False),
        ({"status": "ACCEPTED"}, None, False),
    ],
)
def test_requests_are_found_by_cause_or_outcome(
    row: Mapping[str, Any], cause: str | None, meant: bool
) -> None:
    assert failed_for(dict(row), cause) is meant


def redriven() -> list[dict[str, Any]]:
    return [
        entered("InvokeHaiku"),
        scheduled(),
        {"type": "ExecutionTimedOut", "timestamp": AT},
        {"type": "ExecutionRedriven", "timestamp": AT},
        scheduled(),
        failed("States.Timeout"),
        entered("InvokeModel"),
        called(SONNET),
    ]


def test_calls_that_a_redriven_run_made_after_its_request_was_closed_are_kept() -> None:
    store = MemoryStore(accepted(status="FAILED", attempts=1))
    rows = {"REQUEST": store.requests["r-1"], "ATTEMPT#01": {}}
    store.rows_of = lambda _id: rows  # type: ignore[method-assign]

    assert not close_request(store, "r-1", run(*redriven()), silent)

    [(changes, attempts)] = store.closed
    assert changes == {"attempts": 3}  # the request stays closed, as it was
    assert [(row["item"], row["outcome"]) for row in attempts] == [
        ("ATTEMPT#02", "UNKNOWN"),
        ("ATTEMPT#03", "UNKNOWN"),
    ]


def test_a_closed_request_whose_run_was_not_redriven_stays_as_it_is() -> None:
    store = MemoryStore(accepted(status="FAILED", attempts=0))

    assert not close_request(store, "r-1", run(entered("InvokeHaiku"), scheduled()), silent)
    assert store.closed == []


def committed(table: Table, name: str) -> Decimal:
    key = {"key": {"S": f"budget#{name}"}}
    found = table.client.get_item(TableName="control", Key=key).get("Item", {})
    return Decimal(found.get("committed_usd", {"N": "0"})["N"])


def test_a_rerun_gives_back_what_the_failed_run_charged_and_reserves_anew(table: Table) -> None:
    tenants = {"acme": {"budget": {"day_usd": 5, "month_usd": 9}}}
    table.analyze(1, tenants=tenants)
    reserved = table.row()["reserved_usd"]
    table.fail(charge_usd=Decimal("0.0001"), reserved_usd=Decimal(0))
    # Pricing released the reservation and charged the row, as the ledger does.
    charged = {"committed_usd": Decimal("0.0001"), "reserved_usd": Decimal(0)}
    for name in table.row()["budgets"].split(","):
        table.client.put_item(
            TableName="control", Item=to_item({"key": f"budget#{name}", **charged})
        )

    table.analyze(2, tenants=tenants)

    assert table.row()["reserved_usd"] == reserved > 0
    for name in table.row()["budgets"].split(","):
        assert committed(table, name) == reserved


def test_a_rerun_for_which_no_budget_has_room_leaves_the_failed_row_as_it_is(table: Table) -> None:
    table.analyze(1)
    table.fail()
    before = table.row()

    with pytest.raises(BudgetExceeded):
        table.analyze(2, tenants={"acme": {"budget": {"day_usd": "0.000001"}}})

    assert table.row() == before
